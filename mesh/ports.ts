import type { ShardBooks, Tally } from './books.ts';
import type { DeadLetterEntry, DeadLetterPage, DeadLetterQuery } from './dead-letters/query.ts';
import type { RedriveOrder, RedriveOutcome } from './dead-letters/redrive.ts';
import type { LedgerPage, LedgerQuery, LedgerRecord } from './ledger.ts';
import type { LaneMessage, LaneStatus } from './lane.ts';
import type { ReplayOrder, ReplayOutcome, ReplayStatus } from './replay/replay.ts';
import type { DeliveryOutcome } from './publish/outcome.ts';
import type { SecondQueue, Snapshot } from './snapshot.ts';
import type { EventPage, EventQuery, WaitingDeliveries } from './trace/query.ts';

/**
 * What a platform must provide. Each port has the fewest methods that every platform can keep; one conformance suite
 * per port (`test/conformance/`) runs on every adapter.
 */

/** The most that a document takes as JSON text, in UTF-8 bytes: D1 keeps a row below 2,000,000, DynamoDB would need parts. */
export const documentMaxBytes = 1_900_000;

/** Versioned JSON documents by key. Single-document conditional writes only; keys are `/`-separated ASCII. */
export interface Documents {
  get(key: string): Promise<StoredDocument | undefined>;
  /**
   * Stores `value` and answers the new version, which only ever grows for a key, also over a delete.
   * `expectedVersion`: a number is compared (0 = the document must not exist), `undefined` writes whatever is there.
   * @throws TulleError `version_conflict` when the present version is another, `too_large` above `documentMaxBytes`.
   */
  put(key: string, value: unknown, expectedVersion?: number): Promise<number>;
  /** Answers whether there was one. @throws TulleError `version_conflict` as `put`. */
  delete(key: string, expectedVersion?: number): Promise<boolean>;
  /** Documents whose key starts with `prefix`, in key order (by code unit), from after the key `after`; 100 where no limit is given. */
  list(prefix: string, options?: { after?: string; limit?: number }): Promise<DocumentPage>;
  /** As `get` of each, in fewer calls; where a platform counts them (D1: 1,000 an invocation). */
  readonly getMany?: (keys: readonly string[]) => Promise<readonly (StoredDocument | undefined)[]>;
  /** As `put` of each, in fewer calls; answers which of them held. No more than that: each holds by itself, or does not. */
  readonly putMany?: (writes: readonly DocumentWrite[]) => Promise<readonly boolean[]>;
}

export interface DocumentWrite {
  readonly key: string;
  readonly value: unknown;
  readonly expectedVersion: number;
}

export interface StoredDocument {
  readonly key: string;
  readonly value: unknown;
  readonly version: number;
}

export interface DocumentPage {
  readonly items: readonly StoredDocument[];
  /** Present when there may be more: pass it as `after`. */
  readonly next?: string;
}

/**
 * What the hot path reads: one snapshot a tenant and bus. A `get` may be behind the last `put` (Workers KV: up to a
 * minute); whoever needs a certain version reads the documents instead.
 */
export interface Snapshots {
  get(tenant: string, bus: string): Promise<Snapshot | undefined>;
  put(snapshot: Snapshot): Promise<void>;
  delete(tenant: string, bus: string): Promise<void>;
}

/**
 * The durable queue. `append` resolves when every message is on disk, all or none; a message is handed out at least once.
 * Those of a lane wait for the lane's turns, in the order in which they were appended.
 */
export interface Queue {
  /** @throws TulleError `unavailable` when the queue cannot take it now. */
  append(shard: ShardAddress, entries: Entries): Promise<Appended>;
}

/** What one append takes. */
export interface Entries {
  readonly messages: readonly string[];
  /** Handed out as `messages`, and kept for the address's `archiveSeconds`: what replays read. */
  readonly archived?: readonly string[];
  readonly laned?: readonly LaneMessage[];
  /** On buses that deduplicate. What no claim names is stored in any case. */
  readonly claims?: Claims;
  /** The publisher will wait: a queue with `Waits` opens a box for it, before anything of this can be handed out. */
  readonly awaited?: Awaited;
}

/**
 * Which of the messages belong to which event, so that an event that is known is left out. A claim is written in the
 * transaction that writes its messages: before it, a crash would let a publisher be told `duplicate` of an event that is
 * nowhere; after it, two publishers could both be the first. Nobody is told of a duplicate before the first is on disk.
 */
export interface Claims {
  /** For so long after the first append with a key, others with that key store nothing, in the same append as well. */
  readonly seconds: number;
  readonly events: readonly Claim[];
}

export interface Claim {
  /** Up to 64 characters of ASCII; different for every event, shard, bus and tenant. */
  readonly key: string;
  /** Positions in `messages`, in `archived`, and in `laned`. */
  readonly messages: readonly number[];
  readonly archived?: readonly number[];
  readonly laned: readonly number[];
}

export interface Appended {
  /** Positions in `claims.events` of those that were known: nothing of theirs was stored. */
  readonly duplicates: readonly number[];
}

export interface Awaited {
  /** Id of the request, the same in every shard. */
  readonly receipt: string;
  /** The box is not needed for longer than this. */
  readonly milliseconds: number;
}

/**
 * Boxes in which publishers who wait find what becomes of their events; in memory, since the events are durable without
 * them. A platform that has none answers every publisher at once.
 */
export interface Waits {
  /**
   * What came into the box since the last call; where that is nothing, waits for something, at most so long. `undefined`:
   * there is no such box, because too many wait, the shard was started again, or it was closed.
   */
  take(shard: ShardPlace, receipt: string, milliseconds: number): Promise<readonly DeliveryOutcome[] | undefined>;
  /** Nobody waits any more; who still does in `take` is answered at once. */
  close(shard: ShardPlace, receipt: string): Promise<void>;
}

export interface ShardPlace {
  readonly tenant: string;
  readonly bus: string;
  /** From 0. */
  readonly shard: number;
}

export interface ShardAddress extends ShardPlace {
  /** How long the queue keeps what was settled. */
  readonly retentionSeconds: number;
  /** The same for what is archived; absent where the bus has no archives (any more). */
  readonly archiveSeconds?: number;
  /** What takes the messages of no lane; absent: the log, which has the lanes and the history in any case. */
  readonly queue?: SecondQueue;
}

/**
 * Called by the queue's adapter with messages in order. When it resolves, the messages are done and what the
 * settlement says is to be stored together with that fact; when it rejects, they are handed out again. In the turn of a
 * lane they are its first messages, and what of them is done is said by the settlement's `turn`. In the turn of a replay
 * they are archived messages that were handed out before; what of them was looked at is said by its `replay`.
 */
export type QueueConsumer = (messages: readonly string[], task?: Task) => Promise<Settlement>;

export type Task = Turn | ReplayTurn;

/** A lane's turn: it has one at a time. */
export interface Turn {
  readonly lane: string;
  /** The target was failing: one delivery is to show whether it still is. */
  readonly probe: boolean;
  /** The target asked to be slowed down: it gets this share of its rate or, where it has none, of its calls at a time. */
  readonly share?: number;
}

/** A replay's turn: it has one at a time. What its settlement has for later are new deliveries, which the books count. */
export interface ReplayTurn {
  readonly replay: ReplayOrder;
  /** So many events of the first message were looked at in an earlier turn. */
  readonly skip: number;
}

export interface Settlement {
  /** Messages to hand out later; with a lane, in a turn of that lane. */
  readonly retries: readonly { readonly body: string; readonly delayMs: number; readonly lane?: string }[];
  readonly records: readonly LedgerRecord[];
  /** What ended and what was added, whatever is recorded of it; absent where nothing did. */
  readonly tally?: Tally;
  /**
   * What somebody waits for: for the box of its receipt, facts (`isFact`) at once, the others when the settlement is on
   * disk. A queue without `Waits` lets them go.
   */
  readonly outcomes?: readonly DeliveryOutcome[];
  readonly turn?: TurnOutcome;
  /** Targets (`rule/target`) that asked, outside of a turn, to be slowed down and to be sent nothing for so long. */
  readonly throttled?: readonly { readonly target: string; readonly waitMs: number }[];
  readonly replay?: ReplayOutcome;
}

export interface TurnOutcome {
  /** So many of the messages, from the first, are done with; those after them stay as they are. */
  readonly taken: number;
  /** What is left of the last one that was taken: it stays in front, in this order. */
  readonly remains: readonly string[];
  /** The lane's next turn comes after this, in milliseconds. */
  readonly delayMs: number;
  /** Calls to the target. */
  readonly ok: number;
  readonly failed: number;
  /** So many failed in a row that it was left. */
  readonly gaveUp: boolean;
  /** The target asked to be slowed down, and to be sent nothing for so many milliseconds. */
  readonly throttledMs?: number;
}

/** History: what happened to which event. Written with settlements, read by operators, a shard at a time, newest first. */
export interface Ledger {
  /** What happened to deliveries. A page may have fewer than `limit` items and yet be followed by more. */
  list(shard: ShardPlace, query: LedgerQuery): Promise<LedgerPage>;
  /**
   * Events that were appended outside of lanes and are still kept, settled or not: read from what the queue has on disk
   * anyway. A queue that keeps nothing of what it handed out answers an empty page.
   */
  events(shard: ShardPlace, query: EventQuery): Promise<EventPage>;
  /** Deliveries of events of this id that wait for a retry or in a lane; a bounded look. */
  waiting(shard: ShardPlace, eventId: string): Promise<WaitingDeliveries>;
  /** Targets that deliveries wait for, or that were found failing. */
  lanes(shard: ShardPlace): Promise<readonly LaneStatus[]>;
  /**
   * Absent where the queue keeps none; `undefined` of a shard for which another one answers, as where one log has all
   * shards of its bus.
   */
  books?(shard: ShardPlace): Promise<ShardBooks | undefined>;
}

/** The deliveries that were given up, a shard at a time. A dead letter is known by its sequence number in the shard. */
export interface DeadLetters {
  list(shard: ShardPlace, query: DeadLetterQuery): Promise<DeadLetterPage>;
  /** With its event. */
  get(shard: ShardPlace, sequence: number): Promise<DeadLetterEntry | undefined>;
  /**
   * Puts dead letters back into the queue as new deliveries. Each is removed in the transaction that puts it back; what
   * is not there any more is passed over.
   */
  redrive(shard: ShardPlace, sequences: readonly number[], order: RedriveOrder): Promise<RedriveOutcome>;
  /** Answers how many there were. */
  delete(shard: ShardPlace, sequences: readonly number[]): Promise<number>;
}

/**
 * Replays of archived events, a shard at a time. The queue goes through what it keeps by itself, a turn after the other:
 * how far it came is stored in the transaction that stores what a turn made. Where one log has all shards of its bus, it
 * answers for the first shard, and for the others there is nothing.
 */
export interface Replays {
  /** Begins a replay; one that has this name already stays as it is, and is answered. */
  start(shard: ShardPlace, order: ReplayOrder): Promise<ReplayStatus | undefined>;
  get(shard: ShardPlace, name: string): Promise<ReplayStatus | undefined>;
  list(shard: ShardPlace): Promise<readonly ReplayStatus[]>;
  /** Ends it if it runs: what was planned is delivered, and nothing more. */
  cancel(shard: ShardPlace, name: string): Promise<ReplayStatus | undefined>;
  /** Ends and forgets it. Answers whether there was one. */
  delete(shard: ShardPlace, name: string): Promise<boolean>;
}

/** Injected, so that a simulation can own time, chance and the network. */
export interface Runtime {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly fetch: (request: Request) => Promise<Response>;
  /** Resolves after so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /**
   * The short way for deliveries, where a platform's `fetch` is a long one (Node: ten times the work). Follows no
   * redirect; rejects when no answer came, with a `TimeoutError` when it took too long.
   */
  readonly post?: (request: PostRequest) => Promise<PostAnswer>;
  /** Runs to its end after the response was sent; a failure is logged, never lost. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface PostRequest {
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  /** From the first byte sent to the last byte read. */
  readonly timeoutMs: number;
  /** What is read of the answer's body; the rest is let go. */
  readonly answerBytes: number;
}

export interface PostAnswer {
  readonly status: number;
  /** The header as it came. */
  readonly retryAfter?: string | undefined;
  /** The start of the body. */
  readonly text: string;
}

/** Secrets by name; `undefined` when there is none of that name. */
export interface Secrets {
  get(name: string): Promise<string | undefined>;
}

import type { LedgerQuery, LedgerRecord } from './ledger.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * What a platform must provide. Each port has the fewest methods that every platform can keep; one conformance suite
 * per port (`test/conformance/`) runs on every adapter.
 */

/** Versioned JSON documents by key. Single-document conditional writes only; keys are `/`-separated. */
export interface Documents {
  get(key: string): Promise<StoredDocument | undefined>;
  /**
   * Stores `value` and answers the new version, which only ever grows for a key, also over a delete.
   * `expectedVersion`: a number is compared (0 = the document must not exist), `undefined` writes whatever is there.
   * @throws TulleError `version_conflict` when the present version is another.
   */
  put(key: string, value: unknown, expectedVersion?: number): Promise<number>;
  /** Answers whether there was one. @throws TulleError `version_conflict` as `put`. */
  delete(key: string, expectedVersion?: number): Promise<boolean>;
  /** Documents whose key starts with `prefix`, in key order (by code unit), from after the key `after`. */
  list(prefix: string, options?: { after?: string; limit?: number }): Promise<DocumentPage>;
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

/** The durable queue. `append` resolves when every message is on disk; a message is handed out at least once. */
export interface Queue {
  append(address: QueueAddress, messages: readonly string[]): Promise<void>;
}

export interface QueueAddress {
  readonly tenant: string;
  readonly bus: string;
  /** Which of the bus's shards, from 0. */
  readonly shard: number;
}

/** Called by the queue's adapter with messages in order; answers one settlement a message, in the same order. */
export type QueueConsumer = (messages: readonly string[]) => Promise<readonly Settlement[]>;

/** What is left of a message when it was handled: the message itself is done, `retries` follow it later. */
export interface Settlement {
  readonly retries: readonly { readonly body: string; readonly delayMs: number }[];
  readonly records: readonly LedgerRecord[];
}

/** History: what happened to which event. Written by settlements, read by operators. */
export interface Ledger {
  query(query: LedgerQuery): Promise<readonly LedgerRecord[]>;
}

/** Injected, so that a simulation can own time, chance and the network. */
export interface Runtime {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  fetch(request: Request): Promise<Response>;
  /** Runs to its end after the response was sent; a failure is logged, never lost. */
  waitUntil(work: Promise<unknown>): void;
}

/** Secrets by name; `undefined` when there is none of that name. */
export interface Secrets {
  get(name: string): Promise<string | undefined>;
}

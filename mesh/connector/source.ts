import type { AuthorizedRequest, OutgoingRequest } from '../connections/authorize.ts';
import type { Sockets } from '../ports/sockets.ts';
import type { TargetPolicy } from '../sink.ts';

/**
 * A source pulls records out of one kind of system. One file a source, one `defineSource` call.
 *
 * It keeps nothing between two calls but its session: where it is stands in the position, which is stored only after the
 * mesh has the records of the pull on disk. After a crash the last pull is done again (at least once), so every record
 * carries an id that comes out the same each time.
 */
export interface Source<Options = unknown, Session = unknown> {
  /** The key that names it in a connector: `{ name, source: { http: { … } } }`. */
  readonly kind: string;
  readonly description: string;
  /** JSON Schema (2020-12) of the options; unknown keys are refused. */
  readonly schema: object;
  /** Where it can run. */
  readonly platforms: readonly PlatformName[];
  /** How it can go through what is there; default `incremental` only. */
  readonly phases?: readonly Phase[];
  /** Several tasks can share the work, each with its part of it (`PullContext.partition`). */
  readonly divisible?: boolean;
  /** JSON Schema of its position: `restart` takes no other. Absent: any object. */
  readonly position?: object;
  /** Options as somebody would write them: its page shows them, and a test has them taken as they stand. */
  readonly example?: Options;
  /** For its page, in Markdown: what can be relied on, and what cannot, beside what every source keeps. */
  readonly guarantees?: string;
  /** What the schema cannot say; throws TulleError `resource_invalid` with the place. */
  check?(options: Options, policy: TargetPolicy): void;
  /** Connects, where that is worth keeping over several pulls. It is closed after a failure and at the end. */
  open?(context: SourceContext<Options>): Promise<Session>;
  close?(session: Session): Promise<void>;
  /**
   * The records after a position, in their order; the position of the start is `undefined`. Whatever it throws is told to
   * the operator and tried again later.
   */
  pull(position: Position | undefined, context: PullContext<Options, Session>): Promise<Pulled>;
  /**
   * For a system that keeps what it handed out until it is told, such as a queue: tells it, on the session of the pull.
   * Called after the events of a pull are durable and its position is stored; after a crash in between, and where it throws,
   * the system hands the same records out again. The position of such a source may say nothing.
   */
  acknowledge?(pulled: Pulled, context: PullContext<Options, Session>): Promise<void>;
  /**
   * For a source that can say what is there now: the last record of each key, in the order of keys. Its records carry the
   * key as their `partitionkey`.
   */
  latest?(
    wanted: WantedKeys,
    context: SourceContext<Options> & { readonly session: Session },
  ): Promise<readonly SourceRecord[]>;
}

/** Keys after a key (from the first where it is absent), or certain ones. */
export type WantedKeys =
  | { readonly after?: string | undefined; readonly limit: number }
  | { readonly keys: readonly string[] };

export type PlatformName = 'cloudflare' | 'aws' | 'node';

/** `full` goes through everything once and ends; `incremental` goes on with what is new. */
export type Phase = 'full' | 'incremental';

/** Where a source is: any JSON of up to 65,536 bytes. Nobody but the source looks into it. */
export type Position = { readonly [name: string]: PositionValue };
export type PositionValue =
  | string
  | number
  | boolean
  | null
  | readonly PositionValue[]
  | { readonly [name: string]: PositionValue };

export interface SourceContext<Options> {
  readonly options: Options;
  /** `fetch` to where the installation lets targets be; bounded in requests and bytes, ends with `signal`. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Gives a request the credentials of a connection. */
  readonly authorize: (connection: string, request: OutgoingRequest) => Promise<AuthorizedRequest>;
  /** A stored secret, such as a connection string. Rejects with TulleError `credential_unavailable`. */
  readonly secret: (name: string) => Promise<string>;
  readonly policy: TargetPolicy;
  /** For drivers that connect by themselves. */
  readonly sockets?: Sockets | undefined;
  /** Aborted when it has taken too long. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface PullContext<Options, Session> extends SourceContext<Options> {
  readonly session: Session;
  readonly phase: Phase;
  /** This task's part of the work: `index` (from 0) of `count`. */
  readonly partition: Partition;
  /** The most that a pull should give; a pull that gives more than twice as much fails. */
  readonly limit: { readonly records: number; readonly bytes: number };
}

export interface Partition {
  readonly index: number;
  readonly count: number;
}

export interface Pulled {
  readonly records: readonly SourceRecord[];
  /** Where the next pull goes on: after these records. */
  readonly position: Position;
  /**
   * There is nothing more for now: the next pull comes when the schedule says. In the phase `full` it is the end, and
   * `position` is where the phase `incremental` begins.
   */
  readonly done?: boolean;
  /** Records that could not be read: they are set aside with the reason, and passed over. */
  readonly poison?: readonly PoisonRecord[];
  /** Shown with the state of the task: what is no failure, and most likely not meant. */
  readonly warning?: string;
  /** How far behind the source is after this pull, as far as it knows. */
  readonly lag?: Lag;
  /** The system asks to be left alone for so long. */
  readonly waitMs?: number;
  /** What `acknowledge` has to know of this pull. Never stored. */
  readonly receipt?: unknown;
}

/** Becomes a CloudEvent: what is missing of `source` and `type` is filled in from the connector. */
export interface SourceRecord {
  /** The same whenever this record is pulled: with it the mesh and the targets tell a repetition. */
  readonly id: string;
  readonly source?: string;
  readonly type?: string;
  readonly subject?: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly data?: unknown;
  /** Instead of `data`: its JSON text, which goes into the event as it is. */
  readonly dataJson?: string;
  readonly [attribute: string]: unknown;
}

export interface PoisonRecord {
  /** The record as far as it could be read; anything that JSON holds. */
  readonly record: unknown;
  readonly reason: string;
}

export interface Lag {
  readonly records?: number;
  readonly seconds?: number;
}

export function defineSource<Options, Session = undefined>(source: Source<Options, Session>): Source<Options, Session> {
  return source;
}

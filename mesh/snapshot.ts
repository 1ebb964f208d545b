import type { Filter } from '../functions/filter/filter.ts';
import type { JsonSchema } from '../functions/schema/schema.ts';
import type { Step } from '../functions/transform/step.ts';
import type { ConnectionSettings, SealedSecret } from './connections/settings.ts';
import type { Backoff } from './delivery/backoff.ts';
import type { FunctionSettings } from './functions/settings.ts';
import type { Role } from './roles.ts';

/** Everything the hot path needs of one tenant's bus, whole, in one document. */
export interface Snapshot {
  readonly tenant: string;
  readonly bus: string;
  /** Grows with every change of the bus, its rules or the tenant's keys. */
  readonly version: number;
  /** When this version was made, in milliseconds since the epoch. */
  readonly publishedAt?: number;
  readonly settings: BusSettings;
  /** What the tenant may publish, on all of its buses; absent where it has no such quota. */
  readonly eventsPerSecond?: number;
  readonly rules: readonly Rule[];
  readonly keys: readonly Key[];
  /** Absent for none. */
  readonly archives?: readonly ArchiveSettings[];
  /** What the tenant's documents say of functions; absent for none. */
  readonly functions?: readonly FunctionSettings[];
  /** The tenant's schemas, by name; absent for a bus that looks at none. */
  readonly schemas?: readonly EventSchema[];
  /** The tenant's connections and secrets, encrypted; absent for none. */
  readonly connections?: readonly ConnectionSettings[];
  readonly secrets?: readonly SealedSecret[];
}

/** Queues of platforms that a bus may have instead of the log. */
export type SecondQueue = 'cloudflare-queues';

export interface BusSettings {
  /** Durable logs side by side, 1–64. One takes about 1,000 requests/s on Workers. */
  readonly shards: number;
  /** What the ledger keeps of deliveries; with `all` the log keeps every event, also one that no rule matched. */
  readonly record: 'all' | 'deliveries' | 'failures' | 'none';
  /** How long the log keeps events and history, in seconds. */
  readonly retentionSeconds: number;
  /** Takes the place of the log for deliveries that wait in no lane; absent: the log has them all. */
  readonly queue?: SecondQueue;
  /** What becomes of an event that does not fit the schema of its type; absent where none is looked at. */
  readonly schemas?: 'warn' | 'enforce';
  /** Types without a schema do not fit either. */
  readonly unknownTypes?: 'refuse';
  /** For how long an event that comes again, by source and id, is left out; absent where every one is taken. */
  readonly deduplicationSeconds?: number;
  /** Schemas are inferred from the events that come in. */
  readonly discovery?: true;
}

/** Which events are kept for replays. */
export interface ArchiveSettings {
  readonly name: string;
  readonly filter: Filter;
  readonly retentionSeconds: number;
}

/** A registered schema: of the data of one type of events. */
export interface EventSchema {
  readonly name: string;
  readonly type: string;
  /** Of events of this source only. */
  readonly source?: string;
  /** Oldest first. */
  readonly versions: readonly { readonly version: number; readonly schema: JsonSchema }[];
}

export interface Rule {
  readonly name: string;
  /** Of its document; absent in snapshots of before it was there. */
  readonly version?: number;
  readonly enabled: boolean;
  readonly filter: Filter;
  readonly steps: readonly Step[];
  readonly targets: readonly Target[];
}

/** A target names its sink by a key of its own: `{ name, http: { url } }`. */
export interface Target {
  readonly name: string;
  readonly kind: string;
  readonly options: unknown;
  readonly retry: RetryPolicy;
  /** The attribute whose values are each delivered in order. */
  readonly ordering?: 'partitionkey';
  /** Deliveries a second, at most; what comes faster waits. */
  readonly ratePerSecond?: number;
  /** Calls at a time, at most. */
  readonly concurrency?: number;
  /** Nothing is delivered; everything waits. */
  readonly paused?: boolean;
  /** It asked for no more events, or somebody switched it off: it is sent nothing until this is taken away. */
  readonly disabled?: SignedOff;
  /** The name of the target of this rule that is handed what is given up here. */
  readonly deadLetter?: string;
  /** It gets what another target gave up, as it was accepted, and nothing else. */
  readonly deadLettersOnly?: true;
}

/** Why a target is sent nothing any more, and since when (RFC 3339). */
export interface SignedOff {
  readonly reason: string;
  readonly at: string;
}

export interface RetryPolicy {
  /** Names a file of `mesh/delivery/presets/`; absent, or not known, is `default`. */
  readonly preset?: string;
  /** With the first one. */
  readonly maxAttempts: number;
  /** From the acceptance of the event to the last attempt. */
  readonly maxAgeSeconds: number;
  /** Instead of the preset's. */
  readonly backoff?: Backoff;
  /** Instead of the preset's; 0: `Retry-After` is not obeyed. */
  readonly retryAfterMaxSeconds?: number;
}

/** An API key as it is stored: the secret is kept as its SHA-256 (hex) only. */
export interface Key {
  readonly id: string;
  readonly hash: string;
  readonly role: Role;
  /** Names of the buses it may use, or `*`. */
  readonly buses: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
  /** Secrets before this one that are still valid, each until a time in milliseconds since the epoch. */
  readonly former?: readonly { readonly hash: string; readonly until: number }[];
}

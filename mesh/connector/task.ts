import type { Lag, Partition, Phase, Position } from './source.ts';

/**
 * What the admin and the workers of connectors say to each other. A worker reports with a heartbeat and is told what it
 * is to do; how far a task is, only its present holder can write.
 */
export interface Tasks {
  /** @throws TulleError `unavailable` when the documents cannot be reached; the worker goes on with what it has. */
  beat(heartbeat: Heartbeat): Promise<Orders>;
  /** Stores what a pull came to, after its events are durable. */
  commit(holding: Holding, report: Report): Promise<Committed>;
  /** Gives a task back, so that another worker can have it at once. */
  release(holding: Holding, reason: string): Promise<void>;
}

export interface Heartbeat {
  /** Unique among all workers, and never used again after a restart. */
  readonly worker: string;
  /** The next one comes within so many seconds; after two that did not come the worker has lost its tasks. */
  readonly beatSeconds: number;
  /** The kinds of sources that it can run. */
  readonly kinds: readonly string[];
  /** The most tasks that it takes. */
  readonly capacity: number;
  /** It runs what is due and ends: it is given nothing that is not due. */
  readonly ephemeral?: boolean;
  /** It ends: it has no tasks any more, and takes none. */
  readonly leaving?: boolean;
}

export interface Orders {
  /** Everything that the worker holds from now on. */
  readonly run: readonly Assignment[];
  /** What it holds and is to give back when its present pull is stored. */
  readonly release: readonly Holding[];
}

/** A task and the number under which it was given: each time it changes hands the number grows. */
export interface Holding {
  readonly task: TaskName;
  readonly worker: string;
  readonly fence: number;
}

export interface TaskName {
  readonly tenant: string;
  readonly bus: string;
  readonly connector: string;
  readonly partition: Partition;
}

/** Everything that a worker needs to run a task. */
export interface Assignment extends Holding {
  readonly connector: ConnectorSettings;
  readonly position: Position | undefined;
  readonly phase: Phase;
  /** Not before this; milliseconds since the epoch. */
  readonly dueAt: number;
  /** Pulls that failed in a row. */
  readonly failures: number;
  /** How many pulls were stored of it. */
  readonly pulls: number;
}

export interface ConnectorSettings {
  readonly kind: string;
  readonly options: unknown;
  readonly schedule: Schedule;
  readonly mode: Mode;
  /** Records a pull. */
  readonly batchSize: number;
  /** Of one pull. */
  readonly timeoutSeconds: number;
  /** Records a second, of each task. */
  readonly perSecond?: number;
  /** What an event is given that its record does not say. */
  readonly eventSource: string;
  readonly eventType: string;
  /** Changes with the document. */
  readonly revision: number;
}

/**
 * `once`: goes through what is there, and is completed. `full`: goes through everything at each run of the schedule.
 */
export type Mode = 'incremental' | 'once' | 'full' | 'full-then-incremental';

export type Schedule =
  /** The next pull comes so long after one that found nothing more. */
  | { readonly kind: 'every'; readonly seconds: number }
  | { readonly kind: 'cron'; readonly expression: string; readonly timeZone: string };

/** What one pull came to. */
export interface Report {
  /** How many pulls were stored before this one: who began from an older position stores nothing. */
  readonly pulls: number;
  /** Absent where the pull failed: the position stays. */
  readonly position?: Position;
  /** The next pull begins at the start again. */
  readonly fromStart?: boolean;
  readonly phase: Phase;
  readonly records: number;
  readonly quarantined: number;
  readonly lag?: Lag | undefined;
  /** There is nothing more for now. */
  readonly done: boolean;
  /** The next pull is due then. */
  readonly dueAt: number;
  /** The task has come to its end. */
  readonly completed?: boolean;
  readonly failure?: string | undefined;
  /** See `Pulled`. */
  readonly warning?: string | undefined;
}

/**
 * `goes-on`: the worker has the task. `stops`: what was reported is stored; the worker is to give the task back.
 * `lost`: nothing was stored, because the task is another's, was set to another position, is further than this worker
 * knew, or is gone.
 */
export type Committed = 'goes-on' | 'stops' | 'lost';

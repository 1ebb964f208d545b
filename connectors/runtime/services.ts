import type { Event } from '../../event/event.ts';
import type { PoisonRecord, Source, SourceContext } from '../../mesh/connector/source.ts';
import type { TaskName, Tasks } from '../../mesh/connector/task.ts';
import type { Runtime } from '../../mesh/ports/runtime.ts';

/** What the runtime of connectors works with. */
export interface ConnectorServices {
  readonly tasks: Tasks;
  /** What can be run here. */
  readonly sources: readonly Source[];
  /**
   * Resolves when the events are durable on the task's bus. Rejects with TulleError `unavailable` while the mesh takes
   * none, `schema_mismatch` with the places of the events that it refuses, `bus_not_found`.
   */
  readonly publish: (home: Home, events: readonly Event[]) => Promise<void>;
  /** Sets records aside, durably. Rejects with TulleError `limit_reached` when there are as many as there may be. */
  readonly quarantine: (task: TaskName, records: readonly PoisonRecord[]) => Promise<void>;
  /** What a source of this tenant may use; all of its context but the options. */
  readonly contextOf: (task: TaskName, signal: AbortSignal) => Omit<SourceContext<unknown>, 'options'>;
  readonly runtime: Pick<Runtime, 'now' | 'random' | 'pause'>;
  readonly report: (message: string, error: unknown) => void;
}

type Home = Pick<TaskName, 'tenant' | 'bus'>;

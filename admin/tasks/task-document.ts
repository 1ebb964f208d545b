import type { Lag, Partition, Phase, Position } from '../../mesh/connector/source.ts';
import type { Holding, TaskName } from '../../mesh/connector/task.ts';

/**
 * One task of a connector as it is stored: `task/{tenant}/{bus}/{connector}/{index}-of-{count}`. Every write is
 * conditional, so that of two that know the same state only one takes effect.
 */
export interface TaskDocument extends TaskName {
  /** Of source, so that what a worker can run is known without the connector. */
  readonly kind: string;
  /** Of the connector, as it was when its task was last looked at. */
  readonly revision: number;
  readonly state: TaskState;
  readonly reason: string;
  /** When it came into this state; milliseconds since the epoch, as every time here. */
  readonly since: number;
  /** The last ones, oldest first. */
  readonly transitions: readonly Transition[];
  /** An operator has paused it, whatever the connector says. */
  readonly held: boolean;
  readonly holder?: Holder;
  /** Without a holder: since when. */
  readonly freeSince: number;
  /** Under which number it was given last. */
  readonly fence: number;
  readonly position?: Position;
  readonly phase: Phase;
  readonly dueAt: number;
  /** Pulls that failed in a row. */
  readonly failures: number;
  /** Of the last pull that was stored. */
  readonly committedAt?: number;
  readonly lag?: Lag;
  readonly totals: Totals;
}

export type TaskState = 'created' | 'assigned' | 'running' | 'paused' | 'failing' | 'completed' | 'deleted';

export interface Transition {
  readonly at: number;
  readonly to: TaskState;
  readonly reason: string;
}

export interface Holder {
  readonly worker: string;
  readonly since: number;
}

export interface Totals {
  readonly pulls: number;
  readonly records: number;
  readonly quarantined: number;
  readonly failures: number;
}

export const taskKeys = {
  task: ({ tenant, bus, connector, partition }: TaskName) =>
    `task/${tenant}/${bus}/${connector}/${formatPartition(partition)}`,
  tasksOf: (tenant: string, bus: string, connector: string) => `task/${tenant}/${bus}/${connector}/`,
  all: 'task/',
  worker: (id: string) => `worker/${id}`,
  workers: 'worker/',
};

export function formatPartition({ index, count }: Partition): string {
  return `${String(index).padStart(3, '0')}-of-${count}`;
}

/** Whether this is still what the worker was given. */
export function isHeldAs(task: TaskDocument, { worker, fence }: Holding): boolean {
  return task.holder?.worker === worker && task.fence === fence && task.state !== 'deleted';
}

/** Whether some worker should have it. */
export function isWanted({ state }: TaskDocument): boolean {
  return state === 'created' || state === 'assigned' || state === 'running' || state === 'failing';
}

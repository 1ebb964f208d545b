import type { Tasks } from '../../../mesh/connector/task.ts';
import type { ConnectorServices } from '../../../connectors/runtime/services.ts';
import { type TaskDocument, taskKeys } from '../../../admin/tasks/task-document.ts';
import type { Documents } from '../../../mesh/ports/documents.ts';
import type { Process } from './process.ts';

/** What of one process can be made to do the wrong thing. */
export interface Plant {
  /** What was done wrong, as it would be told. */
  readonly what: string;
  /** Within so many seeds of five workers and twenty tasks it has to be found. */
  readonly within: number;
  /** The name under which the process goes. */
  idOf?(process: Process, others: readonly Process[]): string;
  documents?(documents: Documents): Documents;
  tasks?(tasks: Tasks, world: World): Tasks;
  publish?(publish: ConnectorServices['publish'], process: Process): ConnectorServices['publish'];
  quarantine?: ConnectorServices['quarantine'];
}

export interface World {
  readonly documents: Documents;
  /** The store without a process between. */
  readonly store: Documents;
  /** In so many milliseconds, whoever is dead by then. */
  readonly later: (milliseconds: number, work: () => void) => void;
  readonly now: () => number;
}

export type Fault = keyof typeof faults;

/** Mistakes that the simulation has to find. */
export const faults = {
  'late-writer': {
    what: 'a worker that has lost a task stores its position all the same',
    within: 20,
    tasks: (tasks, { documents }) => ({
      ...tasks,
      async commit(holding, report) {
        const committed = await tasks.commit(holding, report);
        const key = taskKeys.task(holding.task);
        const task = (await documents.get(key))?.value as TaskDocument;
        if (committed === 'lost' && report.position !== undefined) {
          await documents.put(key, { ...task, position: report.position });
        }
        return committed;
      },
    }),
  },
  'goes-on-when-lost': {
    what: 'a worker that has lost a task pulls and publishes on',
    within: 20,
    tasks: (tasks) => ({
      ...tasks,
      async commit(holding, report) {
        const committed = await tasks.commit(holding, report);
        return committed === 'lost' ? 'goes-on' : committed;
      },
    }),
  },
  'blind-writes': {
    what: 'tasks are written whatever has become of them since they were read',
    within: 20,
    documents: (documents) => ({
      ...documents,
      put: (key, value, expected) =>
        key.startsWith('task/') ? documents.put(key, value) : documents.put(key, value, expected),
      putMany: async (writes) => {
        for (const { key, value } of writes) await documents.put(key, value);
        return writes.map(() => true);
      },
    }),
  },
  'one-name-for-two': {
    what: 'two workers go by the same name, and have the same tasks',
    within: 20,
    idOf: (process, others) => others.findLast(({ state }) => state !== 'dead')?.id ?? process.id,
  },
  'early-position': {
    what: 'the position is stored before the events are durable',
    within: 20,
    publish: (publish, process) => async (home, events) => {
      void process
        .pause(100)
        .then(() => publish(home, events))
        .catch(() => undefined);
    },
  },
  'swallowed-publish': {
    what: 'the position is stored although publishing failed',
    within: 20,
    publish: (publish) => (home, events) => publish(home, events).catch(() => undefined),
  },
  'too-far': {
    what: 'the position that is stored is one record too far',
    within: 1,
    tasks: (tasks) => ({
      ...tasks,
      commit: (holding, report) =>
        tasks.commit(
          holding,
          report.position === undefined ? report : { ...report, position: { at: Number(report.position['at']) + 1 } },
        ),
    }),
  },
  'position-lost': {
    what: 'whoever takes a task over begins at the start',
    within: 1,
    tasks: (tasks) => ({
      ...tasks,
      async beat(heartbeat) {
        const { run, release } = await tasks.beat(heartbeat);
        return { run: run.map((assignment) => ({ ...assignment, position: undefined })), release };
      },
    }),
  },
  'kept-by-the-dead': {
    what: 'a lease never runs out: the tasks of a dead worker stay with it',
    within: 5,
    tasks: (tasks) => ({ ...tasks, beat: (heartbeat) => tasks.beat({ ...heartbeat, beatSeconds: 100 }) }),
  },
  'renewed-when-dead': {
    what: 'the lease of a dead worker is renewed by somebody else',
    within: 5,
    tasks(tasks, { store, later, now }) {
      let isRenewing = false;
      return {
        ...tasks,
        async beat(heartbeat) {
          const renew = (): void => {
            void store.put(taskKeys.worker(heartbeat.worker), { ...heartbeat, lastSeen: now() });
            later(3_000, renew);
          };
          if (!isRenewing) later(3_000, renew);
          isRenewing = true;
          return tasks.beat(heartbeat);
        },
      };
    },
  },
  hoarding: {
    what: 'a worker gives nothing back to others who have less',
    within: 5,
    tasks: (tasks) => ({ ...tasks, beat: async (heartbeat) => ({ ...(await tasks.beat(heartbeat)), release: [] }) }),
  },
  'never-again': {
    what: 'a task whose pull has failed is not tried again',
    within: 5,
    tasks: (tasks) => ({
      ...tasks,
      commit: (holding, report) =>
        tasks.commit(holding, report.failure === undefined ? report : { ...report, dueAt: Number.MAX_SAFE_INTEGER }),
    }),
  },
  'dropped-poison': {
    what: 'what is no event is passed over and kept nowhere',
    within: 1,
    quarantine: async () => undefined,
  },
} as const satisfies Readonly<Record<string, Plant>>;

import type { Assignment, Heartbeat, Holding } from '../../mesh/connector/task.ts';
import type { ConnectorServices } from './services.ts';
import { createTaskRun, type TaskRun } from './task-run.ts';

/** Runs the tasks that it is given for as long as the process lives. */
export interface ConnectorWorker {
  /** Gives everything back, each task when its present pull is stored; resolves when that is done. */
  stop(): Promise<void>;
}

export interface ConnectorWorkerOptions {
  readonly services: ConnectorServices;
  /** See `Heartbeat`; never the same for two. */
  readonly id: string;
  readonly capacity: number;
  readonly beatSeconds?: number;
}

interface Running {
  assignment: Assignment;
  readonly run: TaskRun;
  /** Why it is to stop when its present pull is stored. */
  ending: 'release' | 'forget' | undefined;
  wake: () => void;
  readonly ended: Promise<void>;
}

export function startConnectorWorker(options: ConnectorWorkerOptions): ConnectorWorker {
  const { services, id, capacity, beatSeconds = 5 } = options;
  const { tasks, runtime, report } = services;
  const running = new Map<string, Running>();
  let stopping = false;
  let wakeBeat = (): void => undefined;

  /** Resolves after so long, or when it is woken. */
  function sleep(milliseconds: number, waking: (wake: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      waking(resolve);
      void runtime.pause(Math.min(milliseconds, longestSleepMs)).then(resolve);
    });
  }

  async function beat(): Promise<void> {
    const heartbeat: Heartbeat = { worker: id, beatSeconds, kinds: services.sources.map(({ kind }) => kind), capacity };
    const orders = await tasks.beat(heartbeat);
    const given = new Map(orders.run.map((assignment) => [keyOf(assignment), assignment]));
    const asked = new Set(orders.release.map(keyOf));
    for (const [key, one] of running) {
      if (given.has(key)) continue;
      end(one, asked.has(key) ? 'release' : 'forget');
    }
    for (const [key, assignment] of given) {
      const known = running.get(key);
      if (known === undefined) start(key, assignment);
      else if (known.ending === undefined) await adopt(known, assignment);
    }
    // It was given before this process knew of it, and is not wanted from it: nobody else can have it until it is given back.
    for (const holding of orders.release) {
      if (!running.has(keyOf(holding))) await tasks.release(holding, 'it is to go to another worker');
    }
  }

  async function adopt(one: Running, assignment: Assignment): Promise<void> {
    one.assignment = assignment;
    await one.run.adopt(assignment);
    one.wake();
  }

  function end(one: Running, how: 'release' | 'forget'): void {
    one.ending = how;
    one.wake();
  }

  function start(key: string, assignment: Assignment): void {
    const one: Running = {
      assignment,
      run: createTaskRun(assignment, services),
      ending: undefined,
      wake: () => undefined,
      ended: Promise.resolve()
        .then(() => work(one))
        .catch((error: unknown) => report('a task of a connector was left; it is begun again', error))
        .then(() => void running.delete(key)),
    };
    running.set(key, one);
  }

  async function work(one: Running): Promise<void> {
    try {
      while (one.ending === undefined) {
        const wait = one.run.dueAt() - runtime.now();
        if (wait > 0) {
          await sleep(wait, (wake) => (one.wake = wake));
          continue;
        }
        if ((await one.run.step()) !== 'goes-on') return;
      }
    } finally {
      await one.run.close();
    }
    if (one.ending === 'release') await tasks.release(one.assignment, 'it is to go to another worker');
  }

  async function beatOn(): Promise<void> {
    while (!stopping) {
      try {
        await beat();
      } catch (error) {
        report('a heartbeat of the connectors failed', error);
      }
      // Somewhat sooner than was said: two that are late still are in time.
      await sleep(beatSeconds * 1000 * (0.8 + 0.1 * runtime.random()), (wake) => (wakeBeat = wake));
    }
  }

  const beating = beatOn();
  return {
    async stop() {
      stopping = true;
      wakeBeat();
      await beating;
      for (const one of running.values()) end(one, 'release');
      await Promise.all(Array.from(running.values(), ({ ended }) => ended));
      await tasks.beat({ worker: id, beatSeconds, kinds: [], capacity: 0, leaving: true });
    },
  };
}

/** So that no timer stays behind for hours when it is woken before. */
const longestSleepMs = 60_000;

function keyOf({ task: { tenant, bus, connector, partition }, fence }: Pick<Holding, 'task' | 'fence'>): string {
  return [tenant, bus, connector, partition.index, partition.count, fence].join('/');
}

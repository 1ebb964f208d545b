import { createQuarantine } from '../../../admin/tasks/quarantine.ts';
import { type TaskDocument, taskKeys } from '../../../admin/tasks/task-document.ts';
import { createTasks } from '../../../admin/tasks/tasks.ts';
import { startConnectorWorker } from '../../../connectors/runtime/worker.ts';
import { TulleError } from '../../../event/error.ts';
import type { Tasks } from '../../../mesh/connector/task.ts';
import type { Documents } from '../../../mesh/ports/documents.ts';
import { createRandom, type Random } from '../../simulation/random.ts';
import { createScheduler } from '../../simulation/scheduler.ts';
import { createStore } from './documents.ts';
import { createOracle } from './oracle.ts';
import { createProcess, type Process } from './process.ts';
import { createSimulatedSource, type Supply } from './source.ts';

export interface SimulationResult {
  readonly violations: readonly string[];
  readonly virtualMs: number;
  readonly published: number;
  readonly kills: number;
  readonly freezes: number;
}

export interface SimulationOptions {
  readonly workers?: number;
  readonly connectors?: number;
  readonly parallelism?: number;
  /** Something that is done wrong on purpose, to see that it is found. */
  readonly fault?: Fault;
  readonly trace?: (line: string) => void;
}

export type Fault = keyof typeof faults;

export const faults = {
  'late-writer': 'a worker that has lost a task stores its position all the same',
  'swallowed-publish': 'the position is stored although publishing failed',
  'kept-by-the-dead': 'the tasks of a dead worker stay with it',
  'dropped-poison': 'what is no event is passed over and kept nowhere',
} as const;

const beatSeconds = 5;
const recordsATask = 12;
const troubleMs = 45_000;
const quietMs = 35_000;

/** Workers pull, die, freeze and come back over one store that fails now and then; answers what was not as it has to be. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const { workers = 20, connectors = 20, parallelism = 10, fault, trace } = options;
  const random = createRandom(seed);
  const scheduler = createScheduler(random);
  const failing = random.chance(0.5) ? random.next() * 0.05 : 0;
  const oracle = createOracle({ beatMs: beatSeconds * 1000, slackMs: failing > 0 ? 12_000 : 1_500 });
  const store = createStore((writer, key, before, after) => {
    trace?.(`${scheduler.now()} ${writer} ${key} ${JSON.stringify(after)}`);
    oracle.wrote(writer, key, { before, after, now: scheduler.now() });
  });
  const isTroubled = (): boolean => scheduler.now() < troubleMs;
  const processes = new Map<string, Process>();
  let started = 0;
  let published = 0;
  let kills = 0;
  let freezes = 0;

  const supply: Supply = {
    of: () => Math.min(recordsATask, 3 + Math.floor(scheduler.now() / 5_000)),
    get isTroubled() {
      return isTroubled();
    },
  };

  for (let index = 0; index < connectors; index += 1) {
    const name = `c${index}`;
    await store.as('admin').put(`connector/acme/main/${name}`, {
      change: index + 1,
      document: {
        kind: 'connector',
        name,
        bus: 'main',
        source: { numbers: { connector: name } },
        schedule: { every: '8s' },
        mode: 'incremental',
        parallelism,
        batchSize: random.between(1, 6),
        timeout: '4s',
        event: {},
        paused: false,
      },
    });
  }

  function startWorker(): void {
    started += 1;
    const process = createProcess(`w${String(started).padStart(3, '0')}`, scheduler, random);
    processes.set(process.id, process);
    const documents = overNetwork(store.as(process.id), process, random, () => isTroubled() && random.chance(failing));
    const runtime = {
      now: () => process.now(),
      random: () => random.next(),
      pause: (milliseconds: number) => process.pause(milliseconds),
    };
    startConnectorWorker({
      id: process.id,
      capacity: 1_000,
      beatSeconds,
      services: {
        tasks: spoil(createTasks(documents, runtime), documents),
        sources: [createSimulatedSource(process, supply, random)],
        quarantine: fault === 'dropped-poison' ? async () => undefined : createQuarantine(documents, runtime),
        runtime,
        contextOf: () => ({}) as never,
        report: () => undefined,
        publish: (_home, events) =>
          process.call(async () => {
            const refused = isTroubled() && random.chance(failing);
            if (refused && fault === 'swallowed-publish') return;
            if (refused && random.chance(0.5)) throw new TulleError('unavailable', 'no room', { retryAfter: 1 });
            published += events.length;
            const [first] = events;
            const [connector = '', index = '0'] = first?.attributes.id.split('/') ?? [];
            const partition = { index: Number(index), count: parallelism };
            oracle.published(process.id, { tenant: 'acme', bus: 'main', connector, partition }, events);
            if (refused) throw new TulleError('unavailable', 'the answer was lost', { retryAfter: 1 });
          }),
      },
    });
  }

  function spoil(tasks: Tasks, documents: Documents): Tasks {
    if (fault === 'kept-by-the-dead')
      return { ...tasks, beat: (heartbeat) => tasks.beat({ ...heartbeat, beatSeconds: 100 }) };
    if (fault !== 'late-writer') return tasks;
    return {
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
    };
  }

  /** Now and then somebody dies or freezes; somebody new comes in the place of the dead. */
  function trouble(): void {
    if (!isTroubled()) return;
    const running = [...processes.values()].filter(({ state }) => state === 'running');
    // One of several at least goes on: where nobody is left, nobody can take over.
    if (running.length > 1) {
      const victim = random.pick(running);
      if (random.chance(0.5)) {
        kills += 1;
        victim.kill();
        scheduler.after(random.between(100, 20_000), startWorker);
      } else {
        freezes += 1;
        victim.freeze(random.between(100, 30_000));
      }
    }
    scheduler.after(random.between(200, 6_000), trouble);
  }

  function readTasks(): TaskDocument[] {
    const tasks: TaskDocument[] = [];
    for (let connector = 0; connector < connectors; connector += 1) {
      for (let index = 0; index < parallelism; index += 1) {
        const partition = { index, count: parallelism };
        const key = taskKeys.task({ tenant: 'acme', bus: 'main', connector: `c${connector}`, partition });
        const task = store.read(key) as TaskDocument | undefined;
        if (task !== undefined) tasks.push(task);
      }
    }
    return tasks;
  }

  function look(): void {
    oracle.checkHolders(readTasks(), processes, scheduler.now());
    scheduler.after(1_000, look);
  }

  for (let index = 0; index < workers; index += 1) scheduler.after(random.between(0, 4_000), startWorker);
  scheduler.after(random.between(3_000, 12_000), trouble);
  scheduler.after(1_000, look);
  await scheduler.run(() => scheduler.now() > troubleMs + quietMs);

  const tasks = readTasks();
  for (const { connector, partition } of tasks) oracle.checkArrivals(`${connector}/${partition.index}`, recordsATask);
  const alive = [...processes.values()].filter(({ state }) => state === 'running').map(({ id }) => id);
  oracle.checkBalance(tasks, alive);
  return { violations: oracle.violations, virtualMs: scheduler.now(), published, kills, freezes };
}

/** The store behind a network that loses a question or an answer now and then. */
function overNetwork(documents: Documents, process: Process, random: Random, fails: () => boolean): Documents {
  const lost = (): TulleError => new TulleError('unavailable', 'the store cannot be reached');
  const ask = <Value>(work: () => Promise<Value>): Promise<Value> =>
    process.call(async () => {
      const failed = fails();
      if (failed && random.chance(0.5)) throw lost();
      const value = await work();
      if (failed) throw lost();
      return value;
    });
  return {
    get: (key) => ask(() => documents.get(key)),
    put: (key, value, expected) => ask(() => documents.put(key, value, expected)),
    delete: (key, expected) => ask(() => documents.delete(key, expected)),
    list: (prefix, options) => ask(() => documents.list(prefix, options)),
    putMany: (writes) =>
      ask(() =>
        Promise.all(
          writes.map(({ key, value, expectedVersion }) =>
            documents.put(key, value, expectedVersion).then(
              () => true,
              (error: unknown) => {
                if (TulleError.is(error) && error.code === 'version_conflict') return false;
                throw error;
              },
            ),
          ),
        ),
      ),
  };
}

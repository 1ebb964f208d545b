import { createQuarantine } from '../../../admin/tasks/quarantine.ts';
import { type TaskDocument, taskKeys } from '../../../admin/tasks/task-document.ts';
import { createTasks } from '../../../admin/tasks/tasks.ts';
import type { ConnectorServices } from '../../../connectors/runtime/services.ts';
import { startConnectorWorker } from '../../../connectors/runtime/worker.ts';
import { TulleError } from '../../../event/error.ts';
import type { Committed, Tasks } from '../../../mesh/connector/task.ts';
import type { Documents } from '../../../mesh/ports/documents.ts';
import { createRandom, type Random } from '../../simulation/random.ts';
import { createScheduler } from '../../simulation/scheduler.ts';
import { createStore } from './documents.ts';
import { type Fault, faults, type Plant } from './faults.ts';
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

const beatSeconds = 5;
const recordsATask = 12;
/** Who comes back last has three beats to get its share; who is frozen for longer than two has lost its tasks. */
const troubleMs = 30_000;
const quietMs = 32_000;
const longestFreezeMs = 17_000;
const longestAbsenceMs = 12_000;

/** Workers pull, die, freeze and come back over one store that fails now and then; answers what was not as it has to be. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const { workers = 20, connectors = 20, parallelism = 10, fault, trace } = options;
  const plant: Partial<Plant> = fault === undefined ? {} : faults[fault];
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
    of: () => Math.min(recordsATask, 3 + Math.floor(scheduler.now() / 3_000)),
    get isTroubled() {
      return isTroubled();
    },
  };

  const taskNames: string[] = [];
  for (let index = 0; index < connectors; index += 1) {
    const name = `c${index}`;
    for (let part = 0; part < parallelism; part += 1) {
      const partition = { index: part, count: parallelism };
      taskNames.push(taskKeys.task({ tenant: 'acme', bus: 'main', connector: name, partition }));
    }
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
    const id = plant.idOf?.(process, [...processes.values()]) ?? process.id;
    processes.set(process.id, process);
    const net = overNetwork(store.as(process.id), process, random, () => isTroubled() && random.chance(failing));
    const documents = plant.documents?.(net) ?? net;
    const runtime = {
      now: () => process.now(),
      random: () => random.next(),
      pause: (milliseconds: number) => process.pause(milliseconds),
    };
    const tasks = createTasks(documents, runtime);
    const world = {
      documents,
      store: store.as('nobody'),
      later: (milliseconds: number, work: () => void) => scheduler.after(milliseconds, work),
      now: () => process.now(),
    };
    startConnectorWorker({
      id,
      capacity: 1_000,
      beatSeconds,
      services: {
        tasks: watch(process, plant.tasks?.(tasks, world) ?? tasks),
        sources: [createSimulatedSource(process, supply, random)],
        quarantine: plant.quarantine ?? createQuarantine(documents, runtime),
        runtime,
        contextOf: () => ({}) as never,
        report: () => undefined,
        publish: plant.publish?.(publishOf(process), process) ?? publishOf(process),
      },
    });
  }

  /** Tells when a worker knows that it has lost a task, or does not know how far it is: it begins anew then. */
  function watch({ id }: Process, tasks: Tasks): Tasks {
    return {
      ...tasks,
      async commit(holding, report) {
        let committed: Committed = 'lost';
        try {
          committed = await tasks.commit(holding, report);
          return committed;
        } finally {
          if (committed === 'lost') oracle.left(id, holding.task);
        }
      },
    };
  }

  function publishOf(process: Process): ConnectorServices['publish'] {
    return (_home, events) =>
      process.call(async () => {
        const refused = isTroubled() && random.chance(failing);
        if (refused && random.chance(0.5)) throw new TulleError('unavailable', 'no room', { retryAfter: 1 });
        published += events.length;
        oracle.published(process.id, events);
        if (refused) throw new TulleError('unavailable', 'the answer was lost', { retryAfter: 1 });
      });
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
        scheduler.after(random.between(100, longestAbsenceMs), startWorker);
      } else {
        freezes += 1;
        victim.freeze(random.between(100, longestFreezeMs));
      }
    }
    scheduler.after(random.between(200, 3_000), trouble);
  }

  function readTasks(): TaskDocument[] {
    return taskNames.flatMap((key) => (store.read(key) as TaskDocument | undefined) ?? []);
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

import { describe, expect, it } from 'vitest';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createTasks } from '../../admin/tasks/tasks.ts';
import type { Assignment, Orders, Report } from '../../mesh/connector/task.ts';

const heartbeat = { worker: 'w1', beatSeconds: 5, kinds: ['numbers'], capacity: 10 };

/** Tasks of one connector over a store in memory, and a clock of the test. */
function createWorld() {
  const documents = createMemoryDocuments();
  const clock = { now: 1_700_000_000_000 };
  const tasks = createTasks(documents, { now: () => clock.now });
  return {
    documents,
    clock,
    tasks,
    put: (change: number, document: object | undefined) =>
      documents.put('connector/default/main/c', { change, ...(document === undefined ? {} : { document }) }),
    async beat(worker = 'w1'): Promise<Orders> {
      clock.now += 1_000;
      return tasks.beat({ ...heartbeat, worker });
    },
  };
}

const connector = {
  kind: 'connector',
  name: 'c',
  bus: 'main',
  source: { numbers: {} },
  schedule: { every: '1m' },
  mode: 'incremental',
  parallelism: 1,
  batchSize: 10,
  timeout: '30s',
  event: {},
  paused: false,
};

function requireOne({ run }: Orders): Assignment {
  const [assignment, ...others] = run;
  if (assignment === undefined || others.length > 0) throw new Error(`${run.length} tasks were given`);
  return assignment;
}

function cameTo(at: number, pulls: number): Report {
  return { pulls, position: { at }, phase: 'incremental', records: 1, quarantined: 0, done: true, dueAt: 0 };
}

describe('a task', () => {
  it('is not set back by its own holder, when that was told late how far it is', async () => {
    const { put, beat, tasks } = createWorld();
    await put(1, connector);
    const told = requireOne(await beat());
    expect(await tasks.commit(told, cameTo(5, told.pulls))).toBe('goes-on');
    expect(await tasks.commit(told, cameTo(6, told.pulls + 1))).toBe('goes-on');
    // The answer of the first beat comes after that, and it begins from there.
    expect(await tasks.commit(told, cameTo(5, told.pulls))).toBe('lost');
    expect(requireOne(await beat()).position).toEqual({ at: 6 });
  });
});

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
    beat: async (worker = 'w1'): Promise<Orders> => {
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

  it('begins anew when its connector was deleted and made again before anybody looked', async () => {
    const { put, beat, tasks, documents } = createWorld();
    const key = 'connector/default/main/c';
    const change = (sequence: number, entry: object) =>
      documents.put(`change/default/${String(sequence).padStart(12, '0')}`, { entries: [{ key, ...entry }] });
    await change(1, { document: connector });
    await put(1, connector);
    const held = requireOne(await beat());
    expect(await tasks.commit(held, cameTo(5, 0))).toBe('goes-on');
    await change(2, { previous: 1 });
    await change(3, { previous: 2, document: connector });
    await put(3, connector);
    const anew = requireOne(await beat());
    expect(anew.position).toBeUndefined();
    expect(await tasks.commit(held, cameTo(6, 1))).toBe('lost');
    expect(await tasks.commit(anew, cameTo(1, 0))).toBe('goes-on');
  });

  it('goes on when its connector was changed, and changed again', async () => {
    const { put, beat, tasks, documents } = createWorld();
    const key = 'connector/default/main/c';
    await put(1, connector);
    expect(await tasks.commit(requireOne(await beat()), cameTo(5, 0))).toBe('goes-on');
    for (const sequence of [2, 3]) {
      const entry = { key, previous: sequence - 1, document: connector };
      await documents.put(`change/default/${String(sequence).padStart(12, '0')}`, { entries: [entry] });
    }
    await put(3, { ...connector, batchSize: 7 });
    expect(requireOne(await beat()).position).toEqual({ at: 5 });
  });
});

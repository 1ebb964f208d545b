import { describe, expect, it } from 'vitest';
import { runDueTasks } from '../../../connectors/runtime/single-run.ts';
import { defineSource, type Pulled, type Source } from '../../../mesh/connector/source.ts';
import type { Assignment } from '../../../mesh/connector/task.ts';

const assignment: Assignment = {
  task: { tenant: 'acme', bus: 'main', connector: 'feed', partition: { index: 0, count: 1 } },
  worker: 'w',
  fence: 1,
  position: undefined,
  phase: 'incremental',
  dueAt: 0,
  failures: 0,
  pulls: 0,
  connector: {
    kind: 'feed',
    options: {},
    schedule: { kind: 'every', seconds: 1 },
    mode: 'incremental',
    batchSize: 10,
    timeoutSeconds: 30,
    eventSource: '/feed',
    eventType: 'item',
    revision: 1,
  },
};

/** Runs what the source answers, in virtual time; answers when each pull was, and when the task was given back. */
async function run(
  pull: (number: number) => Partial<Pulled>,
  { budgetMs = 50_000, endMs }: { budgetMs?: number; endMs?: number } = {},
): Promise<{ readonly pulls: number[]; readonly endedAt: number; readonly failures: (string | undefined)[] }> {
  let now = 0;
  const timers: { readonly at: number; readonly wake: () => void }[] = [];
  const pulls: number[] = [];
  const failures: (string | undefined)[] = [];
  const source = defineSource({
    kind: 'feed',
    description: 'A feed',
    schema: {},
    platforms: ['node'],
    async pull() {
      pulls.push(now);
      const pulled = pull(pulls.length);
      if (pulled.receipt === 'never') return new Promise<Pulled>(() => undefined);
      return { records: [], position: { at: pulls.length }, ...pulled };
    },
  });
  let isOver = false;
  const running = runDueTasks({
    id: 'w',
    capacity: 1,
    budgetMs,
    ...(endMs === undefined ? {} : { endMs }),
    services: {
      sources: [source as Source],
      tasks: {
        beat: async ({ leaving }) => ({ run: leaving === true ? [] : [assignment], release: [] }),
        commit: async (_holding, { failure }) => {
          failures.push(failure);
          return 'goes-on';
        },
        release: async () => undefined,
      },
      publish: async () => undefined,
      quarantine: async () => undefined,
      contextOf: () => ({}) as never,
      runtime: {
        now: () => now,
        random: () => 0.5,
        pause: (milliseconds) =>
          new Promise((wake) => void timers.push({ at: now + milliseconds, wake: () => wake() })),
      },
      report: (message, error) => {
        throw new Error(message, { cause: error });
      },
    },
  }).then(() => void (isOver = true));
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isOver) break;
    timers.sort((one, other) => one.at - other.at);
    const next = timers.shift();
    if (next === undefined) continue;
    now = Math.max(now, next.at);
    next.wake();
  }
  await running;
  return { pulls, endedAt: now, failures };
}

describe('a scheduled run', () => {
  it('goes on while a source that has more paces itself', async () => {
    const { pulls, endedAt } = await run((number) => (number === 5 ? { done: true } : { waitMs: 100 }));
    expect(pulls).toEqual([0, 100, 200, 300, 400]);
    expect(endedAt).toBe(400);
  });

  it('ends where the source asks to be left alone until it is over, or has nothing more', async () => {
    expect((await run(() => ({ waitMs: 60_000 }))).pulls).toEqual([0]);
    // The schedule says a second: it is the next run's.
    expect((await run(() => ({ done: true }))).pulls).toEqual([0]);
  });

  it('begins no pull when its time is over', async () => {
    const { pulls } = await run(() => ({ waitMs: 1_000 }), { budgetMs: 3_500 });
    expect(pulls).toEqual([0, 1_000, 2_000, 3_000]);
  });

  it('cuts off what runs when the invocation ends', async () => {
    const never = { receipt: 'never' };
    const { endedAt, failures } = await run(() => never, { budgetMs: 5_000, endMs: 8_000 });
    expect([endedAt, failures]).toEqual([8_000, ['the source did not answer within 8 s']]);
  });
});

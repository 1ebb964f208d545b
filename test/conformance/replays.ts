import { describe, expect, it } from 'vitest';
import type { Task } from '../../mesh/ports/consumer.ts';
import type { Appended, Claims } from '../../mesh/ports/queue.ts';
import type { Replays } from '../../mesh/ports/replays.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import {
  acceptanceSlackMs,
  isReplay,
  type ReplayOrder,
  type ReplayOutcome,
  type ReplayStatus,
} from '../../mesh/replay/replay.ts';
import type { QueueHost, QueueUnderTest } from './queue.ts';

/** A queue that keeps archives. */
export interface ArchiveUnderTest extends QueueUnderTest {
  archive(messages: readonly string[], archiveSeconds: number, claims?: Claims): Promise<Appended>;
  replays: Replays;
}

interface Bench {
  now: number;
  queue: ArchiveUnderTest;
  /** What was handed out, and to which replay. */
  readonly seen: { readonly messages: readonly string[]; readonly skip?: number }[];
  answer: (messages: readonly string[], task?: Task) => Settlement | Promise<Settlement>;
}

const shard = { tenant: 't', bus: 'b', shard: 0 };

/** What a queue keeps that replays what it has archived: how far it came, over every crash, and no turn twice. */
export function describeReplays(
  name: string,
  run: (host: QueueHost, work: (queue: ArchiveUnderTest) => Promise<void>) => Promise<void>,
): void {
  function check(behaviour: string, work: (bench: Bench) => Promise<void>): void {
    it(behaviour, async () => {
      const bench: Bench = {
        now: 1_700_000_000_000,
        queue: undefined as unknown as ArchiveUnderTest,
        seen: [],
        answer: (messages, task) => (isReplay(task) ? toTurn({ taken: messages.length }) : nothing),
      };
      const host: QueueHost = {
        now: () => bench.now,
        consume(messages, task) {
          bench.seen.push({ messages, ...(isReplay(task) ? { skip: task.skip } : {}) });
          return Promise.resolve().then(() => bench.answer(messages, task));
        },
      };
      await run(host, async (queue) => {
        bench.queue = queue;
        await work(bench);
      });
    });
  }

  describe(`replays: ${name}`, () => {
    check('archived messages are handed out like all others, in order', async (bench) => {
      await bench.queue.append(['a']);
      await bench.queue.archive(['b', 'c'], 3_600);
      await bench.queue.append(['d']);
      await bench.queue.drain();
      expect(bench.seen.flatMap(({ messages }) => messages)).toEqual(['a', 'b', 'c', 'd']);
    });

    check('a replay goes through what is archived, and through nothing else, once', async (bench) => {
      await bench.queue.append(['plain']);
      await bench.queue.archive(['a', 'b'], 3_600);
      await bench.queue.archive(['c'], 3_600);
      await settle(bench);
      const { order } = await start(bench);
      await settle(bench);
      expect(replayed(bench)).toEqual(['a', 'b', 'c']);
      expect(await bench.queue.replays.get(shard, order.name)).toMatchObject({ state: 'completed', read: 3 });
      bench.now += 60_000;
      await settle(bench);
      expect(replayed(bench)).toHaveLength(3);
    });

    check('what was claimed before is not archived once more, nor replayed', async (bench) => {
      const claims = { seconds: 60, events: [{ key: 'b', messages: [], archived: [1], laned: [] }] };
      expect(await bench.queue.archive(['a', 'b'], 3_600, claims)).toEqual({ duplicates: [] });
      expect(await bench.queue.archive(['c', 'b again'], 3_600, claims)).toEqual({ duplicates: [0] });
      await settle(bench);
      await start(bench);
      await settle(bench);
      expect(replayed(bench)).toEqual(['a', 'b', 'c']);
    });

    check('it begins and ends where its range does, and waits for what may be late', async (bench) => {
      await bench.queue.archive(['before'], 360_000);
      bench.now += 60_000;
      const from = bench.now;
      await bench.queue.archive(['within'], 360_000);
      bench.now += 5_000;
      const { order } = await start(bench, { from, to: bench.now });
      await bench.queue.drain();
      await bench.queue.archive(['late'], 360_000);
      await bench.queue.drain();
      expect(await bench.queue.replays.get(shard, order.name)).toMatchObject({ state: 'running' });
      bench.now += acceptanceSlackMs;
      await bench.queue.archive(['after'], 360_000);
      await settle(bench);
      expect(replayed(bench)).toEqual(['within', 'late']);
      expect(await bench.queue.replays.get(shard, order.name)).toMatchObject({ state: 'completed' });
    });

    check('it goes on at the event where a turn stopped, when the turn said', async (bench) => {
      await bench.queue.archive(['a', 'b', 'c'], 3_600);
      await settle(bench);
      const turns: Partial<ReplayOutcome>[] = [
        { taken: 1, skip: 2, delayMs: 1_000 },
        { taken: 0, skip: 5, delayMs: 1_000 },
        { taken: 2, skip: 0 },
      ];
      bench.answer = (messages, task) =>
        isReplay(task) ? toTurn(turns.shift() ?? { taken: messages.length }) : nothing;
      await start(bench);
      bench.seen.length = 0;
      await bench.queue.drain();
      expect(bench.seen).toEqual([{ messages: ['a', 'b', 'c'], skip: 0 }]);
      expect(bench.queue.nextAt()).toBe(bench.now + 1_000);
      bench.now += 999;
      await bench.queue.drain();
      expect(bench.seen).toHaveLength(1);
      bench.now += 1;
      await bench.queue.drain();
      expect(bench.seen.slice(1)).toEqual([{ messages: ['b', 'c'], skip: 2 }]);
      bench.now += 1_000;
      await settle(bench);
      expect(bench.seen.slice(2)).toEqual([{ messages: ['b', 'c'], skip: 5 }]);
    });

    check('what a turn makes is handed out, before the next turn where it waits', async (bench) => {
      for (let row = 0; row < 20; row += 1) await bench.queue.archive([`a${row}${'x'.repeat(300_000)}`], 3_600);
      await settle(bench);
      bench.answer = (messages, task) =>
        isReplay(task)
          ? {
              ...toTurn({ taken: messages.length }),
              retries: [{ body: `made of ${messages[0]?.slice(0, 3)}`, delayMs: 0 }],
            }
          : nothing;
      await start(bench);
      bench.seen.length = 0;
      await settle(bench);
      const order = bench.seen.map(({ messages, skip }) => (skip === undefined ? 'made' : `turn ${messages.length}`));
      expect(order.filter((what) => what === 'made')).toHaveLength(20);
      // No more than a few turns ahead of what they make.
      let ahead = 0;
      for (const what of order) {
        ahead += what === 'made' ? -1 : 1;
        expect(ahead).toBeLessThanOrEqual(6);
      }
    });

    check('a turn that failed is taken again, and blocks nothing else', async (bench) => {
      await bench.queue.archive(['a'], 3_600);
      await settle(bench);
      let failures = 2;
      bench.answer = (messages, task) => {
        if (!isReplay(task)) return nothing;
        if (failures-- > 0) throw new Error('the consumer broke');
        return toTurn({ taken: messages.length });
      };
      const { order } = await start(bench);
      await bench.queue.append(['live']);
      await bench.queue.drain();
      expect(bench.seen.flatMap(({ messages }) => messages)).toContain('live');
      bench.now += 60_000;
      await settle(bench);
      bench.now += 60_000;
      await settle(bench);
      expect(replayed(bench)).toEqual(['a', 'a', 'a']);
      expect(await bench.queue.replays.get(shard, order.name)).toMatchObject({ state: 'completed', read: 1 });
    });

    check('one that is cancelled takes no turn any more', async (bench) => {
      await bench.queue.archive(['a', 'b'], 3_600);
      await settle(bench);
      bench.answer = (_messages, task) => (isReplay(task) ? toTurn({ taken: 1, delayMs: 1_000 }) : nothing);
      const { order } = await start(bench);
      await bench.queue.drain();
      expect(await bench.queue.replays.cancel(shard, order.name)).toMatchObject({ state: 'cancelled', read: 1 });
      bench.now += 10_000;
      await settle(bench);
      expect(replayed(bench)).toHaveLength(2);
      expect(await bench.queue.replays.cancel(shard, 'unknown')).toBeUndefined();
    });

    check('a turn that is out when it is cancelled leaves nothing behind', async (bench) => {
      await bench.queue.archive(['a'], 3_600);
      await settle(bench);
      const { order } = await start(bench);
      bench.answer = async (messages, task) => {
        if (!isReplay(task)) return nothing;
        await bench.queue.replays.cancel(shard, order.name);
        return { ...toTurn({ taken: messages.length }), retries: [{ body: 'made', delayMs: 0 }] };
      };
      await settle(bench);
      expect(bench.seen.flatMap(({ messages }) => messages)).not.toContain('made');
      expect(await bench.queue.replays.get(shard, order.name)).toMatchObject({ state: 'cancelled', read: 0 });
    });

    check('one that cannot go on says why', async (bench) => {
      await bench.queue.archive(['a'], 3_600);
      bench.answer = (_messages, task) => (isReplay(task) ? toTurn({ failed: 'the archive is gone' }) : nothing);
      const { order } = await start(bench);
      await settle(bench);
      expect(await bench.queue.replays.list(shard)).toMatchObject([
        { order: { name: order.name }, state: 'failed', reason: 'the archive is gone' },
      ]);
    });

    check('a name stands for one replay, until it is deleted', async (bench) => {
      const first = await start(bench, { id: 'first' });
      expect(await bench.queue.replays.start(shard, { ...first.order, id: 'second' })).toMatchObject({
        order: { id: 'first' },
      });
      expect(await bench.queue.replays.delete(shard, first.order.name)).toBe(true);
      expect(await bench.queue.replays.delete(shard, first.order.name)).toBe(false);
      expect(await bench.queue.replays.get(shard, first.order.name)).toBeUndefined();
      expect(await start(bench, { id: 'second' })).toMatchObject({ order: { id: 'second' } });
    });

    check('of those that have ended the oldest are forgotten', async (bench) => {
      for (let index = 0; index < 60; index += 1) {
        await start(bench, { name: `r${index}` });
        bench.now += 1;
        await bench.queue.replays.cancel(shard, `r${index}`);
      }
      const names = (await bench.queue.replays.list(shard)).map(({ order }) => order.name);
      expect(names).toHaveLength(50);
      expect(names).toContain('r59');
      expect(names).not.toContain('r0');
    });

    check('it goes on after a crash where it was, and repeats nothing that was settled', async (bench) => {
      const { queue } = bench;
      if (queue.crash === undefined) return;
      for (const text of ['a', 'b', 'c', 'd']) await queue.archive([text], 3_600);
      await settle(bench);
      bench.answer = (messages, task) =>
        isReplay(task)
          ? { ...toTurn({ taken: 1, delayMs: 1_000 }), retries: [{ body: `made of ${messages[0]}`, delayMs: 0 }] }
          : nothing;
      const { order } = await start(bench);
      for (let turn = 0; turn < 10; turn += 1) {
        await queue.drain();
        await queue.crash();
        bench.now += 1_000;
      }
      bench.now += acceptanceSlackMs;
      await settle(bench);
      const made = bench.seen.flatMap(({ messages }) => messages).filter((text) => text.startsWith('made'));
      expect(made).toEqual(['a', 'b', 'c', 'd'].map((text) => `made of ${text}`));
      expect(await queue.replays.get(shard, order.name)).toMatchObject({ state: 'completed', read: 4 });
    });

    check('what is archived outlives all else, until the time of the archives is over', async (bench) => {
      const { queue } = bench;
      // Gap: memory deletes nothing; there the archive's own time is kept by whoever reads.
      if (queue.crash === undefined) return;
      await queue.append(['plain']);
      await queue.archive(['a'], 2 * 86_400);
      await settle(bench);
      bench.now += 1.5 * 86_400_000;
      await settle(bench);
      await start(bench, { name: 'one', from: 0 });
      await settle(bench);
      expect(replayed(bench)).toEqual(['a']);
      bench.now += 86_400_000;
      await settle(bench);
      await start(bench, { name: 'two', from: 0 });
      await settle(bench);
      expect(replayed(bench)).toEqual(['a']);
    });

    check('it waits while too much waits in the lanes of its targets', async (bench) => {
      const { queue } = bench;
      for (let row = 0; row < 40; row += 1) await queue.archive([`a${row}${'x'.repeat(600_000)}`], 3_600);
      await settle(bench);
      bench.answer = (messages, task) => {
        if (task === undefined) return nothing;
        if (!isReplay(task)) {
          const left = { taken: 0, remains: [], delayMs: 600_000, ok: 0, failed: 0, gaveUp: false };
          return { ...nothing, turn: left };
        }
        const body = messages[0]?.slice(0, 3) ?? '';
        const retries = Array.from({ length: 20 }, () => ({ body, delayMs: 0, lane: 'rule/target' }));
        // Rows of their own each.
        const large = retries.map((retry) => ({ ...retry, body: retry.body.padEnd(300_000, 'y') }));
        return { ...toTurn({ taken: 1, targets: ['rule/target'] }), retries: large };
      };
      const { order } = await start(bench);
      await settle(bench);
      expect(await queue.replays.get(shard, order.name)).toMatchObject({ state: 'running', read: 4 });
    });

    check('it survives rows that are damaged or large', async (bench) => {
      const large = Array.from({ length: 5 }, (_, index) => `${index}${'漢'.repeat(240_000)}`);
      for (const text of large) await bench.queue.archive([text, `after ${text[0]}`], 3_600);
      await settle(bench);
      await start(bench);
      await settle(bench);
      expect(replayed(bench)).toEqual(large.flatMap((text) => [text, `after ${text[0]}`]));
    });
  });
}

const nothing: Settlement = { retries: [], records: [] };

function toTurn(outcome: Partial<ReplayOutcome>): Settlement {
  const replay = { taken: 0, skip: 0, read: outcome.taken ?? 0, replayed: 0, deliveries: 0, delayMs: 0, targets: [] };
  return { ...nothing, replay: { ...replay, ...outcome } };
}

async function start(bench: Bench, order: Partial<ReplayOrder> = {}): Promise<ReplayStatus> {
  const { now, queue } = bench;
  const complete: ReplayOrder = {
    tenant: 't',
    bus: 'b',
    name: 'again',
    id: 'x1',
    archive: 'all',
    from: now - 3_600_000,
    to: now,
    version: 1,
    startedAt: now,
    by: 'key',
    ...order,
  };
  const status = await queue.replays.start(shard, complete);
  if (status === undefined) throw new Error('the first shard has replays');
  return status;
}

/** Until nothing is due within the time that a replay waits for what may be late. */
async function settle(bench: Bench): Promise<void> {
  await bench.queue.drain();
  bench.now += acceptanceSlackMs;
  await bench.queue.drain();
}

function replayed({ seen }: Bench): string[] {
  return seen.flatMap(({ messages, skip }) => (skip === undefined ? [] : messages));
}

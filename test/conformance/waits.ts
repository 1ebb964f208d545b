import { describe, expect, it } from 'vitest';
import type { Waits } from '../../mesh/ports/waits.ts';
import type { DeliveryOutcome } from '../../mesh/publish/outcome.ts';
import { mostBoxes } from '../../adapters/waits.ts';
import type { QueueHost, QueueUnderTest } from './queue.ts';

const shard = { tenant: 't', bus: 'b', shard: 0 };
const long = 30_000;

/** What every queue keeps that lets publishers wait for what becomes of their events. */
export function describeWaits(
  name: string,
  run: (host: QueueHost, work: (queue: QueueUnderTest) => Promise<void>) => Promise<void>,
): void {
  function check(behaviour: string, work: (bench: Bench) => Promise<void>): void {
    it(behaviour, async () => {
      let now = 1_700_000_000_000;
      let answer: Bench['answer'] = (messages) => messages.map((receipt) => toOutcome({ receipt }));
      const host: QueueHost = {
        now: () => now,
        consume: (messages) => Promise.resolve().then(() => ({ retries: [], records: [], outcomes: answer(messages) })),
      };
      await run(host, ({ waits, ...queue }) => {
        if (waits === undefined) throw new Error('there is nothing to wait at');
        return work({
          queue,
          waits,
          append: (receipt, milliseconds = long) =>
            queue.append([receipt], undefined, undefined, { receipt, milliseconds }),
          pass: (milliseconds) => (now += milliseconds),
          set answer(value) {
            answer = value;
          },
          get answer() {
            return answer;
          },
        });
      });
    });
  }

  describe(`waits: ${name}`, () => {
    check('hands a publisher who waits what became of its deliveries', async ({ queue, waits, append }) => {
      await append('a');
      const taken = waits.take(shard, 'a', long);
      await queue.drain();
      expect(await taken).toEqual([toOutcome({ receipt: 'a' })]);
    });

    check('keeps what came before the publisher asked', async ({ queue, waits, append }) => {
      await append('a');
      await queue.drain();
      expect(await waits.take(shard, 'a', long)).toEqual([toOutcome({ receipt: 'a' })]);
    });

    check('hands out each outcome once, to whose it is', async ({ queue, waits, append }) => {
      await append('a');
      await append('b');
      await queue.append(['c']);
      await queue.drain();
      expect(await waits.take(shard, 'b', long)).toEqual([toOutcome({ receipt: 'b' })]);
      expect(await waits.take(shard, 'b', 0)).toEqual([]);
      expect(await waits.take(shard, 'a', long)).toEqual([toOutcome({ receipt: 'a' })]);
      expect(await waits.take(shard, 'c', long)).toBeUndefined();
    });

    check('tells decisions as well as facts, as they came', async (bench) => {
      const { queue, waits, append } = bench;
      const outcomes = [
        toOutcome({ status: 'pending', parts: [1, 2] }),
        toOutcome({ status: 'delivered', parts: [1], code: 204 }),
        toOutcome({ status: 'dead-lettered', parts: [2], code: 500, reason: 'the target answered 500' }),
      ];
      bench.answer = () => outcomes;
      await append('a');
      await queue.drain();
      const seen: DeliveryOutcome[] = [];
      while (seen.length < 3) seen.push(...((await waits.take(shard, 'a', long)) ?? []));
      expect(seen).toEqual(outcomes);
    });

    check('answers with nothing when the time is over', async ({ waits, append }) => {
      await append('a');
      expect(await waits.take(shard, 'a', 20)).toEqual([]);
    });

    check('knows nothing of a box that was never opened, or was closed', async ({ queue, waits, append }) => {
      expect(await waits.take(shard, 'never', long)).toBeUndefined();
      await append('a');
      const taken = waits.take(shard, 'a', long);
      await waits.close(shard, 'a');
      expect(await taken).toBeUndefined();
      await queue.drain();
      expect(await waits.take(shard, 'a', long)).toBeUndefined();
      await waits.close(shard, 'a');
    });

    check(
      'lets a bounded number wait, and room for others where their time is over',
      async ({ pass, waits, append }) => {
        await Promise.all(Array.from({ length: mostBoxes }, (_, index) => append(`r${index}`, 5_000)));
        await append('late');
        expect(await waits.take(shard, 'late', long)).toBeUndefined();
        pass(10_000);
        await append('later');
        expect(await waits.take(shard, 'later', 0)).toEqual([]);
        expect(await waits.take(shard, 'r0', 0)).toBeUndefined();
      },
    );

    check('knows of no box after a crash, and hands the event out all the same', async (bench) => {
      const { queue, waits, append } = bench;
      if (queue.crash === undefined) return;
      let handedOut = 0;
      bench.answer = () => {
        handedOut += 1;
        return [];
      };
      await append('a');
      await queue.crash();
      expect(await waits.take(shard, 'a', long)).toBeUndefined();
      await queue.drain();
      expect(handedOut).toBe(1);
    });

    check('loses a box that nobody empties rather than grow', async (bench) => {
      const { queue, waits, append } = bench;
      bench.answer = () => Array.from({ length: 5_000 }, () => toOutcome({}));
      await append('a');
      await queue.drain();
      expect(await waits.take(shard, 'a', 0)).toBeUndefined();
    });

    check('holds a bounded length of replies', async (bench) => {
      const { queue, waits, append } = bench;
      const reply = 'x'.repeat(1_000_000);
      bench.answer = () => Array.from({ length: 12 }, () => toOutcome({ reply }));
      for (let round = 0; round < 2; round++) {
        await append('a');
        await queue.drain();
        const replies = ((await waits.take(shard, 'a', long)) ?? []).map((outcome) => outcome.reply?.length);
        expect(replies).toEqual([...Array.from({ length: 8 }, () => 1_000_000), 0, 0, 0, 0]);
        await waits.close(shard, 'a');
      }
    });
  });
}

interface Bench {
  readonly queue: QueueUnderTest;
  readonly waits: Waits;
  readonly append: (receipt: string, milliseconds?: number) => Promise<unknown>;
  readonly pass: (milliseconds: number) => void;
  answer: (messages: readonly string[]) => readonly DeliveryOutcome[];
}

function toOutcome(outcome: Partial<DeliveryOutcome>): DeliveryOutcome {
  return { receipt: 'a', index: 0, rule: 'r', target: 't', status: 'delivered', attempt: 1, ...outcome };
}

/** A pause that can be broken off. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new Error('broken off'));
    });
  });
}

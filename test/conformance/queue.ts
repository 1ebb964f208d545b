import { describe, expect, it } from 'vitest';
import type { LaneMessage } from '../../mesh/lane.ts';
import type { LedgerFilter, LedgerRecord } from '../../mesh/ledger.ts';
import type { QueueConsumer, Turn } from '../../mesh/ports/consumer.ts';
import type { DeadLetters } from '../../mesh/ports/dead-letters.ts';
import type { Ledger } from '../../mesh/ports/ledger.ts';
import type { Appended, Claims, Entries } from '../../mesh/ports/queue.ts';
import type { Settlement, TurnOutcome } from '../../mesh/ports/settlement.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import { isReplay } from '../../mesh/replay/replay.ts';

/** One shard of a queue under a clock that the test owns. */
export interface QueueUnderTest {
  append(
    messages: readonly string[],
    laned?: readonly LaneMessage[],
    claims?: Claims,
    awaited?: Entries['awaited'],
  ): Promise<Appended>;
  /** Hands out everything that is due at the clock's time. */
  drain(): Promise<void>;
  /** When the queue wants to be drained next; `undefined` when it has nothing to do. */
  nextAt(): number | undefined;
  ledger: Ledger;
  deadLetters: DeadLetters;
  /** Absent where nobody can wait. */
  waits?: Waits;
  /** The process dies without a word and another one takes over the storage; absent where that is a gap. */
  crash?(): Promise<void>;
}

/** What was recorded, newest first, with the events of dead letters where those are asked for. */
export async function recorded(
  { ledger }: QueueUnderTest,
  filter: LedgerFilter = {},
  limit = 10,
): Promise<LedgerRecord[]> {
  const shard = { tenant: 't', bus: 'b', shard: 0 };
  const { items } = await ledger.list(shard, { filter, limit, eventLength: 8_000_000 });
  return items.map(({ record }) => record);
}

export interface QueueHost {
  now(): number;
  consume: QueueConsumer;
}

/** Why this queue does not keep, or cannot show here, what others do: by behaviour. */
export type Gaps = Readonly<Record<string, string>>;

/** What every queue keeps: at least once, in order of arrival, later what is retried, and all of it after a crash. */
export function describeQueue(
  name: string,
  run: (host: QueueHost, work: (queue: QueueUnderTest) => Promise<void>) => Promise<void>,
  gaps: Gaps = {},
): void {
  const declared = new Map(Object.entries(gaps));

  function check(behaviour: string, work: (bench: Bench) => Promise<void>): void {
    const gap = declared.get(behaviour);
    if (gap !== undefined) {
      declared.delete(behaviour);
      it.skip(`${behaviour} (a gap: ${gap})`, () => undefined);
      return;
    }
    it(behaviour, async () => {
      const bench = createBench();
      await run(bench.host, async (queue) => {
        bench.queue = queue;
        await work(bench);
      });
    });
  }

  describe(`queue: ${name}`, () => {
    check('hands out every message once, in the order of arrival', async ({ queue, seen }) => {
      await queue.append(['a', 'b']);
      await queue.append(['c']);
      await queue.drain();
      expect(seen).toEqual(['a', 'b', 'c']);
      await queue.drain();
      expect(seen).toHaveLength(3);
    });

    check('keeps messages as they are, whatever is in them', async ({ queue, seen }) => {
      const texts = ['', '\n', '1,2\n', '😀é\u0000', '{"a":"\\""}', 'x'.repeat(600_000), '漢'.repeat(200_000)];
      await queue.append(texts);
      await queue.drain();
      expect(seen).toEqual(texts);
    });

    check('takes appends from many at once', async ({ queue, seen }) => {
      await Promise.all(Array.from({ length: 200 }, (_, index) => queue.append([`m${index}`])));
      await queue.drain();
      expect(seen.toSorted()).toEqual(Array.from({ length: 200 }, (_, index) => `m${index}`).toSorted());
    });

    check('hands out a retry when it is due and not before', async ({ queue, seen, bench }) => {
      bench.answer = (messages) => ({
        retries: messages.filter((text) => text === 'again').map(() => ({ body: 'second', delayMs: 5_000 })),
        records: [],
      });
      await queue.append(['again', 'once']);
      await queue.drain();
      expect(queue.nextAt()).toBe(bench.now + 5_000);
      bench.now += 4_999;
      await queue.drain();
      expect(seen).toEqual(['again', 'once']);
      bench.now += 1;
      await queue.drain();
      expect(seen).toEqual(['again', 'once', 'second']);
      bench.now += 100_000;
      await queue.drain();
      expect(seen).toHaveLength(3);
    });

    check('hands messages out again when the consumer failed', async ({ queue, seen, bench }) => {
      let failures = 1;
      bench.answer = () => {
        if (failures-- > 0) throw new Error('the consumer broke');
        return { retries: [], records: [] };
      };
      await queue.append(['a', 'b']);
      await queue.drain();
      bench.now += 60_000;
      await queue.drain();
      expect(seen.filter((text) => text === 'a')).toHaveLength(2);
      expect(seen.filter((text) => text === 'b')).toHaveLength(2);
      bench.now += 3_600_000;
      await queue.drain();
      expect(seen).toHaveLength(4);
    });

    check('goes on with other messages while one always fails', async ({ queue, seen, bench }) => {
      bench.answer = (messages) => {
        if (messages.includes('poison')) throw new Error('cannot be handled');
        return { retries: [], records: [] };
      };
      await queue.append(['good', 'poison']);
      await queue.append(['later']);
      for (let minute = 0; minute < 5; minute++) {
        await queue.drain();
        bench.now += 60_000;
      }
      expect(seen).toContain('later');
      expect(seen).toContain('good');
    });

    check('stores what is claimed once, until the claim is over', async ({ queue, seen, bench }) => {
      expect(await queue.append(['a'], [], claims({ a: [0] }))).toEqual({ duplicates: [] });
      expect(await queue.append(['a again'], [], claims({ a: [0] }))).toEqual({ duplicates: [0] });
      bench.now += 59_999;
      expect(await queue.append(['a again', 'b'], [], claims({ a: [0], b: [1] }))).toEqual({ duplicates: [0] });
      await queue.drain();
      expect(seen).toEqual(['a', 'b']);
      bench.now += 1;
      expect(await queue.append(['a later', 'b again'], [], claims({ a: [0], b: [1] }))).toEqual({ duplicates: [1] });
      await queue.drain();
      expect(seen).toEqual(['a', 'b', 'a later']);
    });

    check('leaves out all that belongs to a claim that is known, and nothing else', async ({ queue, seen, bench }) => {
      bench.answer = (messages, turn) =>
        turn === undefined ? { retries: [], records: [] } : toTurn({ taken: messages.length });
      const laned = ['known in lane', 'new in lane', 'free in lane'].map((body) => ({ lane: ordered, body }));
      await queue.append(['first'], [], claims({ known: [0] }));
      const { duplicates } = await queue.append(['known 1', 'new', 'known 2', 'free'], laned, {
        seconds: 60,
        events: [
          { key: 'new', messages: [1], laned: [1] },
          { key: 'known', messages: [0, 2], laned: [0] },
        ],
      });
      expect(duplicates).toEqual([1]);
      await queue.drain();
      expect(seen.toSorted()).toEqual(['first', 'free', 'free in lane', 'new', 'new in lane']);
    });

    check('has one first among many at once, in one append as well', async ({ queue, seen }) => {
      const appended = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          queue.append([`${index} x`, `${index} y`, `${index} x again`], [], {
            seconds: 60,
            events: [
              { key: 'x', messages: [0], laned: [] },
              { key: `y${index % 10}`, messages: [1], laned: [] },
              { key: 'x', messages: [2], laned: [] },
            ],
          }),
        ),
      );
      expect(appended.flatMap(({ duplicates }) => duplicates)).toHaveLength(150 - 11);
      await queue.drain();
      expect(seen.filter((text) => text.includes('x'))).toHaveLength(1);
      expect(seen.filter((text) => text.includes('y'))).toHaveLength(10);
    });

    check('knows many claims, and keeps none for good', async ({ queue, seen, bench }) => {
      const keys = Array.from({ length: 2_500 }, (_, index) => `key ${index}`);
      const entries = [keys, [], claims(Object.fromEntries(keys.map((key, index) => [key, [index]])))] as const;
      await queue.append(...entries);
      expect((await queue.append(...entries)).duplicates).toHaveLength(2_500);
      await queue.drain();
      expect(seen).toHaveLength(2_500);
      for (let next = queue.nextAt(), left = 10; next !== undefined && left > 0; next = queue.nextAt(), left -= 1) {
        bench.now = Math.max(bench.now, next);
        await queue.drain();
      }
      expect(queue.nextAt()).toBeUndefined();
      bench.now += 60_000;
      expect((await queue.append(...entries)).duplicates).toEqual([]);
    });

    check('knows after a crash what it has claimed', async ({ queue, seen, bench }) => {
      if (queue.crash === undefined) return;
      await queue.append(['a'], [], claims({ a: [0] }));
      await queue.crash();
      expect(await bench.queue.append(['a again'], [], claims({ a: [0] }))).toEqual({ duplicates: [0] });
      await bench.queue.drain();
      expect(seen).toEqual(['a']);
    });

    check('finds what was recorded by event, status, rule and target, newest first', async ({ queue, bench }) => {
      bench.answer = (messages) => ({ retries: [], records: messages.map((id) => toRecord(id, bench.now)) });
      await queue.append(['e1', 'e2']);
      await queue.drain();
      bench.now += 10;
      await queue.append(['dead', 'e1']);
      await queue.drain();
      const all = await recorded(queue);
      expect(all.map((record) => record.eventId)).toEqual(['e1', 'dead', 'e2', 'e1']);
      expect(await recorded(queue, {}, 1)).toHaveLength(1);
      expect(await recorded(queue, { eventId: 'e1' })).toHaveLength(2);
      expect(await recorded(queue, { eventId: 'e1', target: 'other' })).toEqual([]);
      expect(await recorded(queue, { rule: 'r', target: 'x' })).toHaveLength(4);
      const [dead] = await recorded(queue, { status: 'dead-lettered' });
      expect(dead).toMatchObject({ eventId: 'dead', event: '{"whole":"event"}' });
    });

    check('records as much as it is told, and dead letters as large as events may be', async ({ queue, bench }) => {
      const event = JSON.stringify({ data: '"\\'.repeat(260_000) });
      bench.answer = (messages) => ({
        retries: [],
        records: messages.flatMap((id) => [
          { ...toRecord('dead', bench.now), event },
          ...Array.from({ length: 9_000 }, () => ({ ...toRecord(id, bench.now), reason: 'r'.repeat(200) })),
        ]),
      });
      await queue.append(['many']);
      await queue.drain();
      expect(await recorded(queue, { eventId: 'many' }, 1_000)).toHaveLength(1_000);
      const [dead] = await recorded(queue, { status: 'dead-lettered' });
      expect(dead?.event).toBe(event);
    });

    check('gives a lane its turns, and keeps what a turn leaves in front', async ({ queue, seen, bench }) => {
      const turns: (Turn | undefined)[] = [];
      let left = 2;
      bench.answer = (messages, turn) => {
        turns.push(turn);
        if (turn === undefined) return { retries: [], records: [] };
        return left-- > 0 ? toTurn({ taken: 1, remains: ['1b'], delayMs: 1_000 }) : toTurn({ taken: messages.length });
      };
      await queue.append(['direct'], [{ lane: ordered, body: '1' }]);
      await queue.append([], [{ lane: ordered, body: '2' }]);
      await queue.drain();
      expect(seen.toSorted()).toEqual(['1', '2', 'direct']);
      expect(turns.filter((turn) => turn !== undefined)).toEqual([{ lane: ordered, probe: false }]);
      await queue.drain();
      expect(seen).toHaveLength(3);
      bench.now += 1_000;
      await queue.drain();
      expect(seen.slice(3)).toEqual(['1b', '2']);
      bench.now += 1_000;
      await queue.drain();
      expect(seen.slice(5)).toEqual(['1b', '2']);
      bench.now += 60_000;
      await queue.drain();
      expect(seen).toHaveLength(7);
    });

    check('hands a lane back what was not taken, untouched', async ({ queue, seen, bench }) => {
      const texts = ['', '1,2\n', '漢'.repeat(400_000), 'last'];
      bench.answer = () => toTurn({ taken: 1 });
      await queue.append(
        [],
        texts.map((body) => ({ lane: unordered, body })),
      );
      for (let turn = 0; turn < 6; turn++) await queue.drain();
      expect(seen.filter((text) => text === 'last').length).toBeGreaterThan(0);
      expect(new Set(seen)).toEqual(new Set(texts));
      const before = seen.length;
      await queue.drain();
      expect(seen).toHaveLength(before);
    });

    check('puts a retry into its lane at its time, before what is not due', async ({ queue, seen, bench }) => {
      bench.answer = (messages, turn) =>
        turn === undefined
          ? {
              retries: messages.map((body) => ({ body: `${body}-in-lane`, delayMs: 5_000, lane: unordered })),
              records: [],
            }
          : toTurn({ taken: messages.length });
      await queue.append(['a']);
      await queue.drain();
      expect(seen).toEqual(['a']);
      expect(queue.nextAt()).toBe(bench.now + 5_000);
      bench.now += 5_000;
      await queue.drain();
      expect(seen).toEqual(['a', 'a-in-lane']);
      bench.now += 60_000;
      await queue.drain();
      expect(seen).toHaveLength(2);
    });

    check('lets a lane rest as long as its last turn said, whatever is added to it', async ({ queue, seen, bench }) => {
      bench.answer = (messages) => toTurn({ taken: messages.length, delayMs: 1_000, ok: 1 });
      await queue.append([], [{ lane: unordered, body: 'a' }]);
      await queue.drain();
      await queue.append([], [{ lane: unordered, body: 'b' }]);
      await queue.drain();
      expect(seen).toEqual(['a']);
      expect(queue.nextAt()).toBe(bench.now + 1_000);
      bench.now += 1_000;
      await queue.drain();
      expect(seen).toEqual(['a', 'b']);
    });

    check('asks a target that was given up by one probe after half a minute', async ({ queue, bench }) => {
      const turns: Turn[] = [];
      bench.answer = (messages, turn) => {
        if (turn !== undefined) turns.push(turn);
        return turns.length < 3
          ? toTurn({ taken: 0, ok: 0, failed: 1, gaveUp: true })
          : toTurn({ taken: messages.length, ok: 1 });
      };
      await queue.append([], [{ lane: unordered, body: 'x' }]);
      await queue.drain();
      bench.now += 29_999;
      await queue.drain();
      expect(turns).toEqual([{ lane: unordered, probe: false }]);
      bench.now += 1;
      await queue.drain();
      bench.now += 30_000;
      await queue.drain();
      expect(turns.map(({ probe }) => probe)).toEqual([false, true, true]);
      await queue.append([], [{ lane: unordered, body: 'y' }]);
      await queue.drain();
      expect(turns.map(({ probe }) => probe)).toEqual([false, true, true, false]);
    });

    check('repeats a turn whose consumer failed, and keeps its order', async ({ queue, seen, bench }) => {
      let failures = 1;
      bench.answer = (messages) => {
        if (failures-- > 0) throw new Error('the consumer broke');
        return toTurn({ taken: messages.length });
      };
      await queue.append(
        [],
        ['1', '2'].map((body) => ({ lane: ordered, body })),
      );
      for (let minute = 0; minute < 4; minute++) {
        await queue.drain();
        bench.now += 60_000;
      }
      expect(seen).toEqual(['1', '2', '1', '2']);
    });

    check('finds its lanes again after a crash', async ({ queue, seen, bench }) => {
      bench.answer = (messages, turn) =>
        turn?.lane === unordered ? toTurn({ taken: messages.length }) : toTurn({ taken: 0, delayMs: 10_000 });
      const lanes = Array.from({ length: 30 }, (_, index) => ({ lane: `r/t${index}#k`, body: `k${index}` }));
      await queue.append([], [...lanes, { lane: unordered, body: 'u' }]);
      await queue.drain();
      await crash(queue);
      bench.answer = (messages) => toTurn({ taken: messages.length });
      // A queue may remember that they rest, or may not.
      expect(bench.queue.nextAt()).toBeLessThanOrEqual(bench.now + 10_000);
      bench.now += 10_000;
      seen.length = 0;
      await bench.queue.drain();
      expect(seen.toSorted()).toEqual(lanes.map(({ body }) => body).toSorted());
    });

    check(
      'loses nothing in a crash between append and drain, and repeats nothing that was settled',
      async ({ queue, seen, bench }) => {
        bench.answer = (messages) => ({
          retries: messages.filter((text) => text === 'a').map(() => ({ body: 'a2', delayMs: 1_000 })),
          records: [],
        });
        await queue.append(['a']);
        await queue.drain();
        await queue.append(['b', 'c']);
        await crash(queue);
        expect(bench.queue.nextAt()).toBeLessThanOrEqual(bench.now);
        await bench.queue.drain();
        bench.now += 1_000;
        await bench.queue.drain();
        expect(seen).toEqual(['a', 'b', 'c', 'a2']);
      },
    );
    it('has no gaps that it does not know of', () => {
      expect([...declared.keys()]).toEqual([]);
    });
  });
}

async function crash(queue: QueueUnderTest): Promise<void> {
  if (queue.crash === undefined) throw new Error('nothing can crash here: the gap has to be declared');
  await queue.crash();
}

const unordered = 'rule/target';
const ordered = 'rule/target#key';

/** Which messages are whose. */
function claims(messages: Readonly<Record<string, readonly number[]>>): Claims {
  return {
    seconds: 60,
    events: Object.entries(messages).map(([key, positions]) => ({ key, messages: positions, laned: [] })),
  };
}

function toTurn(outcome: Partial<TurnOutcome>): Settlement {
  const turn = { taken: 0, remains: [], delayMs: 0, ok: 0, failed: 0, gaveUp: false, ...outcome };
  return { retries: [], records: [], turn };
}

interface Bench {
  queue: QueueUnderTest;
  readonly seen: string[];
  readonly host: QueueHost;
  readonly bench: {
    now: number;
    answer: (messages: readonly string[], turn?: Turn) => Awaited<ReturnType<QueueConsumer>>;
    queue: QueueUnderTest;
  };
}

function createBench(): Bench {
  const seen: string[] = [];
  const bench = {
    now: 1_700_000_000_000,
    answer: (_messages: readonly string[], _turn?: Turn): Awaited<ReturnType<QueueConsumer>> => ({
      retries: [],
      records: [],
    }),
    queue: undefined as unknown as QueueUnderTest,
  };
  return {
    seen,
    bench,
    get queue() {
      return bench.queue;
    },
    set queue(queue) {
      bench.queue = queue;
    },
    host: {
      now: () => bench.now,
      consume: (messages, task) => {
        const turn = isReplay(task) ? undefined : task;
        seen.push(...messages);
        return Promise.resolve().then(() => bench.answer(messages, turn));
      },
    },
  };
}

function toRecord(eventId: string, at: number): LedgerRecord {
  const dead = eventId === 'dead';
  return {
    at,
    tenant: 't',
    bus: 'b',
    status: dead ? 'dead-lettered' : 'delivered',
    eventId,
    source: '/s',
    type: 'x',
    rule: 'r',
    target: 'x',
    attempt: 1,
    ...(dead ? { event: '{"whole":"event"}' } : {}),
  };
}

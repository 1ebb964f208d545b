import { describe, expect, it } from 'vitest';
import { fromJson } from '../../event/json-format.ts';
import type { DeadLetterEntry, DeadLetterQuery } from '../../mesh/dead-letters/query.ts';
import type { RedriveOrder } from '../../mesh/dead-letters/redrive.ts';
import { decodeEnvelope } from '../../mesh/envelope.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { Turn } from '../../mesh/ports/consumer.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import { isReplay } from '../../mesh/replay/replay.ts';
import { type QueueHost, type QueueUnderTest, recorded } from './queue.ts';

/** What every queue keeps of deliveries that were given up, and how they are put back. */
export function describeDeadLetters(
  name: string,
  run: (host: QueueHost, work: (queue: QueueUnderTest) => Promise<void>) => Promise<void>,
): void {
  function check(behaviour: string, work: (bench: Bench) => Promise<void>): void {
    it(behaviour, async () => {
      const bench: Bench = {
        now: 1_700_000_000_000,
        queue: undefined as unknown as QueueUnderTest,
        answer: (messages, turn) => (turn === undefined ? settled(messages) : taken(messages)),
        seen: [],
      };
      const host: QueueHost = {
        now: () => bench.now,
        consume: (messages, task) => {
          const turn = isReplay(task) ? undefined : task;
          for (const body of messages) bench.seen.push({ body, ...(turn === undefined ? {} : { lane: turn.lane }) });
          return Promise.resolve(bench.answer(messages, turn));
        },
      };
      await run(host, async (queue) => {
        bench.queue = queue;
        await work(bench);
      });
    });
  }

  describe(`dead letters: ${name}`, () => {
    check('are listed newest first or oldest first, without their events, page by page', async (bench) => {
      await die(
        bench,
        ['e1', 'e2', 'e3', 'e4', 'e5'].map((id) => toDead(id, bench.now)),
      );
      const all = await list(bench, {});
      expect(all.items.map(({ record }) => record.eventId)).toEqual(['e5', 'e4', 'e3', 'e2', 'e1']);
      expect(all.reached).toBeUndefined();
      expect(all.items.every(({ record }) => record.event === undefined)).toBe(true);
      for (const order of ['newest', 'oldest'] as const) {
        const found: string[] = [];
        let after: number | undefined;
        do {
          const page = await list(bench, { order, limit: 2, ...(after === undefined ? {} : { after }) });
          expect(page.items.length).toBeLessThanOrEqual(2);
          found.push(...page.items.map(({ record }) => record.eventId));
          after = page.reached;
        } while (after !== undefined);
        expect(found).toEqual(order === 'oldest' ? ['e1', 'e2', 'e3', 'e4', 'e5'] : ['e5', 'e4', 'e3', 'e2', 'e1']);
      }
    });

    check('are found by rule, target, type, source, event and time', async (bench) => {
      await die(bench, [toDead('e1', bench.now), toDead('e2', bench.now, { rule: 'other', target: 'second' })]);
      bench.now += 1_000;
      await die(bench, [toDead('e3', bench.now, { type: 'paid', source: '/b' })]);
      const found = async (filter: DeadLetterQuery['filter']): Promise<string[]> =>
        (await list(bench, { filter })).items.map(({ record }) => record.eventId);
      expect(await found({ rule: 'other' })).toEqual(['e2']);
      expect(await found({ target: 'second' })).toEqual(['e2']);
      expect(await found({ type: 'paid' })).toEqual(['e3']);
      expect(await found({ source: '/b' })).toEqual(['e3']);
      expect(await found({ eventId: 'e1' })).toEqual(['e1']);
      expect(await found({ before: bench.now })).toEqual(['e2', 'e1']);
      expect(await found({ rule: 'all', before: bench.now })).toEqual(['e1']);
      expect(await found({ rule: 'none' })).toEqual([]);
    });

    check('are had one by one, with their event', async (bench) => {
      await die(bench, [toDead('e1', bench.now)]);
      const [entry] = (await list(bench, {})).items;
      const whole = await bench.queue.deadLetters.get(shard, entry?.sequence ?? 0);
      expect(whole).toMatchObject({ record: { eventId: 'e1', event: toEvent('e1'), receipt: { id: 'r-e1' } } });
      expect(await bench.queue.deadLetters.get(shard, 999_999)).toBeUndefined();
    });

    check('are put back as new deliveries of the same parts to the same target', async (bench) => {
      await die(bench, [toDead('e1', bench.now, { attempt: 24, parts: [2, 3] }), toDead('stays', bench.now)]);
      bench.now += 5_000;
      expect(await redrive(bench, ['e1'])).toMatchObject({ redriven: [expect.any(Number)], looked: 1 });
      await bench.queue.drain();
      expect(bench.seen).toHaveLength(1);
      expect(decodeEnvelope(bench.seen[0]?.body ?? '')).toMatchObject({
        tenant: 't',
        bus: 'b',
        version: 7,
        attempts: 0,
        events: [
          {
            event: { json: toEvent('e1') },
            // The same name as before, so that a target knows it again; the age counts anew.
            receipt: { id: 'r-e1', at: bench.now },
            index: 3,
            deliveries: [{ rule: 'all', target: 'crm', parts: [2, 3] }],
          },
        ],
      });
      expect((await list(bench, {})).items.map(({ record }) => record.eventId)).toEqual(['stays']);
      const [last] = await recorded(bench.queue, { eventId: 'e1' });
      expect(last).toMatchObject({ status: 'redriven', at: bench.now, rule: 'all', target: 'crm', parts: [2, 3] });
      expect(last?.reason).toContain('operator');
      expect(last?.event).toBeUndefined();
      await bench.queue.drain();
      expect(bench.seen).toHaveLength(1);
    });

    check('are not put back twice, nor when they were deleted', async (bench) => {
      await die(
        bench,
        ['e1', 'e2', 'e3'].map((id) => toDead(id, bench.now)),
      );
      const sequences = (await list(bench, { order: 'oldest' })).items.map(({ sequence }) => sequence);
      const [first = 0, second = 0, third = 0] = sequences;
      expect(await bench.queue.deadLetters.delete(shard, [first, first, 999_999])).toBe(1);
      expect((await bench.queue.deadLetters.redrive(shard, [second], order(bench))).redriven).toEqual([second]);
      const outcome = await bench.queue.deadLetters.redrive(shard, sequences, order(bench));
      expect(outcome).toEqual({ redriven: [third], looked: 3 });
      await bench.queue.drain();
      const events = bench.seen.flatMap(({ body }) => decodeEnvelope(body).events);
      expect(events.map(({ event }) => event.attributes.id).toSorted()).toEqual(['e2', 'e3']);
      expect((await list(bench, {})).items).toEqual([]);
    });

    check('go to the end of the lane of a target that has one', async (bench) => {
      await die(bench, [toDead('e1', bench.now, {}, 'k')]);
      const lane = 'all/crm#';
      const settings = { name: 'crm', ordering: 'partitionkey' } as const;
      await redrive(bench, ['e1'], { lanes: [{ rule: 'all', settings }] });
      await bench.queue.drain();
      expect(bench.seen.map((message) => message.lane?.slice(0, lane.length))).toEqual([lane]);
    });

    check('may be put back with another event, which has another name for its target', async (bench) => {
      await die(bench, [toDead('e1', bench.now)]);
      await redrive(bench, ['e1'], { event: toEvent('mended') });
      await bench.queue.drain();
      const [planned] = decodeEnvelope(bench.seen[0]?.body ?? '').events;
      expect(planned).toMatchObject({ event: { json: toEvent('mended') }, receipt: { id: 'redrive' } });
      const [last] = await recorded(bench.queue, { eventId: 'e1' });
      expect(last?.reason).toContain('edited event of the id mended');
    });

    check('stay when their event cannot be read', async (bench) => {
      await die(bench, [{ ...toDead('broken', bench.now), event: '{"id":' }]);
      expect((await redrive(bench, ['broken'])).redriven).toEqual([]);
      expect((await list(bench, {})).items).toHaveLength(1);
    });

    check('are put back a part at a time where their events are large', async (bench) => {
      const ids = Array.from({ length: 12 }, (_, index) => `e${index}`);
      await die(
        bench,
        ids.map((id) => ({ ...toDead(id, bench.now), event: toEvent(id, { data: 'x'.repeat(1_000_000) }) })),
      );
      const outcome = await redrive(bench, ids);
      expect(outcome.looked).toBeLessThan(12);
      expect(outcome.redriven).toHaveLength(outcome.looked);
      expect((await list(bench, {})).items).toHaveLength(12 - outcome.looked);
    });

    check('that were put back survive a crash, as deliveries and as nothing else', async (bench) => {
      if (bench.queue.crash === undefined) return;
      await die(
        bench,
        ['e1', 'e2'].map((id) => toDead(id, bench.now)),
      );
      await redrive(bench, ['e1']);
      await bench.queue.crash();
      expect(bench.queue.nextAt()).toBeLessThanOrEqual(bench.now);
      await bench.queue.drain();
      expect(bench.seen).toHaveLength(1);
      expect((await list(bench, {})).items.map(({ record }) => record.eventId)).toEqual(['e2']);
    });

    check('leave their numbers to nobody when they are deleted', async (bench) => {
      await die(
        bench,
        ['e1', 'e2'].map((id) => toDead(id, bench.now)),
      );
      const numbers = (await list(bench, {})).items.map(toSequence);
      // What has higher numbers is forgotten first.
      bench.now += 2 * 86_400_000;
      await bench.queue.drain();
      await bench.queue.deadLetters.delete(shard, numbers);
      await bench.queue.crash?.();
      await die(
        bench,
        ['e3', 'e4'].map((id) => toDead(id, bench.now)),
      );
      const later = (await list(bench, {})).items.map(toSequence);
      expect(Math.min(...later)).toBeGreaterThan(Math.max(...numbers));
    });

    check('that die again are there again', async (bench) => {
      await die(bench, [toDead('e1', bench.now)]);
      const [first] = (await list(bench, {})).items;
      await redrive(bench, ['e1']);
      bench.answer = () => ({ retries: [], records: [toDead('e1', bench.now)] });
      await bench.queue.drain();
      const [again] = (await list(bench, {})).items;
      expect(again?.sequence).toBeGreaterThan(first?.sequence ?? 0);
    });

    check('lanes tell what waits for which target', async (bench) => {
      const bodies = ['r/t', 'r/t#a', 'r/t#b', 'r/t-2', 'r/t2'].map((lane) => ({ lane, body: lane }));
      bench.answer = (messages, turn) =>
        turn?.lane === 'r/t2'
          ? taken(messages, { taken: 0, ok: 0, failed: 1, gaveUp: true })
          : taken(messages, { taken: 0, delayMs: 60_000 });
      await bench.queue.append([], bodies);
      await bench.queue.drain();
      const lanes = await bench.queue.ledger.lanes(shard);
      expect(new Map(lanes.map(({ target, breaker, waiting }) => [target, `${waiting} ${breaker}`]))).toEqual(
        new Map([
          ['r/t', '3 closed'],
          ['r/t-2', '1 closed'],
          ['r/t2', '1 open'],
        ]),
      );
      expect(lanes.find(({ target }) => target === 'r/t2')?.probeAt).toBe(bench.now + 30_000);
      if (bench.queue.crash === undefined) return;
      await bench.queue.crash();
      expect((await bench.queue.ledger.lanes(shard)).map(({ target }) => target).toSorted()).toEqual([
        'r/t',
        'r/t-2',
        'r/t2',
      ]);
    });
  });
}

interface Bench {
  now: number;
  queue: QueueUnderTest;
  answer: (messages: readonly string[], turn?: Turn) => Settlement;
  readonly seen: { body: string; lane?: string }[];
}

const shard = { tenant: 't', bus: 'b', shard: 0 };

async function die(bench: Bench, records: readonly LedgerRecord[]): Promise<void> {
  const { answer } = bench;
  bench.answer = () => ({ retries: [], records });
  await bench.queue.append(['dying']);
  await bench.queue.drain();
  bench.answer = answer;
  bench.seen.length = 0;
}

function list(bench: Bench, query: Partial<DeadLetterQuery>): ReturnType<QueueUnderTest['deadLetters']['list']> {
  return bench.queue.deadLetters.list(shard, { filter: {}, order: 'newest', limit: 100, ...query });
}

async function redrive(bench: Bench, ids: readonly string[], more: Partial<RedriveOrder> = {}) {
  const { items } = await list(bench, { order: 'oldest' });
  const sequences = items.filter(({ record }) => ids.includes(record.eventId)).map(toSequence);
  return bench.queue.deadLetters.redrive(shard, sequences, { ...order(bench), ...more });
}

function toSequence({ sequence }: DeadLetterEntry): number {
  return sequence;
}

function order({ now }: Bench): RedriveOrder {
  return { tenant: 't', bus: 'b', version: 7, receipt: { id: 'redrive', at: now }, by: 'operator', lanes: [] };
}

function settled(_messages: readonly string[]): Settlement {
  return { retries: [], records: [] };
}

function taken(messages: readonly string[], outcome: Partial<Settlement['turn']> = {}): Settlement {
  const all = { taken: messages.length, remains: [], delayMs: 0, ok: 1, failed: 0, gaveUp: false };
  return { retries: [], records: [], turn: { ...all, ...outcome } };
}

function toEvent(id: string, more: Record<string, unknown> = {}): string {
  const json = JSON.stringify({ specversion: '1.0', id, source: '/s', type: 'x', data: { id }, ...more });
  return fromJson(json).json;
}

function toDead(id: string, at: number, more: Partial<LedgerRecord> = {}, partitionkey?: string): LedgerRecord {
  return {
    at,
    tenant: 't',
    bus: 'b',
    status: 'dead-lettered',
    eventId: id,
    source: '/s',
    type: 'x',
    rule: 'all',
    target: 'crm',
    attempt: 1,
    reason: 'it did not work',
    event: toEvent(id, partitionkey === undefined ? {} : { partitionkey }),
    receipt: { id: `r-${id}`, index: 3, at: at - 60_000 },
    ...more,
  };
}

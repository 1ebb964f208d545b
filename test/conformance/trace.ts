import { describe, expect, it } from 'vitest';
import { fromJson } from '../../event/json-format.ts';
import { type DeliveryPlan, encodeEnvelope } from '../../mesh/envelope.ts';
import { type BusPlace, type Positions, readEvents, readRecords } from '../../mesh/history.ts';
import { isPosition, type LedgerFilter, type LedgerRecord } from '../../mesh/ledger.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import type { EventFilter, KeptEvent } from '../../mesh/trace/query.ts';
import type { QueueHost, QueueUnderTest } from './queue.ts';

/** What every queue tells of the events that it keeps, of what happened to them, and of what waits. */
export function describeTrace(
  name: string,
  run: (host: QueueHost, work: (queue: QueueUnderTest) => Promise<void>) => Promise<void>,
): void {
  function check(behaviour: string, work: (bench: Bench) => Promise<void>): void {
    it(behaviour, async () => {
      const bench: Bench = {
        now: 1_700_000_000_000,
        queue: undefined as unknown as QueueUnderTest,
        answer: () => ({ retries: [], records: [] }),
      };
      const host: QueueHost = {
        now: () => bench.now,
        consume: (messages, turn) => Promise.resolve(bench.answer(messages, turn !== undefined)),
      };
      await run(host, async (queue) => {
        bench.queue = queue;
        await work(bench);
      });
    });
  }

  describe(`trace: ${name}`, () => {
    check('finds what happened by every name, by time, and by several together', async (bench) => {
      await record(bench, [
        toRecord('e1', bench.now),
        toRecord('e2', bench.now, { type: 'paid', rule: 'other' }),
        toRecord('e3', bench.now, { source: '/b', target: 'second', status: 'filtered' }),
      ]);
      bench.now += 3_600_000;
      await record(bench, [toRecord('e4', bench.now, { type: 'paid' })]);
      const found = async (filter: LedgerFilter): Promise<string> => {
        const { records } = await readRecords(bench.queue.ledger, bus, { filter, limit: 10 });
        return records.map(({ eventId }) => eventId).join(' ');
      };
      expect(await found({})).toBe('e4 e3 e2 e1');
      expect(await found({ eventId: 'e1' })).toBe('e1');
      expect(await found({ type: 'paid' })).toBe('e4 e2');
      expect(await found({ source: '/b' })).toBe('e3');
      expect(await found({ rule: 'other' })).toBe('e2');
      expect(await found({ target: 'second' })).toBe('e3');
      expect(await found({ status: 'filtered' })).toBe('e3');
      expect(await found({ from: bench.now })).toBe('e4');
      expect(await found({ to: bench.now })).toBe('e3 e2 e1');
      expect(await found({ from: bench.now - 3_600_000, to: bench.now - 3_599_999, type: 'paid' })).toBe('e2');
      expect(await found({ type: 'paid', rule: 'all', source: '/a', status: 'delivered' })).toBe('e4');
      expect(await found({ type: 'paid', source: '/b' })).toBe('');
      expect(await found({ from: bench.now + 1 })).toBe('');
      expect(await found({ to: 1 })).toBe('');
    });

    check('goes through what happened page by page, while more happens', async (bench) => {
      for (let batch = 0; batch < 5; batch++) {
        bench.now += 1_000;
        const ids = Array.from({ length: 7 }, (_, index) => `e${batch * 7 + index}`);
        await record(
          bench,
          ids.map((id) => toRecord(id, bench.now)),
        );
      }
      const found: string[] = [];
      let positions: Positions | undefined = [];
      for (let page = 0; positions !== undefined; page++) {
        const read = await readRecords(bench.queue.ledger, bus, { filter: {}, limit: 4, positions });
        expect(read.positions?.every((position) => position === undefined || isPosition(position))).not.toBe(false);
        found.push(...read.records.map(({ eventId }) => eventId));
        positions = read.positions;
        await record(bench, [toRecord(`new${page}`, bench.now)]);
      }
      expect(found).toEqual(Array.from({ length: 35 }, (_, index) => `e${34 - index}`));
    });

    check('gives up to a thousand at once', async (bench) => {
      await record(
        bench,
        Array.from({ length: 1_200 }, (_, index) => toRecord(`e${index}`, bench.now)),
      );
      const first = await readRecords(bench.queue.ledger, bus, { filter: {}, limit: 1_000 });
      const { positions } = first;
      const second = await readRecords(bench.queue.ledger, bus, { filter: {}, limit: 1_000, positions });
      expect([first.records.length, second.records.length, second.positions]).toEqual([1_000, 200, undefined]);
      expect(new Set([...first.records, ...second.records].map(({ eventId }) => eventId)).size).toBe(1_200);
    });

    check('shows the events of dead letters only where they are asked for', async (bench) => {
      await record(bench, [{ ...toRecord('e1', bench.now, { status: 'dead-lettered' }), event: toJson('e1') }]);
      const ask = async (eventLength: number): Promise<LedgerRecord | undefined> => {
        const filter = { status: 'dead-lettered' } as const;
        return (await readRecords(bench.queue.ledger, bus, { filter, limit: 1, eventLength })).records[0];
      };
      expect(await ask(1_000)).toMatchObject({ eventId: 'e1', event: toJson('e1') });
      expect(await ask(0)).toMatchObject({ eventId: 'e1' });
      expect(await ask(0)).not.toHaveProperty('event');
    });

    check('keeps events that were settled, with what was planned for them and who brought them', async (bench) => {
      const plan = [{ rule: 'all', target: 'crm' }];
      await bench.queue.append([toMessage(bench, ['e1', 'e2'], plan), toMessage(bench, ['e3'])]);
      await bench.queue.drain();
      const [e3, e2, e1] = await find(bench, {});
      expect([e1?.eventId, e2?.eventId, e3?.eventId]).toEqual(['e1', 'e2', 'e3']);
      expect(e2).toMatchObject({
        source: '/a',
        type: 'created',
        receipt: { id: 'r-e1', at: bench.now },
        index: 1,
        version: 7,
        deliveries: plan,
        settled: true,
      });
      expect(e2).not.toHaveProperty('event');
      expect(e3?.deliveries).toEqual([]);
    });

    check('tells an event that is still to be handed out', async (bench) => {
      await bench.queue.append([toMessage(bench, ['e1'])]);
      expect(await find(bench, {})).toMatchObject([{ eventId: 'e1', settled: false }]);
    });

    check('finds events by id, source, type and time', async (bench) => {
      const start = bench.now;
      await bench.queue.append([toMessage(bench, ['e1', 'e10'])]);
      await bench.queue.append([toMessage(bench, ['e1'], [], { source: '/b' })]);
      bench.now += 3_600_000;
      await bench.queue.append([toMessage(bench, ['e1'], [], { type: 'paid' })]);
      const found = async (filter: EventFilter): Promise<string> =>
        (await find(bench, filter)).map(({ eventId, source, type }) => `${eventId}${source}/${type}`).join(' ');
      expect(await found({ id: 'e1' })).toBe('e1/a/paid e1/b/created e1/a/created');
      expect(await found({ id: 'e' })).toBe('');
      expect(await found({ source: '/b' })).toBe('e1/b/created');
      expect(await found({ type: 'created', source: '/a' })).toBe('e10/a/created e1/a/created');
      expect(await found({ from: start + 1 })).toBe('e1/a/paid');
      expect(await found({ to: bench.now, id: 'e10' })).toBe('e10/a/created');
      expect(await found({ from: bench.now + 1 })).toBe('');
      expect(await found({ to: start })).toBe('');
      expect(await found({ from: start, to: start + 1, id: 'e1', source: '/b', type: 'created' })).toBe('e1/b/created');
    });

    it.each(hostileIds)(`finds an event by the id %j`, async (id) => {
      const texts = [toJson(id), JSON.stringify({ ...base, id }, undefined, 2), escaped({ ...base, id })];
      const host: QueueHost = { now: () => 1, consume: () => Promise.resolve({ retries: [], records: [] }) };
      await run(host, async (queue) => {
        for (const json of texts) await queue.append([toMessage({ now: 1 }, [toJson('other'), json])]);
        const page = await queue.ledger.events(shard, { filter: { id }, limit: 10, eventLength: 1_000_000 });
        expect(page.items.map(({ event }) => event)).toEqual(texts.toReversed());
        const others = await queue.ledger.events(shard, { filter: { id: `${id}x` }, limit: 10 });
        expect(others.items).toEqual([]);
      });
    });

    check('passes over messages that are no events', async (bench) => {
      await bench.queue.append(['', 'e1', '{"id":"e1"}', toMessage(bench, ['e1'])]);
      expect(await find(bench, { id: 'e1' })).toHaveLength(1);
    });

    check('goes through events page by page, while more come in', async (bench) => {
      for (let batch = 0; batch < 4; batch++) {
        bench.now += 10;
        await bench.queue.append(
          [0, 1].map((part) =>
            toMessage(
              bench,
              [0, 1, 2].map((n) => `${batch}-${part}-${n}`),
            ),
          ),
        );
      }
      const found: string[] = [];
      let positions: Positions | undefined = [];
      while (positions !== undefined) {
        const read = await readEvents(bench.queue.ledger, bus, { filter: {}, limit: 5, positions });
        found.push(...read.items.map(({ eventId }) => eventId));
        positions = read.positions;
        await bench.queue.append([toMessage(bench, ['new'])]);
      }
      expect(found).toHaveLength(24);
      expect(found.toSorted().toReversed()).toEqual(found);
    });

    check('carries no more of the events than it is asked for, the first one whole', async (bench) => {
      await bench.queue.append(['e1', 'e2', 'e3'].map((id) => toMessage(bench, [id])));
      const { items } = await bench.queue.ledger.events(shard, { filter: {}, limit: 10, eventLength: 1 });
      expect(items.map(({ event }) => event)).toEqual([toJson('e3'), undefined, undefined]);
    });

    check('cuts long names, and finds them all the same', async (bench) => {
      const long = 'é'.repeat(60_000);
      await bench.queue.append([toMessage(bench, [long])]);
      const [event] = await find(bench, { id: long });
      expect(event?.eventId).toHaveLength(1_024);
      await record(bench, [toRecord(long.slice(0, 1_024), bench.now)]);
      const { records } = await readRecords(bench.queue.ledger, bus, { filter: { eventId: long }, limit: 10 });
      expect(records).toHaveLength(1);
    });

    check('tells what waits for a retry, and what waits in a lane', async (bench) => {
      const plan = [{ rule: 'all', target: 'crm', parts: [2] }];
      const again = toMessage(bench, ['e1', 'e2'], plan, {}, 3);
      bench.answer = (_messages, isTurn) =>
        isTurn
          ? { retries: [], records: [], turn: { ...idle, taken: 0, delayMs: 9_000 } }
          : { retries: [{ body: again, delayMs: 5_000 }], records: [] };
      const lane = 'all/slow';
      const laned = { lane, body: toMessage(bench, ['e1'], [{ rule: 'all', target: 'slow' }]) };
      await bench.queue.append([toMessage(bench, ['e1'])], [laned]);
      expect((await bench.queue.ledger.waiting(shard, 'e1')).items).toMatchObject([{ lane, attempts: 0 }]);
      await bench.queue.drain();
      const { items, incomplete } = await bench.queue.ledger.waiting(shard, 'e1');
      expect(incomplete).toBeUndefined();
      expect(items).toHaveLength(2);
      const retry = items.find((item) => item.lane === undefined);
      expect(retry).toEqual({
        rule: 'all',
        target: 'crm',
        parts: [2],
        source: '/a',
        receipt: { id: 'r-e1', at: bench.now },
        index: 0,
        attempts: 3,
        dueAt: bench.now + 5_000,
      });
      expect(items.find((item) => item.lane === lane)).toMatchObject({ rule: 'all', target: 'slow', attempts: 0 });
      expect((await bench.queue.ledger.waiting(shard, 'e3')).items).toEqual([]);
      bench.answer = () => ({ retries: [], records: [] });
      bench.now += 10_000;
      await bench.queue.drain();
      expect((await bench.queue.ledger.waiting(shard, 'e1')).items).toEqual([]);
    });

    check('has everything after a crash', async (bench) => {
      if (bench.queue.crash === undefined) return;
      bench.answer = (messages) => ({ retries: [], records: messages.map(() => toRecord('e1', bench.now)) });
      await bench.queue.append([toMessage(bench, ['e1'])]);
      await bench.queue.drain();
      await bench.queue.crash();
      expect(await find(bench, { id: 'e1' })).toMatchObject([{ settled: true }]);
      const { records } = await readRecords(bench.queue.ledger, bus, { filter: { eventId: 'e1' }, limit: 10 });
      expect(records).toHaveLength(1);
    });
  });
}

interface Bench {
  now: number;
  queue: QueueUnderTest;
  answer: (messages: readonly string[], isTurn: boolean) => Settlement;
}

const shard = { tenant: 't', bus: 'b', shard: 0 };
const bus: BusPlace = { tenant: 't', bus: 'b', shards: 1 };
const idle = { remains: [], ok: 0, failed: 0, gaveUp: false };
const base = { specversion: '1.0', source: '/a', type: 'created' };

const hostileIds = [
  `it's "quoted"`,
  `'; DROP TABLE batch; --`,
  '%',
  '_%_',
  '100%25',
  '.*',
  '(a+)+$',
  '*',
  '\\u0041',
  'back\\slash',
  '/',
  '"',
  'https://example.com/a?b=c&d=e#f',
  'Ünï-çødé-漢字-😀',
  '😀',
  'é',
  '\u202e\u200b',
  '..',
  '-- 1:2.3',
];

async function find(bench: Bench, filter: EventFilter): Promise<readonly KeptEvent[]> {
  return (await readEvents(bench.queue.ledger, bus, { filter, limit: 100 })).items;
}

/** Lets the queue write these. */
async function record(bench: Bench, records: readonly LedgerRecord[]): Promise<void> {
  const { answer } = bench;
  bench.answer = () => ({ retries: [], records });
  await bench.queue.append(['anything']);
  await bench.queue.drain();
  bench.answer = answer;
}

function toRecord(eventId: string, at: number, more: Partial<LedgerRecord> = {}): LedgerRecord {
  const named = { eventId, source: '/a', type: 'created', rule: 'all', target: 'crm', attempt: 1 };
  return { at, tenant: 't', bus: 'b', status: 'delivered', ...named, ...more };
}

/** Ids, or whole events as JSON. */
function toMessage(
  { now }: { readonly now: number },
  events: readonly string[],
  deliveries: readonly DeliveryPlan[] = [],
  more: Record<string, unknown> = {},
  attempts = 0,
): string {
  const receipt = { id: `r-${events[0]?.slice(0, 40)}`, at: now };
  return encodeEnvelope({
    tenant: 't',
    bus: 'b',
    version: 7,
    attempts,
    events: events.map((event, index) => {
      const json = event.startsWith('{') ? event : toJson(event, more);
      return { event: fromJson(json), receipt, index, deliveries };
    }),
  });
}

function toJson(id: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify({ ...base, id, ...more });
}

/** As other writers may put it: every character of every string as an escape. */
function escaped(event: Record<string, unknown>): string {
  return JSON.stringify(event).replaceAll(/"((?:[^"\\]|\\.)*)"(?=[,}])/g, (text) => {
    const units = Array.from({ length: (JSON.parse(text) as string).length }, (_, index) =>
      (JSON.parse(text) as string).charCodeAt(index).toString(16).padStart(4, '0'),
    );
    return `"${units.map((unit) => `\\u${unit}`).join('')}"`;
  });
}

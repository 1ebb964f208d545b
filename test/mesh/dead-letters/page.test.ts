import { describe, expect, it } from 'vitest';
import { type BusPage, readPage } from '../../../mesh/dead-letters/page.ts';
import type { DeadLetterEntry } from '../../../mesh/dead-letters/query.ts';
import type { LedgerRecord } from '../../../mesh/ledger.ts';
import type { DeadLetters } from '../../../mesh/ports/dead-letters.ts';
import { createSeededRandom } from '../../../mesh/seeded-random.ts';

const bus = { tenant: 't', bus: 'b' };

describe('a page of dead letters over several shards', () => {
  it.each(['newest', 'oldest'] as const)('has every one once, the %s first', async (order) => {
    for (let round = 0; round < 200; round += 1) {
      const random = createSeededRandom(`page/${round}`);
      const shards = createShards(random);
      const deadLetters = createDeadLetters(shards, 1 + Math.floor(random() * 4));
      const limit = 1 + Math.floor(random() * 5);
      const seen: { name: string; at: number }[] = [];
      let page: BusPage | undefined;
      for (let pages = 0; page === undefined || page.positions !== undefined; pages += 1) {
        expect(pages).toBeLessThan(200);
        const place = { ...bus, shards: shards.length };
        page = await readPage(deadLetters, place, { filter: {}, order, limit }, page?.positions);
        expect(page.letters.length).toBeLessThanOrEqual(limit);
        seen.push(...page.letters.map(({ record }) => ({ name: record.eventId, at: record.at })));
      }
      const names = shards.flat().map(({ record }) => record.eventId);
      expect(seen.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
      const times = seen.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((one, other) => (order === 'newest' ? other - one : one - other)));
    }
  });

  it('shows nothing that died after the first page, newest first', async () => {
    const shards = [[toEntry('a', 1, 10), toEntry('b', 2, 20)], [] as DeadLetterEntry[]];
    const deadLetters = createDeadLetters(shards, 100);
    const query = { filter: {}, order: 'newest', limit: 1 } as const;
    const first = await readPage(deadLetters, { ...bus, shards: 2 }, query);
    shards[0]?.push(toEntry('late', 3, 30));
    shards[1]?.push(toEntry('late', 1, 30));
    const second = await readPage(deadLetters, { ...bus, shards: 2 }, query, first.positions);
    expect([first, second].flatMap(({ letters }) => letters.map(({ record }) => record.eventId))).toEqual(['b', 'a']);
    expect(second.positions).toBeUndefined();
  });
});

function createShards(random: () => number): DeadLetterEntry[][] {
  return Array.from({ length: 1 + Math.floor(random() * 4) }, (_, shard) => {
    let at = 0;
    return Array.from({ length: Math.floor(random() * 8) }, (_item, index) => {
      at += Math.floor(random() * 3);
      return toEntry(`${shard}/${index}`, index + 1, at);
    });
  });
}

/** Shards that look through so many rows a call. */
function createDeadLetters(shards: readonly DeadLetterEntry[][], scan: number): DeadLetters {
  return {
    list({ shard }, { order, after, limit }) {
      const entries = shards[shard] ?? [];
      const sorted = order === 'newest' ? entries.toReversed() : entries;
      const rest = sorted.filter(
        ({ sequence }) => after === undefined || (order === 'newest' ? sequence < after : sequence > after),
      );
      const items = rest.slice(0, Math.min(scan, limit));
      const last = items.at(-1);
      return Promise.resolve({
        items,
        ...(items.length < rest.length && last !== undefined ? { reached: last.sequence } : {}),
      });
    },
    get: () => Promise.resolve(undefined),
    redrive: () => Promise.resolve({ redriven: [], looked: 0 }),
    delete: () => Promise.resolve(0),
  };
}

function toEntry(eventId: string, sequence: number, at: number): DeadLetterEntry {
  const record: LedgerRecord = {
    ...bus,
    at,
    status: 'dead-lettered',
    eventId,
    source: '/s',
    type: 'x',
    rule: 'r',
    target: 'x',
    attempt: 1,
  };
  return { sequence, record };
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BusPlace, type Positions, readRecords } from '../../mesh/history.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { Ledger } from '../../mesh/ports/ledger.ts';
import { selectDeliveries, writeCursor } from '../../mesh/trace/selection.ts';

/** Shards of records, oldest first, of which a look goes through a few only. */
function createLedger(shards: LedgerRecord[][], lookRows: number): Ledger {
  return {
    list({ shard }, { after, limit }) {
      const rows = shards[shard] ?? [];
      const items: { position: string; record: LedgerRecord }[] = [];
      let place = after === undefined ? rows.length : Number(after);
      for (let looked = 0; looked < lookRows && place > 0 && items.length < limit; looked++) {
        place--;
        const record = rows[place];
        // Every third one is not meant.
        if (record !== undefined && Number(record.eventId.slice(1)) % 3 !== 0)
          items.push({ position: `${place}`, record });
      }
      return Promise.resolve({ items, ...(place === 0 ? {} : { reached: `${place}` }) });
    },
    events: () => Promise.resolve({ items: [] }),
    waiting: () => Promise.resolve({ items: [] }),
    lanes: () => Promise.resolve([]),
  };
}

function toRecord(number: number, at: number): LedgerRecord {
  const named = { eventId: `e${number}`, source: '/s', type: 't', rule: 'r', target: 'x', attempt: 1 };
  return { at, tenant: 't', bus: 'b', status: 'delivered', ...named };
}

describe('pages over several shards', () => {
  it('have everything once and in order, whatever comes in between, and end', async () => {
    const sizes = fc.array(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 }), {
      minLength: 1,
      maxLength: 6,
    });
    const options = { limit: fc.integer({ min: 1, max: 9 }), lookRows: fc.integer({ min: 1, max: 9 }) };
    await fc.assert(
      fc.asyncProperty(sizes, fc.record(options), async (times, { limit, lookRows }) => {
        let number = 0;
        const shards = times.map((ats) => ats.toSorted((a, b) => a - b).map((at) => toRecord(++number, at)));
        const wanted = shards.flat().filter(({ eventId }) => Number(eventId.slice(1)) % 3 !== 0);
        const ledger = createLedger(shards, lookRows);
        const bus: BusPlace = { tenant: 't', bus: 'b', shards: shards.length };
        const found: LedgerRecord[] = [];
        let positions: Positions | undefined = [];
        for (let pages = 0; positions !== undefined; pages++) {
          expect(pages).toBeLessThan(1_000);
          const page = await readRecords(ledger, bus, { filter: {}, limit, positions });
          expect(page.records.length).toBeLessThanOrEqual(limit);
          found.push(...page.records);
          // As a client has it: through the cursor.
          const cursor: string | undefined = page.positions && writeCursor(1, page.positions);
          positions = cursor === undefined ? undefined : selectDeliveries(`https://m/?cursor=${cursor}`, 0).positions;
          if (pages < 5) for (const rows of shards) rows.push(toRecord(3 * ++number, 60));
        }
        const ids = found.map(({ eventId }) => eventId);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.toSorted()).toEqual(wanted.map(({ eventId }) => eventId).toSorted());
        expect(found.map(({ at }) => at)).toEqual(found.map(({ at }) => at).toSorted((a, b) => b - a));
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedule, type ScheduleOptions } from '../../../connectors/sources/schedule.ts';
import type { Position } from '../../../mesh/connector/source.ts';

const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'];
const year = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)] as const;
/** In which clocks change in all of them. */
const spring = [Date.UTC(2026, 2, 5), Date.UTC(2026, 3, 8)] as const;

/** The ids of what comes when it is pulled at these moments, one after the other. */
async function pullAt(options: ScheduleOptions, start: number, moments: readonly number[]): Promise<string[]> {
  const ids: string[] = [];
  let position: Position = { after: start };
  for (const moment of moments) {
    for (let done = false; !done;) {
      const pulled = await schedule.pull(position, {
        options,
        now: () => moment,
        limit: { records: 100, bytes: 1_000_000 },
      } as unknown as Parameters<typeof schedule.pull>[1]);
      ids.push(...pulled.records.map(({ id }) => id));
      ({ position } = pulled);
      done = pulled.done === true;
    }
  }
  return ids;
}

function dateIn(timeZone: string, id: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(new Date(id));
}

describe('the source schedule', () => {
  it('comes once on every day, also where clocks skip the hour or have it twice', async () => {
    for (const timeZone of zones) {
      // Clocks change at 2 in all three: by an hour, and by half of one on Lord Howe.
      for (const cron of [
        '0 0 * * *',
        '30 1 * * *',
        '45 1 * * *',
        '0 2 * * *',
        '15 2 * * *',
        '30 2 * * *',
        '0 3 * * *',
      ]) {
        const ids = await pullAt({ cron, timeZone, missed: 'all' }, year[0], [year[1]]);
        const days = ids.map((id) => dateIn(timeZone, id));
        expect(new Set(days).size, `${timeZone} ${cron}`).toBe(days.length);
        expect(days.length, `${timeZone} ${cron}`).toBeGreaterThanOrEqual(364);
        expect(ids).toEqual(ids.toSorted());
      }
    }
  });

  it('gives every time that was missed, whenever it is pulled', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...zones),
        fc.constantFrom('15 * * * *', '30 2 * * *', '*/30 1-3 * * sun'),
        fc.array(fc.integer({ min: spring[0], max: spring[1] }), { maxLength: 10 }),
        async (timeZone, cron, moments) => {
          const [first, last] = spring;
          const options: ScheduleOptions = { cron, timeZone, missed: 'all' };
          const [once, often] = [
            await pullAt(options, first, [last]),
            await pullAt(options, first, [...moments.toSorted((one, other) => one - other), last]),
          ];
          expect(often).toEqual(once);
          // Of those of one absence only the last, otherwise.
          const [only, ...more] = await pullAt({ ...options, missed: 'last' }, first, [last]);
          expect([only, more]).toEqual([once.at(-1), []]);
        },
      ),
      { numRuns: 10 },
    );
  });
});

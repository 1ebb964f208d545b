import {
  type End,
  type Ends,
  noTotals,
  pendingOf,
  type ShardBooks,
  type Tally,
  type Totals,
} from '../../mesh/books.ts';
import type { Sql } from './database.ts';

/** Which transactions count in the row: those of one kind follow each other in a process. */
export type Part = 'append' | 'settle' | 'redrive';

export interface Planned {
  readonly bus: string;
  readonly deliveries: number;
  readonly setAside?: number;
}

/** Rows of each kind that one request counts. */
const COUNT_ROWS = 10_000;

/** Must come late in its transaction: the row is held until the end of it. */
export async function bookPlanned(sql: Sql, owner: number, part: Part, planned: readonly Planned[]): Promise<void> {
  const byBus = [...Map.groupBy(planned, ({ bus }) => bus)]
    .map(([bus, all]) => ({
      bus,
      deliveries: all.reduce((sum, { deliveries }) => sum + deliveries, 0),
      setAside: all.reduce((sum, { setAside = 0 }) => sum + setAside, 0),
    }))
    .filter(({ deliveries, setAside }) => deliveries !== 0 || setAside !== 0);
  if (byBus.length === 0) return;
  await sql.run(
    `INSERT INTO planned (bus, owner, part, deliveries, set_aside)
     SELECT bus, $1, $2, deliveries, set_aside
     FROM unnest($3::text[], $4::bigint[], $5::bigint[]) AS counted (bus, deliveries, set_aside) ORDER BY counted.bus
     ON CONFLICT (bus, owner, part) DO UPDATE
       SET deliveries = planned.deliveries + excluded.deliveries, set_aside = planned.set_aside + excluded.set_aside`,
    owner,
    part,
    byBus.map(({ bus }) => bus),
    byBus.map(({ deliveries }) => deliveries),
    byBus.map(({ setAside }) => setAside),
  );
}

/** As `bookPlanned`, of a settlement. */
export async function bookEnded(
  sql: Sql,
  owner: number,
  ended: readonly { readonly bus: string; readonly tally: Tally }[],
): Promise<void> {
  const counts = new Map<string, { bus: string; target: string; ending: string; deliveries: number }>();
  for (const { bus, tally } of ended) {
    for (const [target, ends] of Object.entries(tally.ended)) {
      for (const [ending, deliveries] of Object.entries(ends)) {
        const key = `${bus} ${target} ${ending}`;
        const count = counts.get(key);
        if (count === undefined) counts.set(key, { bus, target, ending, deliveries });
        else count.deliveries += deliveries;
      }
    }
  }
  if (counts.size === 0) return;
  const rows = [...counts.values()];
  await sql.run(
    `INSERT INTO ended (bus, owner, target, ending, deliveries)
     SELECT bus, $1, target, ending, deliveries
     FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) AS counted (bus, target, ending, deliveries)
     ORDER BY counted.bus, counted.target, counted.ending
     ON CONFLICT (bus, owner, target, ending) DO UPDATE SET deliveries = ended.deliveries + excluded.deliveries`,
    owner,
    rows.map(({ bus }) => bus),
    rows.map(({ target }) => target),
    rows.map(({ ending }) => ending),
    rows.map(({ deliveries }) => deliveries),
  );
}

/** One statement, so that everything is of the same moment. */
export async function readBooks(sql: Sql, bus: string): Promise<ShardBooks> {
  const [row] = await sql.run(
    `SELECT (SELECT sum(deliveries)::bigint FROM planned WHERE bus = $1) AS planned,
       (SELECT sum(set_aside)::bigint FROM planned WHERE bus = $1) AS set_aside,
       (SELECT json_agg(json_build_array(target, ending, deliveries))::text FROM (
          SELECT target, ending, sum(deliveries) AS deliveries FROM ended WHERE bus = $1 GROUP BY target, ending) AS ends
       ) AS ended,
       (SELECT json_build_array(count(*), sum(deliveries))::text FROM (
          SELECT deliveries FROM message WHERE bus = $1 LIMIT ${COUNT_ROWS}) AS rows) AS messages,
       (SELECT json_build_array(count(*), sum(deliveries))::text FROM (
          SELECT deliveries FROM lane WHERE bus = $1 LIMIT ${COUNT_ROWS}) AS rows) AS laned`,
    bus,
  );
  const targets: Record<string, Ends> = {};
  const totals: { -readonly [Name in keyof Totals]: number } = {
    ...noTotals,
    planned: Number(row?.['planned'] ?? 0),
    quarantined: Number(row?.['set_aside'] ?? 0),
  };
  const ended = JSON.parse(String(row?.['ended'] ?? '[]')) as [string, End, number][];
  for (const [target, ending, deliveries] of ended) {
    targets[target] = Object.assign(targets[target] ?? {}, { [ending]: deliveries });
    totals[ending] += deliveries;
  }
  const counts = ['messages', 'laned'].map((name) => JSON.parse(String(row?.[name])) as [number, number | null]);
  const counted = counts.reduce((sum, [, deliveries]) => sum + (deliveries ?? 0), 0);
  const isAll = counts.every(([rows]) => rows < COUNT_ROWS);
  return { ...totals, targets, pending: pendingOf(totals), ...(isAll ? { counted } : {}) };
}

/** What processes counted that are no more is counted by nobody in particular: their rows would only ever grow in number. */
export async function foldBooks(sql: Sql): Promise<void> {
  await sql.run(
    `WITH gone AS (DELETE FROM planned WHERE owner <> 0 AND NOT EXISTS (SELECT 1 FROM process WHERE id = owner)
       RETURNING bus, part, deliveries, set_aside)
     INSERT INTO planned (bus, owner, part, deliveries, set_aside)
     SELECT bus, 0, part, sum(deliveries), sum(set_aside) FROM gone GROUP BY bus, part ORDER BY bus, part
     ON CONFLICT (bus, owner, part) DO UPDATE
       SET deliveries = planned.deliveries + excluded.deliveries, set_aside = planned.set_aside + excluded.set_aside`,
  );
  await sql.run(
    `WITH gone AS (DELETE FROM ended WHERE owner <> 0 AND NOT EXISTS (SELECT 1 FROM process WHERE id = owner)
       RETURNING bus, target, ending, deliveries)
     INSERT INTO ended (bus, owner, target, ending, deliveries)
     SELECT bus, 0, target, ending, sum(deliveries) FROM gone GROUP BY bus, target, ending ORDER BY bus, target, ending
     ON CONFLICT (bus, owner, target, ending) DO UPDATE SET deliveries = ended.deliveries + excluded.deliveries`,
  );
}

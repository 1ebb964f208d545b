import type { Sql } from './database.ts';

/**
 * Claims what is not claimed at `now`, until `until`; answers the others. Must come first in its transaction: of two that
 * claim the same key at once, the second waits here until the first is committed, or is not.
 */
export async function claimKeys(
  sql: Sql,
  keys: readonly string[],
  now: number,
  until: number,
): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set();
  const rows = await sql.run(
    `INSERT INTO claim (key, until) SELECT key, $2 FROM unnest($1::text[]) AS asked (key) ORDER BY asked.key
     ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE claim.until <= $3 RETURNING key`,
    keys,
    until,
    now,
  );
  const claimed = new Set(rows.map((row) => String(row['key'])));
  return new Set(keys.filter((key) => !claimed.has(key)));
}

/** Deletes claims that are over, at most `limit`; answers how many there were. */
export async function purgeClaims(sql: Sql, now: number, limit: number): Promise<number> {
  const rows = await sql.run(
    `DELETE FROM claim WHERE key IN (
       SELECT key FROM claim WHERE until <= $1 ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING key`,
    now,
    limit,
  );
  return rows.length;
}

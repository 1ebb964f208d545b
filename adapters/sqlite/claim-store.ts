import type { Sql } from './sql.ts';

/**
 * Which events a shard has been given, and until when it remembers them. A row an event, and no index, which would be
 * another billed row: so that what is over can be found, claims lie in slots by the time when they are over.
 */
export interface ClaimStore {
  /** Claims what is not claimed at `now`, until `until`; answers the others. In a transaction of the caller's. */
  claim(keys: readonly string[], now: number, until: number): ReadonlySet<string>;
  /** When the first may be deleted. */
  nextAt(): number | undefined;
  /** Deletes claims that are over at `now`, at most `limit`; whether there may be more. */
  purge(now: number, limit: number): boolean;
  rowsKept(): number;
}

const schema = `CREATE TABLE IF NOT EXISTS claim (slot INTEGER NOT NULL, key TEXT NOT NULL, until INTEGER NOT NULL,
  PRIMARY KEY (slot, key)) WITHOUT ROWID`;

/** To a window: a key is looked for in each slot that is not over, and a claim stays for a quarter longer at most. */
const SLOTS = 4;
/** In one statement: JSON text of 50 KB. */
const KEYS = 1_000;

export function createClaimStore(sql: Pick<Sql, 'run'>): ClaimStore {
  sql.run(schema);
  /** Every slot that has rows, by the time when all in it are over; perhaps one whose rows were rolled back. */
  const slots = new Set<number>();
  for (let [row] = firstAfter(Number.MIN_SAFE_INTEGER); row !== undefined; [row] = firstAfter(Number(row['slot']))) {
    slots.add(Number(row['slot']));
  }

  function firstAfter(slot: number) {
    return sql.run('SELECT slot FROM claim WHERE slot > ? ORDER BY slot LIMIT 1', slot).rows;
  }

  function find(keys: readonly string[], now: number): readonly string[] {
    const open = Array.from(slots).filter((slot) => slot > now);
    if (open.length === 0) return [];
    const { rows } = sql.run(
      `SELECT claim.key AS key FROM json_each(?) AS wanted CROSS JOIN json_each(?) AS open
       CROSS JOIN claim ON claim.slot = open.value AND claim.key = wanted.value WHERE claim.until > ?`,
      JSON.stringify(keys),
      JSON.stringify(open),
      now,
    );
    return rows.map((row) => String(row['key']));
  }

  function insert(keys: readonly string[], slot: number, until: number): void {
    slots.add(slot);
    // After a change of the window, one that is over may lie in the same slot.
    sql.run(
      `INSERT INTO claim SELECT ?, value, ? FROM json_each(?) WHERE true
       ON CONFLICT (slot, key) DO UPDATE SET until = excluded.until`,
      slot,
      until,
      JSON.stringify(keys),
    );
  }

  return {
    claim(keys, now, until) {
      const known = new Set<string>();
      const width = Math.max(1, Math.ceil((until - now) / SLOTS));
      const slot = Math.ceil(until / width) * width;
      for (let start = 0; start < keys.length; start += KEYS) {
        const part = keys.slice(start, start + KEYS);
        for (const key of find(part, now)) known.add(key);
        const fresh = part.filter((key) => !known.has(key));
        if (fresh.length > 0) insert(fresh, slot, until);
      }
      return known;
    },
    nextAt: () => (slots.size === 0 ? undefined : Math.min(...slots)),
    purge(now, limit) {
      const slot = Math.min(...slots);
      if (slot > now) return false;
      const { rows } = sql.run('SELECT key FROM claim WHERE slot = ? ORDER BY key LIMIT ?', slot, limit);
      const last = rows.at(-1)?.['key'];
      if (last !== undefined) sql.run('DELETE FROM claim WHERE slot = ? AND key <= ?', slot, last);
      if (rows.length < limit) slots.delete(slot);
      return true;
    },
    rowsKept() {
      const [row] = sql.run('SELECT count(*) AS rows FROM claim').rows;
      return Number(row?.['rows'] ?? 0);
    },
  };
}

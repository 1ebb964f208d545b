import { toPostgresArray } from '../drivers/postgres-text.ts';
import type { RunSql } from '../drivers/postgres.ts';

/** Which transactions were open at a moment, as JSON. */
export interface Moment {
  /** The first number that no transaction had by then. */
  readonly horizon: string;
  /**
   * The others that were open, by their virtual ids: a transaction has its `now()` from its beginning, and a number only
   * from its first change on.
   */
  readonly open?: readonly string[];
}

/** In this database, by roles: the server's own work changes no table. */
const openHere = `FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND l.pid <> pg_backend_pid()
  AND a.usesysid IS NOT NULL AND a.datname = current_database()`;

/** How often it is looked again within one pull; where the database is busy, most are over in a moment. */
const LOOKS = 20;
const LOOK_SECONDS = 0.05;

export async function readMoment(run: RunSql): Promise<Moment> {
  const [row] = await run(
    `SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS horizon,
     (SELECT json_agg(l.virtualtransaction)::text ${openHere}) AS open`,
    [],
  );
  const open = JSON.parse(row?.['open'] ?? '[]') as readonly string[];
  return { horizon: row?.['horizon'] ?? '0', ...(open.length === 0 ? {} : { open }) };
}

/** Waits a second at most; answers the server processes whose transactions are still open then. */
export async function waitForMoment(run: RunSql, { horizon, open = [] }: Moment): Promise<readonly string[]> {
  for (let look = 1; ; look += 1) {
    const [row] = await run(
      `SELECT (pg_snapshot_xmin(pg_current_snapshot())::text)::numeric >= $1::numeric AS over,
       (SELECT json_agg(l.pid::text)::text ${openHere} AND l.virtualtransaction = ANY($2)) AS open`,
      [horizon, toPostgresArray(open)],
    );
    const holders = JSON.parse(row?.['open'] ?? '[]') as readonly string[];
    if (row?.['over'] === 't' && holders.length === 0) return [];
    if (look === LOOKS) return holders.length === 0 ? ['unknown'] : holders;
    await run('SELECT pg_sleep($1)', [LOOK_SECONDS]);
  }
}

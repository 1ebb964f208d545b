import { foldBooks } from './book-store.ts';
import type { Database } from './database.ts';
import { releaseAbandoned } from './release.ts';

/** So long without a connection and a sign of life, and a process is dead. */
export const DEAD_MS = 3_000;
/** Connected, but without a sign of life: it is frozen, or its network is. */
const FROZEN_MS = 30_000;

/** Makes anybody's what processes had that are dead; answers how many were found dead. `owner` is who asks. */
export async function reap(database: Database, owner: number, { deadMs = DEAD_MS } = {}): Promise<number> {
  const silent = await database.run(
    `SELECT id, seen_at < clock_timestamp() - interval '1 ms' * ${FROZEN_MS} AS frozen FROM process
     WHERE id <> $1 AND seen_at < clock_timestamp() - interval '1 ms' * $2::integer`,
    owner,
    deadMs,
  );
  let dead = 0;
  for (const row of silent) {
    if (await bury(database, Number(row['id']), row['frozen'] === true, deadMs)) dead += 1;
  }
  return dead;
}

async function bury(database: Database, id: number, frozen: boolean, deadMs: number): Promise<boolean> {
  return database.transaction(async (sql) => {
    // Its session holds the lock as long as the connection is there.
    const [lock] = await sql.run("SELECT pg_try_advisory_xact_lock('process'::regclass::oid::integer, $1) AS free", id);
    if (lock?.['free'] !== true && !frozen) return false;
    const gone = await sql.run(
      `DELETE FROM process WHERE id = $1 AND seen_at < clock_timestamp() - interval '1 ms' * $2::integer RETURNING id`,
      id,
      deadMs,
    );
    if (gone.length > 0) {
      await releaseAbandoned(sql);
      await foldBooks(sql);
    }
    return gone.length > 0;
  });
}

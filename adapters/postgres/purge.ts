import { purgeClaims } from './claim-store.ts';
import type { Database } from './database.ts';

/** Rows that are deleted at a time: others wait while a step takes its time. */
const ROWS = 500;
const CLAIMS = 5_000;
/** Dead letters stay 30 days, or as long as the bus keeps everything: somebody has to come and look. */
const DEAD_LETTER_MS = 30 * 86_400_000;

interface Purged {
  readonly table: 'batch' | 'record' | 'dead_letter';
  readonly bus: string;
  readonly before: number;
  /** Which rows of the table are meant, beside the time. */
  readonly where?: string;
}

/** Deletes what is older than its bus keeps it. Of a table one process at a time does so; the others leave it to that one. */
export async function purge(database: Database, now: number): Promise<void> {
  while ((await purgeClaims(database, now, CLAIMS)) === CLAIMS);
  for (const row of await database.run('SELECT bus, seconds, archive_seconds FROM retention')) {
    const bus = String(row['bus']);
    const kept = Number(row['seconds']) * 1000;
    const archived = Math.max(kept, Number(row['archive_seconds']) * 1000);
    await purgeTable(database, { table: 'batch', bus, before: now - kept, where: `NOT archived ${settled}` });
    await purgeTable(database, { table: 'batch', bus, before: now - archived, where: `archived ${settled}` });
    await purgeTable(database, { table: 'record', bus, before: now - kept });
    await purgeTable(database, { table: 'dead_letter', bus, before: now - Math.max(kept, DEAD_LETTER_MS) });
  }
}

const settled = 'AND NOT EXISTS (SELECT 1 FROM message WHERE message.id = batch.id)';

async function purgeTable(database: Database, { table, bus, before, where = 'true' }: Purged): Promise<void> {
  for (let deleted = ROWS; deleted === ROWS;) {
    deleted = await database.transaction(async (sql) => {
      const [lock] = await sql.run('SELECT pg_try_advisory_xact_lock($1::regclass::oid::integer, 1) AS mine', table);
      if (lock?.['mine'] !== true) return 0;
      const rows = await sql.run(
        `DELETE FROM ${table} WHERE bus = $1 AND id IN (
           SELECT id FROM ${table} WHERE bus = $1 AND at < $2 AND ${where} ORDER BY at LIMIT ${ROWS}) RETURNING id`,
        bus,
        before,
      );
      return rows.length;
    });
  }
}

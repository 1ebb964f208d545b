import type { Erasure } from '../../mesh/ports/erasure.ts';
import type { Database } from './database.ts';

/** Rows that are deleted at a time: others wait while a step takes its time. */
const rowsAtOnce = 1_000;

/**
 * Deletes the rows of a bus from every table that has some, whichever those are by now. What another process has taken is
 * gone with its row: nothing of it is settled.
 */
export function createPostgresErasure(database: Database, schema: string): Erasure {
  return {
    async erase({ tenant, bus, shard }) {
      if (shard !== 0) return;
      const tables = await database.run(
        `SELECT table_name AS name FROM information_schema.columns
         WHERE table_schema = $1 AND column_name = 'bus' AND table_name <> 'snapshot' ORDER BY table_name`,
        schema,
      );
      for (const { name } of tables) {
        const table = String(name);
        for (let deleted = rowsAtOnce; deleted === rowsAtOnce;) {
          const rows = await database.run(
            `DELETE FROM ${table} WHERE ctid IN (SELECT ctid FROM ${table} WHERE bus = $1 LIMIT ${rowsAtOnce})
             RETURNING 1 AS gone`,
            `${tenant}/${bus}`,
          );
          deleted = rows.length;
        }
      }
    },
  };
}

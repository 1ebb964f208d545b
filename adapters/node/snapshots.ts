import type { Snapshots } from '../../mesh/ports/snapshots.ts';
import type { Snapshot } from '../../mesh/snapshot.ts';
import type { Sql } from '../sqlite/sql.ts';

/** Snapshots in one SQLite table, as JSON. Never behind. */
export function createSqlSnapshots(sql: Sql): Snapshots {
  sql.run(`CREATE TABLE IF NOT EXISTS snapshot (
    tenant TEXT NOT NULL, bus TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tenant, bus)
  ) WITHOUT ROWID`);

  return {
    async get(tenant, bus) {
      const [row] = sql.run('SELECT value FROM snapshot WHERE tenant = ? AND bus = ?', tenant, bus).rows;
      return row === undefined ? undefined : (JSON.parse(String(row['value'])) as Snapshot);
    },
    async put(snapshot) {
      sql.run(
        `INSERT INTO snapshot VALUES (?, ?, ?) ON CONFLICT (tenant, bus) DO UPDATE SET value = excluded.value`,
        snapshot.tenant,
        snapshot.bus,
        JSON.stringify(snapshot),
      );
    },
    async delete(tenant, bus) {
      sql.run('DELETE FROM snapshot WHERE tenant = ? AND bus = ?', tenant, bus);
    },
  };
}

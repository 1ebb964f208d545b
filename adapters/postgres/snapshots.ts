import type { Snapshots } from '../../mesh/ports/snapshots.ts';
import type { Snapshot } from '../../mesh/snapshot.ts';
import type { Sql } from './database.ts';

/** Snapshots in one table, as JSON. Never behind; who writes one is to tell the other processes with `announce`. */
export function createPostgresSnapshots(
  sql: Sql,
  announce: (tenant: string, bus: string) => Promise<void> = () => Promise.resolve(),
): Snapshots {
  return {
    async get(tenant, bus) {
      const [row] = await sql.run('SELECT value FROM snapshot WHERE tenant = $1 AND bus = $2', tenant, bus);
      return row === undefined ? undefined : (JSON.parse(String(row['value'])) as Snapshot);
    },
    async put(snapshot) {
      const { tenant, bus } = snapshot;
      await sql.run(
        `INSERT INTO snapshot (tenant, bus, value) VALUES ($1::text, $2::text, $3::text)
         ON CONFLICT (tenant, bus) DO UPDATE SET value = excluded.value`,
        tenant,
        bus,
        JSON.stringify(snapshot),
      );
      await announce(tenant, bus);
    },
    async delete(tenant, bus) {
      await sql.run('DELETE FROM snapshot WHERE tenant = $1 AND bus = $2', tenant, bus);
      await announce(tenant, bus);
    },
  };
}

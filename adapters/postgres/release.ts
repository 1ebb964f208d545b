import type { Sql } from './database.ts';

/** What processes take, in the order in which everybody locks. */
export const takenTables = ['turn', 'message', 'replay'] as const;

/** What a process has but for those takes, and for any from `before` on: nobody's again. Answers how many rows. */
export async function release(sql: Sql, owner: number, except: readonly number[], before: number): Promise<number> {
  let released = 0;
  for (const table of takenTables) {
    const rows = await sql.run(
      `UPDATE ${table} SET owner = NULL, token = NULL
       WHERE owner = $1 AND token < $3 AND token <> ALL ($2::bigint[]) RETURNING bus`,
      owner,
      except,
      before,
    );
    released += rows.length;
  }
  return released;
}

/** Of processes that are no more; also what one wrote after it had been taken for dead. */
export async function releaseAbandoned(sql: Sql): Promise<void> {
  for (const table of takenTables) {
    await sql.run(
      `UPDATE ${table} SET owner = NULL, token = NULL
       WHERE owner IS NOT NULL AND NOT EXISTS (SELECT 1 FROM process WHERE process.id = ${table}.owner)`,
    );
  }
}

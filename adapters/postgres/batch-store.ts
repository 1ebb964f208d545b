import type { Sql } from './database.ts';
import type { Take } from './message-store.ts';
import { toStored } from './text.ts';

/** A row of the table `batch` to be written, and to be handed out. */
export interface NewBatch {
  readonly bus: string;
  /** Of how many deliveries it is. */
  readonly deliveries: number;
  /** One or several messages, framed. */
  readonly body: string;
  /** Kept for replays, for as long as the bus keeps those. */
  readonly archived: boolean;
  /** Whoever writes it may take it in the same breath. */
  readonly take?: Take;
}

/** Books them, and answers their ids, which grow in the order given. One statement, and so one commit where it is not in a transaction. */
export async function insertBatches(
  sql: Sql,
  batches: readonly NewBatch[],
  { owner, now }: { readonly owner: number; readonly now: number },
): Promise<readonly number[]> {
  if (batches.length === 0) return [];
  let next = 1;
  const places = batches.map(
    () =>
      `($${next++}::text,$${next++}::bigint,$${next++}::boolean,$${next++}::text,$${next++}::integer,$${next++}::integer,$${next++}::bigint)`,
  );
  const rows = await sql.run(
    `WITH given (bus, at, archived, body, deliveries, owner, token) AS (VALUES ${places.join(',')}),
     numbered AS (SELECT nextval(pg_get_serial_sequence('message', 'id')) AS id, given.* FROM given),
     stored AS (INSERT INTO batch (bus, id, at, archived, body) SELECT bus, id, at, archived, body FROM numbered),
     booked AS (
       INSERT INTO planned (bus, owner, part, deliveries)
       SELECT bus, $${next}::integer, 'append', sum(deliveries) FROM given GROUP BY bus HAVING sum(deliveries) > 0 ORDER BY bus
       ON CONFLICT (bus, owner, part) DO UPDATE SET deliveries = planned.deliveries + excluded.deliveries)
     INSERT INTO message (id, bus, retry, due, deliveries, owner, token)
     SELECT id, bus, false, at, deliveries, owner, token FROM numbered
     RETURNING id`,
    ...batches.flatMap(({ bus, archived, deliveries, body, take }) => [
      bus,
      now,
      archived,
      toStored(body),
      deliveries,
      take?.owner ?? null,
      take?.token ?? null,
    ]),
    owner,
  );
  return rows.map((row) => Number(row['id'])).toSorted((one, other) => one - other);
}

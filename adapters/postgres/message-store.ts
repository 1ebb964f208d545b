import { toMessages } from '../sqlite/log-rows.ts';
import type { Sql } from './database.ts';
import { insertRows } from './insert.ts';
import { fromStored, toStored } from './text.ts';

/** A row of the table `message` to be written. */
export interface NewMessage {
  readonly bus: string;
  /** Retries are handed out beside what is new, so that neither waits for the other. */
  readonly retry: boolean;
  readonly due: number;
  /** How often our own code failed on it. */
  readonly failures: number;
  /** Of how many deliveries it is. */
  readonly deliveries: number;
  /** One or several messages, framed. */
  readonly body: string;
}

/** Who has a row, and since which take of its. */
export interface Take {
  readonly owner: number;
  readonly token: number;
}

/** A row that this process has. */
export interface TakenMessage extends Take {
  readonly id: number;
  readonly bus: string;
  readonly retry: boolean;
  readonly failures: number;
  readonly messages: readonly string[];
  /** UTF-16 units. */
  readonly length: number;
}

export interface TakeOptions {
  readonly take: Take;
  readonly now: number;
  readonly retry: boolean;
  /** Buses that have enough for now. */
  readonly except: readonly string[];
  /** Rows of a bus, and of all together. */
  readonly rowsPerBus: number;
  readonly rows: number;
}

/** What has a body of its own: retries. */
export function insertMessages(sql: Sql, messages: readonly NewMessage[]): Promise<readonly number[]> {
  return insertRows(
    sql,
    'message',
    ['bus', 'retry', 'due', 'failures', 'deliveries', 'body'],
    messages.map(({ bus, retry, due, failures, deliveries, body }) => [
      bus,
      retry,
      due,
      failures,
      deliveries,
      toStored(body),
    ]),
  );
}

/**
 * Takes rows that are due, the longest waiting first, some of every bus: a bus with a long backlog keeps no other
 * waiting. What another process is just taking is passed over.
 */
export async function takeMessages(sql: Sql, options: TakeOptions): Promise<TakenMessage[]> {
  const { take, now, retry, except, rowsPerBus, rows } = options;
  const found = await sql.run(
    `WITH RECURSIVE ${busesThatWait}, picked AS (
       SELECT one.id FROM bus_waiting CROSS JOIN LATERAL (
         SELECT id FROM message WHERE message.bus = bus_waiting.bus AND owner IS NULL AND retry = $4 AND due <= $3
         ORDER BY due, id LIMIT $6 FOR UPDATE SKIP LOCKED) AS one
       WHERE bus_waiting.bus IS NOT NULL AND bus_waiting.bus <> ALL ($5::text[]) LIMIT $7)
     UPDATE message SET owner = $1, token = $2 FROM picked WHERE message.id = picked.id
     RETURNING message.id, message.bus, message.due, message.failures, coalesce(message.body,
       (SELECT batch.body FROM batch WHERE batch.bus = message.bus AND batch.id = message.id)) AS body`,
    take.owner,
    take.token,
    now,
    retry,
    except,
    rowsPerBus,
    rows,
  );
  return found
    .toSorted((one, other) => Number(one['due']) - Number(other['due']) || Number(one['id']) - Number(other['id']))
    .map((row) => {
      const body = fromStored(String(row['body']));
      return {
        ...take,
        id: Number(row['id']),
        bus: String(row['bus']),
        retry,
        failures: Number(row['failures']),
        messages: toMessages(body),
        length: body.length,
      };
    });
}

/** When the next row that nobody has is due: of new messages, and of retries. */
export async function nextMessages(sql: Sql): Promise<{ readonly fresh: number; readonly retry: number }> {
  const [row] = await sql.run(
    `WITH RECURSIVE ${busesThatWait}
     SELECT min(one.due) FILTER (WHERE NOT kind.retry) AS fresh, min(one.due) FILTER (WHERE kind.retry) AS retry
     FROM bus_waiting CROSS JOIN (VALUES (false), (true)) AS kind (retry) CROSS JOIN LATERAL (
       SELECT due FROM message WHERE message.bus = bus_waiting.bus AND message.retry = kind.retry AND owner IS NULL
       ORDER BY due LIMIT 1) AS one
     WHERE bus_waiting.bus IS NOT NULL`,
  );
  return { fresh: toTime(row?.['fresh']), retry: toTime(row?.['retry']) };
}

/** Answers the ids of those that were still this process's. */
export async function deleteMessages(sql: Sql, messages: readonly TakenMessage[]): Promise<ReadonlySet<number>> {
  if (messages.length === 0) return new Set();
  const rows = await sql.run(
    `DELETE FROM message USING unnest($1::bigint[], $2::integer[], $3::bigint[]) AS taken (id, owner, token)
     WHERE message.id = taken.id AND message.owner = taken.owner AND message.token = taken.token RETURNING message.id`,
    messages.map(({ id }) => id),
    messages.map(({ owner }) => owner),
    messages.map(({ token }) => token),
  );
  return new Set(rows.map((row) => Number(row['id'])));
}

/** Step by step along the index: DISTINCT would read every row. */
const busesThatWait = `bus_waiting AS (
  (SELECT bus FROM message WHERE owner IS NULL ORDER BY bus LIMIT 1)
  UNION ALL
  SELECT (SELECT message.bus FROM message WHERE owner IS NULL AND message.bus > bus_waiting.bus
          ORDER BY message.bus LIMIT 1)
  FROM bus_waiting WHERE bus_waiting.bus IS NOT NULL)`;

export function toTime(value: unknown): number {
  return value == null ? Number.POSITIVE_INFINITY : Number(value);
}

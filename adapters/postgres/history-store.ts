import type { LedgerRecord } from '../../mesh/ledger.ts';
import { toRecordRows } from '../sqlite/log-rows.ts';
import { busOf } from './bus.ts';
import type { Sql } from './database.ts';
import { insertRows } from './insert.ts';
import { toStored } from './text.ts';

/** History without the events of dead letters, which have a row of their own: `insertDeadLetters`. */
export async function insertRecords(sql: Sql, records: readonly LedgerRecord[], now: number): Promise<void> {
  const byBus = Map.groupBy(records, busOf);
  const rows = [...byBus].flatMap(([bus, some]) =>
    toRecordRows(some.map(({ event: _event, ...record }) => record)).map((body) => [bus, now, body]),
  );
  await insertRows(sql, 'record', ['bus', 'at', 'body'], rows);
}

export async function insertDeadLetters(sql: Sql, records: readonly LedgerRecord[]): Promise<void> {
  const rows = records.flatMap(({ event, ...record }) =>
    event === undefined ? [] : [[busOf(record), record.at, JSON.stringify(record), toStored(event)]],
  );
  await insertRows(sql, 'dead_letter', ['bus', 'at', 'body', 'event'], rows);
}

export async function insertQuarantine(
  sql: Sql,
  messages: readonly { readonly bus: string; readonly body: string; readonly reason: string }[],
  now: number,
): Promise<void> {
  const rows = messages.map(({ bus, body, reason }) => [bus, now, toStored(body), toStored(reason)]);
  await insertRows(sql, 'quarantine', ['bus', 'at', 'body', 'reason'], rows);
}

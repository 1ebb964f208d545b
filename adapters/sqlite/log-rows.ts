import { deliveriesOf } from '../../mesh/envelope.ts';
import { unframe } from '../../mesh/frame.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';

/** UTF-16 units in a row; a message that is larger has a row of its own. A row takes 2 MB on Workers. */
export const ROW_LENGTH = 500_000;
/** UTF-16 units of history in a row; one record can have 200,000 (three names of the event, and a reason). */
const RECORDS_LENGTH = 300_000;

/** Whole messages, in order, in as few rows as their size allows. */
export function toRows(messages: readonly string[]): (readonly string[])[] {
  const rows: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    length += message.length;
    if (length > ROW_LENGTH) {
      rows.push([message]);
      length = message.length;
    } else rows.at(-1)?.push(message);
  }
  return rows;
}

/** A damaged row is handed on as it is: the dispatcher refuses it, and it ends in quarantine instead of blocking. */
export function toMessages(body: string): string[] {
  try {
    return unframe(body);
  } catch {
    return [body];
  }
}

/** Of how many deliveries they are. */
export function weigh(messages: readonly string[]): number {
  let deliveries = 0;
  for (const message of messages) deliveries += deliveriesOf(message);
  return deliveries;
}

/** JSON arrays, each as long as a row may be. */
export function toRecordRows(records: readonly LedgerRecord[]): string[] {
  const rows: string[] = [];
  let row: string[] = [];
  let length = 0;
  for (const record of records) {
    const text = JSON.stringify(record);
    if (row.length > 0 && length + text.length > RECORDS_LENGTH) {
      rows.push(`[${row.join(',')}]`);
      row = [];
      length = 0;
    }
    row.push(text);
    length += text.length;
  }
  if (row.length > 0) rows.push(`[${row.join(',')}]`);
  return rows;
}

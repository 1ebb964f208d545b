import { unframe } from '../../mesh/frame.ts';

/** UTF-16 units in a row; a message that is larger has a row of its own. A row takes 2 MB on Workers. */
export const ROW_LENGTH = 500_000;

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

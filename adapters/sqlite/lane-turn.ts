import { frame } from '../../mesh/frame.ts';
import { isOrdered } from '../../mesh/lane.ts';
import type { TurnOutcome } from '../../mesh/ports/settlement.ts';
import type { LaneRow } from './lane-store.ts';
import { toMessages, weigh } from './log-rows.ts';

/** The rows of a turn, and the messages in them. */
export interface LaneHead {
  readonly rows: readonly LaneRow[];
  readonly messages: readonly string[];
  readonly failures: number;
}

/** Messages and UTF-16 units in one turn, unless the first row has more. */
export const TURN_MESSAGES = 256;
export const TURN_LENGTH = 500_000;

/** Of a lane's first rows, those that make its next turn; the first one is due. */
export function takeHead(first: LaneRow, others: readonly LaneRow[], now: number): LaneHead {
  const messages = toMessages(first.body);
  const { failures } = first;
  // One by one, until the one that our code fails on is found.
  if (failures > 0) return { failures, rows: [first], messages: messages.slice(0, 1) };
  const rows = [first];
  let length = first.body.length;
  for (const row of others) {
    const next = toMessages(row.body);
    length += row.body.length;
    if (row.due > now || row.failures > 0) break;
    if (messages.length + next.length > TURN_MESSAGES || length > TURN_LENGTH) break;
    messages.push(...next);
    rows.push(row);
  }
  return { failures, rows, messages };
}

/** What becomes of each row that a turn has touched: `after` is there instead of `before`, if at all. */
export function leaveRows(
  rows: readonly LaneRow[],
  { taken, remains }: Pick<TurnOutcome, 'taken' | 'remains'>,
  due: number,
): { readonly before: LaneRow; readonly after?: LaneRow }[] {
  const changes: { before: LaneRow; after?: LaneRow }[] = [];
  let left = taken;
  for (const row of rows) {
    if (left <= 0) break;
    const messages = toMessages(row.body);
    const stays = messages.slice(left);
    if (left <= messages.length) stays.unshift(...remains);
    // What waits in front makes those behind it wait; elsewhere everything has its own time.
    const stillDue = isOrdered(row.lane) ? due : row.due;
    const after = { ...row, due: stillDue, failures: 0, deliveries: weigh(stays), body: frame(stays) };
    changes.push(stays.length === 0 ? { before: row } : { before: row, after });
    left -= messages.length;
  }
  return changes;
}

/** The first row of a turn on which our own code failed. */
export function failRow(row: LaneRow, due: number): LaneRow {
  return { ...row, place: isOrdered(row.lane) ? 0 : due, due, failures: row.failures + 1 };
}

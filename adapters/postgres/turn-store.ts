import { targetOfLane } from '../../mesh/lane.ts';
import type { Sql } from './database.ts';
import type { LanePlace } from './lane-store.ts';
import { type Take, toTime } from './message-store.ts';

/** Takes the turns that are due of lanes that nobody has, the longest waiting first. */
export async function takeTurns(
  sql: Sql,
  options: { readonly take: Take; readonly now: number; readonly except: readonly LanePlace[]; readonly count: number },
): Promise<LanePlace[]> {
  const { take, now, except, count } = options;
  const rows = await sql.run(
    `WITH picked AS (
       SELECT bus, lane FROM turn WHERE owner IS NULL AND due <= $3 AND NOT (bus || ' ' || target = ANY ($4::text[]))
       ORDER BY due LIMIT $5 FOR UPDATE SKIP LOCKED)
     UPDATE turn SET owner = $1, token = $2 FROM picked WHERE turn.bus = picked.bus AND turn.lane = picked.lane
     RETURNING turn.bus, turn.lane`,
    take.owner,
    take.token,
    now,
    except.map(({ bus, lane }) => `${bus} ${targetOfLane(lane)}`),
    count,
  );
  return rows.map((row) => ({ bus: String(row['bus']), lane: String(row['lane']) }));
}

/** Gives turns back: not before `rest` whatever is added, and not before `due`, or, where it is absent, its first row. */
export async function giveBackTurns(
  sql: Sql,
  turns: readonly (LanePlace & { readonly rest: number; readonly due?: number })[],
): Promise<void> {
  if (turns.length === 0) return;
  await sql.run(
    `UPDATE turn SET owner = NULL, token = NULL, rest = back.rest, due = greatest(back.rest, coalesce(back.due,
       (SELECT lane.due FROM lane WHERE lane.bus = back.bus AND lane.lane = back.lane ORDER BY place, id LIMIT 1), 0))
     FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS back (bus, lane, rest, due)
     WHERE turn.bus = back.bus AND turn.lane = back.lane`,
    turns.map(({ bus }) => bus),
    turns.map(({ lane }) => lane),
    turns.map(({ rest }) => rest),
    turns.map(({ due }) => due ?? null),
  );
}

/** Of lanes that are held: those that have nothing and need no rest. */
export async function dropEmptyTurns(sql: Sql, lanes: readonly LanePlace[], now: number): Promise<void> {
  if (lanes.length === 0) return;
  await sql.run(
    `DELETE FROM turn USING unnest($1::text[], $2::text[]) AS held (bus, lane)
     WHERE turn.bus = held.bus AND turn.lane = held.lane AND turn.rest <= $3
       AND NOT EXISTS (SELECT 1 FROM lane WHERE lane.bus = held.bus AND lane.lane = held.lane)`,
    lanes.map(({ bus }) => bus),
    lanes.map(({ lane }) => lane),
    now,
  );
}

/** When the next turn that nobody has is due. */
export async function nextTurn(sql: Sql): Promise<number> {
  const [row] = await sql.run('SELECT min(due) AS due FROM turn WHERE owner IS NULL');
  return toTime(row?.['due']);
}

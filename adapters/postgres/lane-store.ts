import { isOrdered, maxWaiting, targetOfLane } from '../../mesh/lane.ts';
import type { LaneRow } from '../sqlite/lane-store.ts';
import { TURN_LENGTH, TURN_MESSAGES } from '../sqlite/lane-turn.ts';
import type { Sql } from './database.ts';
import { insertRows } from './insert.ts';
import type { Take } from './message-store.ts';
import { fromStored, toStored } from './text.ts';

/** A lane of a bus. */
export interface LanePlace {
  readonly bus: string;
  readonly lane: string;
}

export interface NewLaneRow extends LanePlace {
  readonly due: number;
  /** Of how many deliveries it is. */
  readonly deliveries: number;
  readonly body: string;
}

/**
 * Sees to it that the lanes have their turn when the rows are due, and holds them for the rest of the transaction. Must
 * come before anything else that the transaction locks; the order keeps two transactions from waiting for each other.
 */
export async function touchTurns(
  sql: Sql,
  lanes: readonly (LanePlace & { readonly due: number })[],
): Promise<ReadonlyMap<string, Take | undefined>> {
  const earliest = new Map<string, LanePlace & { readonly due: number }>();
  for (const place of lanes) {
    const key = keyOf(place);
    if (place.due < (earliest.get(key)?.due ?? Number.POSITIVE_INFINITY)) earliest.set(key, place);
  }
  if (earliest.size === 0) return new Map();
  const places = [...earliest.values()];
  const rows = await sql.run(
    `INSERT INTO turn (bus, lane, target, due)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS place (bus, lane, target, due)
     ORDER BY place.bus, place.lane
     ON CONFLICT (bus, lane) DO UPDATE SET due = greatest(turn.rest, least(turn.due, excluded.due))
     RETURNING bus, lane, owner, token`,
    places.map(({ bus }) => bus),
    places.map(({ lane }) => lane),
    places.map(({ lane }) => targetOfLane(lane)),
    places.map(({ due }) => due),
  );
  return new Map(
    rows.map((row) => [
      keyOf({ bus: String(row['bus']), lane: String(row['lane']) }),
      row['owner'] === null ? undefined : { owner: Number(row['owner']), token: Number(row['token']) },
    ]),
  );
}

export async function insertLaneRows(sql: Sql, rows: readonly NewLaneRow[]): Promise<void> {
  await insertRows(
    sql,
    'lane',
    ['bus', 'lane', 'place', 'due', 'deliveries', 'body'],
    rows.map(({ bus, lane, due, deliveries, body }) => [
      bus,
      lane,
      isOrdered(lane) ? 0 : due,
      due,
      deliveries,
      toStored(body),
    ]),
  );
}

/** The first rows of each of the lanes, by lane. */
export async function readHeads(sql: Sql, lanes: readonly LanePlace[]): Promise<ReadonlyMap<string, LaneRow[]>> {
  const heads = new Map<string, LaneRow[]>(lanes.map((place) => [keyOf(place), []]));
  // What is not read: rows after so many bytes that they cannot be part of the turn.
  const rows = await sql.run(
    `SELECT asked.bus, asked.lane, head.place, head.id, head.due, head.failures, head.deliveries, head.body
     FROM unnest($1::text[], $2::text[]) AS asked (bus, lane) CROSS JOIN LATERAL (
       SELECT row.*, sum(octet_length(row.body)) OVER (ORDER BY row.place, row.id) - octet_length(row.body) AS before
       FROM (SELECT place, id, due, failures, deliveries, body FROM lane WHERE lane.bus = asked.bus AND lane.lane = asked.lane
             ORDER BY place, id LIMIT ${TURN_MESSAGES}) AS row) AS head
     WHERE head.before <= ${TURN_LENGTH} ORDER BY asked.bus, asked.lane, head.place, head.id`,
    lanes.map(({ bus }) => bus),
    lanes.map(({ lane }) => lane),
  );
  for (const row of rows) {
    const lane = String(row['lane']);
    heads.get(keyOf({ bus: String(row['bus']), lane }))?.push({
      lane,
      place: Number(row['place']),
      sequence: Number(row['id']),
      due: Number(row['due']),
      failures: Number(row['failures']),
      deliveries: Number(row['deliveries']),
      body: fromStored(String(row['body'])),
    });
  }
  return heads;
}

/** Writes what a turn left of its rows. */
export async function changeLaneRows(
  sql: Sql,
  changes: readonly { readonly bus: string; readonly before: LaneRow; readonly after?: LaneRow }[],
): Promise<void> {
  const gone = changes.filter(({ after }) => after === undefined);
  if (gone.length > 0) {
    await sql.run(
      `DELETE FROM lane USING unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS gone (bus, lane, place, id)
       WHERE lane.bus = gone.bus AND lane.lane = gone.lane AND lane.place = gone.place AND lane.id = gone.id`,
      gone.map(({ bus }) => bus),
      gone.map(({ before }) => before.lane),
      gone.map(({ before }) => before.place),
      gone.map(({ before }) => before.sequence),
    );
  }
  for (const { bus, before, after } of changes) {
    if (after === undefined) continue;
    await sql.run(
      `UPDATE lane SET place = $5, due = $6, failures = $7, deliveries = $8, body = $9
       WHERE bus = $1 AND lane = $2 AND place = $3 AND id = $4`,
      bus,
      before.lane,
      before.place,
      before.sequence,
      after.place,
      after.due,
      after.failures,
      after.deliveries,
      toStored(after.body),
    );
  }
}

/** Deliveries that wait for each target of a bus, in rows. */
export async function countWaiting(sql: Sql, bus: string): Promise<ReadonlyMap<string, number>> {
  const rows = await sql.run(
    `SELECT known.target, count(counted.waiting) AS waiting
     FROM (SELECT DISTINCT target FROM turn WHERE bus = $1) AS known LEFT JOIN LATERAL (
       SELECT 1 AS waiting FROM turn JOIN lane USING (bus, lane)
       WHERE turn.bus = $1 AND turn.target = known.target LIMIT ${maxWaiting}) AS counted ON true
     GROUP BY known.target`,
    bus,
  );
  return new Map(rows.map((row) => [String(row['target']), Number(row['waiting'])]));
}

/** Whether one of the targets has more than so many rows in its lanes. */
export async function hasMoreRows(sql: Sql, bus: string, targets: readonly string[], rows: number): Promise<boolean> {
  if (targets.length === 0) return false;
  const [row] = await sql.run(
    `SELECT max(counted.rows) AS most FROM unnest($2::text[]) AS asked (target) CROSS JOIN LATERAL (
       SELECT count(*) AS rows FROM (
         SELECT 1 FROM turn JOIN lane USING (bus, lane)
         WHERE turn.bus = $1 AND turn.target = asked.target LIMIT $3) AS row) AS counted`,
    bus,
    targets,
    rows + 1,
  );
  return Number(row?.['most'] ?? 0) > rows;
}

export function keyOf({ bus, lane }: LanePlace): string {
  return `${bus} ${lane}`;
}

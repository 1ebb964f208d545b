import { setTimeout as pause } from 'node:timers/promises';
import { TulleError } from '../../event/error.ts';
import { acceptanceSlackMs } from '../../mesh/replay/replay.ts';
import { createTurnPage, type KeptReplay, type ReplayJob } from '../sqlite/replay-turn.ts';
import { CLOCK_MS } from './clock.ts';
import type { Sql } from './database.ts';
import { fromStored } from './text.ts';

/** Rows, and bytes of them, that are read at a time. */
const ROWS = 256;
const BYTES = 500_000;
/** Appends take milliseconds; one that takes longer than its statement may is none. */
const POLL_MS = 10;
const GIVE_UP_MS = 60_000;

/** What the next turn of a replay is about; `undefined` where nothing (more) is in its range by now. */
export async function readTurn(
  sql: Sql,
  { bus, kept }: { readonly bus: string; readonly kept: KeptReplay },
  now: () => number,
): Promise<ReplayJob | undefined> {
  const { from, to } = kept.status.order;
  const range = { from: from - acceptanceSlackMs, to: to + acceptanceSlackMs };
  const last = await writtenUpTo(sql);
  const first = kept.position?.sequence ?? (await firstSince(sql, bus, range.from - CLOCK_MS));
  if (first === undefined) return undefined;
  const page = createTurnPage(kept, first);
  reading: while (page.isOpen) {
    const rows = await readRows(sql, bus, { first: page.next, last, ...range });
    for (const { id, at, body } of rows) {
      if (at >= range.to + CLOCK_MS) break reading;
      if (body === undefined) page.pass(id);
      else if (!page.isOpen || !page.add({ sequence: id, body })) break reading;
    }
    if (rows.length === 0) break;
  }
  return page.toJob(now());
}

interface ArchivedRow {
  readonly id: number;
  readonly at: number;
  /** Absent where it is of another time. */
  readonly body: string | undefined;
}

async function readRows(
  sql: Sql,
  bus: string,
  {
    first,
    last,
    from,
    to,
  }: { readonly first: number; readonly last: number; readonly from: number; readonly to: number },
): Promise<readonly ArchivedRow[]> {
  const rows = await sql.run(
    `SELECT id, at, CASE WHEN at >= $4 AND at < $5 THEN body END AS body FROM (
       SELECT id, at, body, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS before FROM (
         SELECT id, at, body FROM batch WHERE bus = $1 AND archived AND id >= $2 AND id <= $3
         ORDER BY id LIMIT ${ROWS}) AS row) AS sized
     WHERE before <= ${BYTES} ORDER BY id`,
    bus,
    first,
    last,
    from,
    to,
  );
  return rows.map(({ id, at, body }) => ({
    id: Number(id),
    at: Number(at),
    body: body === null ? undefined : fromStored(String(body)),
  }));
}

/** The smallest id: the earliest row may have a larger one than those that came a moment later. */
async function firstSince(sql: Sql, bus: string, at: number): Promise<number | undefined> {
  const [row] = await sql.run(
    `WITH earliest AS (SELECT at FROM batch WHERE bus = $1 AND archived AND at >= $2 ORDER BY at LIMIT 1)
     SELECT min(batch.id) AS id FROM batch, earliest
     WHERE bus = $1 AND archived AND batch.at >= earliest.at AND batch.at < earliest.at + ${CLOCK_MS}`,
    bus,
    at,
  );
  return row?.['id'] == null ? undefined : Number(row['id']);
}

/**
 * Up to which id everything is there that ever will be. Ids are given out before the commit, so that a smaller one may
 * appear after a larger one: whoever has one of those that are given out by now still holds the lock of a writer, or has
 * ended.
 */
async function writtenUpTo(sql: Sql): Promise<number> {
  const [sequence] = await sql.run('SELECT last_value AS last FROM message_id_seq');
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (let writers = await readWriters(sql); writers.size > 0;) {
    if (performance.now() > giveUpAt) throw stuck();
    await pause(POLL_MS);
    const still = await readWriters(sql);
    writers = new Set([...writers].filter((writer) => still.has(writer)));
  }
  return Number(sequence?.['last'] ?? 0);
}

async function readWriters(sql: Sql): Promise<ReadonlySet<string>> {
  const rows = await sql.run(
    `SELECT virtualtransaction AS writer FROM pg_locks WHERE locktype = 'relation' AND relation = 'batch'::regclass
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND mode = 'RowExclusiveLock' AND granted`,
  );
  return new Set(rows.map((row) => String(row['writer'])));
}

function stuck(): TulleError {
  return new TulleError('unavailable', 'A transaction that writes to the table batch does not end.', {
    mend: 'Look for it in pg_stat_activity, and end it.',
    retryAfter: 60,
  });
}

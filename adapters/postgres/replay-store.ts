import type { KeptReplay } from '../sqlite/replay-turn.ts';
import type { Row, Sql } from './database.ts';
import { type Take, toTime } from './message-store.ts';

/** A replay's turn that this process has. */
export interface TakenReplay extends Take {
  readonly bus: string;
  /** Nobody else writes it meanwhile, but to end it. */
  readonly kept: KeptReplay;
}

/** Its name has to be free. */
export async function insertReplay(sql: Sql, bus: string, kept: KeptReplay): Promise<void> {
  await sql.run(
    `INSERT INTO replay (bus, name, running, due, body) VALUES ($1::text, $2::text, true, $3::bigint, $4::text)`,
    bus,
    kept.status.order.name,
    kept.due,
    JSON.stringify(kept),
  );
}

/** Of a bus, by name. */
export async function readReplays(sql: Sql, bus: string): Promise<readonly KeptReplay[]> {
  return (await sql.run('SELECT body FROM replay WHERE bus = $1 ORDER BY name', bus)).map(toKept);
}

export async function readReplay(
  sql: Sql,
  bus: string,
  name: string,
  lock: 'FOR UPDATE' | '' = '',
): Promise<KeptReplay | undefined> {
  const rows = await sql.run(`SELECT body FROM replay WHERE bus = $1 AND name = $2 ${lock}`, bus, name);
  return rows.map(toKept)[0];
}

/** Nobody's again: a turn that is out is not settled any more. */
export async function writeReplay(sql: Sql, bus: string, kept: KeptReplay): Promise<void> {
  await sql.run(
    `UPDATE replay SET running = $3, due = $4, body = $5, owner = NULL, token = NULL WHERE bus = $1 AND name = $2`,
    bus,
    kept.status.order.name,
    kept.status.state === 'running',
    kept.due,
    JSON.stringify(kept),
  );
}

/** Answers how many there were. */
export async function deleteReplays(sql: Sql, bus: string, names: readonly string[]): Promise<number> {
  if (names.length === 0) return 0;
  const rows = await sql.run(
    'DELETE FROM replay WHERE bus = $1 AND name = ANY ($2::text[]) RETURNING name',
    bus,
    names,
  );
  return rows.length;
}

/** Takes turns that are due, of buses where nothing else is that nobody has: a replay comes behind it. */
export async function takeReplays(
  sql: Sql,
  { take, now, count }: { readonly take: Take; readonly now: number; readonly count: number },
): Promise<readonly TakenReplay[]> {
  const rows = await sql.run(
    `WITH picked AS (
       SELECT bus, name FROM replay WHERE running AND owner IS NULL AND due <= $3 AND NOT EXISTS (
         SELECT 1 FROM message WHERE message.bus = replay.bus AND message.owner IS NULL AND message.due <= $3)
       ORDER BY due LIMIT $4 FOR UPDATE SKIP LOCKED)
     UPDATE replay SET owner = $1, token = $2 FROM picked WHERE replay.bus = picked.bus AND replay.name = picked.name
     RETURNING replay.bus, replay.body`,
    take.owner,
    take.token,
    now,
    count,
  );
  return rows.map((row) => ({ ...take, bus: String(row['bus']), kept: toKept(row) }));
}

/** Which of them are still this process's; for the rest of the transaction nobody else's. */
export async function holdReplays(sql: Sql, taken: readonly TakenReplay[]): Promise<ReadonlySet<TakenReplay>> {
  if (taken.length === 0) return new Set();
  const rows = await sql.run(
    `SELECT owner, token, bus, name FROM replay
     WHERE (bus, name, owner, token) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::bigint[]))
     ORDER BY bus, name FOR UPDATE`,
    taken.map(({ bus }) => bus),
    taken.map(({ kept }) => kept.status.order.name),
    taken.map(({ owner }) => owner),
    taken.map(({ token }) => token),
  );
  const held = new Set(rows.map((row) => `${row['bus']} ${row['name']} ${row['owner']} ${row['token']}`));
  return new Set(
    taken.filter(({ bus, kept, owner, token }) => held.has(`${bus} ${kept.status.order.name} ${owner} ${token}`)),
  );
}

/** When the next turn that nobody has is due. */
export async function nextReplay(sql: Sql): Promise<number> {
  const [row] = await sql.run('SELECT min(due) AS due FROM replay WHERE running AND owner IS NULL');
  return toTime(row?.['due']);
}

function toKept(row: Row): KeptReplay {
  return JSON.parse(String(row['body'])) as KeptReplay;
}

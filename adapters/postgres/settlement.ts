import type { Breaker } from '../../mesh/delivery/breaker.ts';
import { frame } from '../../mesh/frame.ts';
import { isOrdered } from '../../mesh/lane.ts';
import type { Tally } from '../../mesh/books.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import { failRow, leaveRows } from '../sqlite/lane-turn.ts';
import { failReplay, type KeptReplay } from '../sqlite/replay-turn.ts';
import { toRows, weigh } from '../sqlite/log-rows.ts';
import { allTaken, delayAfter, MAX_FAILURES } from '../sqlite/log-settlement.ts';
import { bookEnded, bookPlanned, type Planned } from './book-store.ts';
import { breakerKeyOf, holdBreakers, storeBreakers, type TargetPlace, toTarget } from './breaker-store.ts';
import type { Sql } from './database.ts';
import { insertDeadLetters, insertQuarantine, insertRecords } from './history-store.ts';
import { changeLaneRows, insertLaneRows, keyOf, type NewLaneRow, touchTurns } from './lane-store.ts';
import type { TakenTurn } from './lanes.ts';
import { deleteMessages, insertMessages, type NewMessage, type TakenMessage } from './message-store.ts';
import { holdReplays, type TakenReplay, writeReplay } from './replay-store.ts';
import { dropEmptyTurns, giveBackTurns } from './turn-store.ts';

/** What is with the dispatcher: rows of one bus, or the turn of a lane or a replay. */
export interface Job {
  readonly bus: string;
  readonly rows: readonly TakenMessage[];
  readonly turn?: TakenTurn;
  readonly replay?: TakenReplay;
  readonly messages: readonly string[];
}

/** What became of a job; with `reason` our own code failed, and nothing is known of its messages. */
export type Outcome = { readonly job: Job } & (
  | {
      readonly settlement: Settlement;
      /** How the replay is after its turn. */
      readonly replay?: KeptReplay;
    }
  | { readonly reason: string }
);

/** What a transaction is to write, gathered from several outcomes. */
interface Draft {
  readonly messages: NewMessage[];
  readonly laneRows: NewLaneRow[];
  readonly changes: Parameters<typeof changeLaneRows>[1][number][];
  readonly back: Parameters<typeof giveBackTurns>[1][number][];
  readonly replays: { bus: string; kept: KeptReplay }[];
  readonly records: LedgerRecord[];
  readonly quarantine: { bus: string; body: string; reason: string }[];
  readonly tallies: { bus: string; tally: Tally }[];
  readonly planned: Planned[];
}

/**
 * Writes several outcomes, in a transaction of the caller's: what is done with is gone, what is left is there again, and
 * history says so. An outcome whose rows or turn another process has by now is passed over: that one settles them.
 * Answers the messages that were set aside.
 */
export async function settle(
  sql: Sql,
  outcomes: readonly Outcome[],
  { owner, now }: { readonly owner: number; readonly now: number },
): Promise<number> {
  const laned = outcomes.flatMap((outcome) => lanedOf(outcome, now));
  const held = outcomes.flatMap(({ job: { turn } }) => (turn === undefined ? [] : [{ ...turn, due: now }]));
  const turns = await touchTurns(sql, [...held, ...laned]);
  const deleted = await deleteMessages(
    sql,
    outcomes.flatMap(({ job }) => job.rows),
  );
  const replays = await holdReplays(
    sql,
    outcomes.flatMap(({ job: { replay } }) => replay ?? []),
  );
  const ours = outcomes.filter(({ job: { rows, turn, replay } }) => {
    if (replay !== undefined) return replays.has(replay);
    if (turn === undefined) return rows.every(({ id }) => deleted.has(id));
    const take = turns.get(keyOf(turn));
    return take?.owner === turn.owner && take.token === turn.token;
  });
  await tellBreakers(sql, ours, now);
  const draft = createDraft();
  for (const outcome of ours) plan(outcome, draft, now);
  await changeLaneRows(sql, draft.changes);
  await insertLaneRows(sql, draft.laneRows);
  await insertMessages(sql, draft.messages);
  await giveBackTurns(sql, draft.back);
  await dropEmptyTurns(sql, draft.back, now);
  for (const { bus, kept } of draft.replays) await writeReplay(sql, bus, kept);
  await insertDeadLetters(sql, draft.records);
  await insertRecords(sql, draft.records, now);
  await insertQuarantine(sql, draft.quarantine, now);
  await bookEnded(sql, owner, draft.tallies);
  await bookPlanned(sql, owner, 'settle', draft.planned);
  return draft.quarantine.length;
}

async function tellBreakers(sql: Sql, outcomes: readonly Outcome[], now: number): Promise<void> {
  const told: { place: TargetPlace; tell: (breaker: Breaker) => void }[] = [];
  for (const outcome of outcomes) {
    if (!('settlement' in outcome)) continue;
    const { job, settlement } = outcome;
    const { turn: said, throttled = [] } = settlement;
    if (job.turn !== undefined && said !== undefined) {
      const place = toTarget(job.turn);
      // Where nothing was asked, only a probe has something to say.
      if (said.ok + said.failed > 0 || said.throttledMs !== undefined || job.turn.probe) {
        told.push({ place, tell: (breaker) => breaker.tell(said, now) });
      }
    }
    for (const { target, waitMs } of throttled) {
      told.push({ place: { bus: job.bus, target }, tell: (breaker) => breaker.slow(waitMs, now) });
    }
  }
  const breakers = await holdBreakers(
    sql,
    told.map(({ place }) => place),
    { missing: 'make' },
  );
  for (const { place, tell } of told) {
    const breaker = breakers.get(breakerKeyOf(place));
    if (breaker !== undefined) tell(breaker);
  }
  await storeBreakers(sql, breakers);
}

function plan(outcome: Outcome, draft: Draft, now: number): void {
  const { bus, turn, replay, messages, rows } = outcome.job;
  if ('settlement' in outcome) {
    const { retries, records, turn: said, tally } = outcome.settlement;
    for (const { body, delayMs, lane } of retries) {
      if (lane !== undefined) continue;
      draft.messages.push(toRetry(bus, now + Math.round(delayMs), 0, body));
    }
    draft.laneRows.push(...lanedOf(outcome, now));
    draft.records.push(...records);
    if (tally !== undefined) {
      draft.tallies.push({ bus, tally });
      draft.planned.push({ bus, deliveries: tally.added });
    }
    if (turn !== undefined) planTurn(turn, said ?? allTaken(turn), draft, now);
    if (outcome.replay !== undefined) {
      draft.replays.push({ bus, kept: outcome.replay });
      // What a replay was handed is in the books already; what it makes of it is planned anew.
      draft.planned.push({ bus, deliveries: weigh(retries.map(({ body }) => body)) });
    }
  } else if (replay !== undefined) draft.replays.push({ bus, kept: failed(replay.kept, outcome.reason, now) });
  else if (turn !== undefined) failTurn(turn, outcome.reason, draft, now);
  else for (const body of messages) repeat(bus, body, (rows[0]?.failures ?? 0) + 1, outcome.reason, draft, now);
}

function planTurn(
  turn: TakenTurn,
  said: NonNullable<Settlement['turn']>,
  { changes, back }: Pick<Draft, 'changes' | 'back'>,
  now: number,
): void {
  const { bus, lane } = turn;
  const due = now + Math.round(said.delayMs);
  for (const change of leaveRows(turn.rows, said, due)) changes.push({ bus, ...change });
  back.push({ bus, lane, rest: due });
}

/** Our own failure, not the target's: the turn's first message alone, later. */
function failTurn(turn: TakenTurn, reason: string, draft: Draft, now: number): void {
  const { bus, lane } = turn;
  const failures = turn.failures + 1;
  const [body] = turn.messages;
  const [before] = turn.rows;
  if (failures > MAX_FAILURES && body !== undefined) {
    setAside(bus, body, reason, draft);
    planTurn(turn, { taken: 1, remains: [], delayMs: 0, ok: 0, failed: 0, gaveUp: false }, draft, now);
    return;
  }
  const due = now + delayAfter(failures);
  if (before !== undefined) draft.changes.push({ bus, before, after: failRow(before, due) });
  draft.back.push({ bus, lane, rest: isOrdered(lane) ? due : now });
}

function failed(kept: KeptReplay, reason: string, now: number): KeptReplay {
  const failures = kept.failures + 1;
  return failReplay(kept, reason, failures > MAX_FAILURES ? undefined : delayAfter(failures), now);
}

/** Every message alone, later, so that one bad message stops nothing else. */
function repeat(bus: string, body: string, failures: number, reason: string, draft: Draft, now: number): void {
  if (failures > MAX_FAILURES) setAside(bus, body, reason, draft);
  else draft.messages.push(toRetry(bus, now + delayAfter(failures), failures, body));
}

/** What is to wait in lanes, in rows of those that are due together. */
function lanedOf(outcome: Outcome, now: number): NewLaneRow[] {
  if (!('settlement' in outcome)) return [];
  const { bus } = outcome.job;
  const bodies = new Map<string, { lane: string; due: number; bodies: string[] }>();
  for (const { lane, delayMs, body } of outcome.settlement.retries) {
    if (lane === undefined) continue;
    const due = now + Math.round(delayMs);
    const known = bodies.get(`${due} ${lane}`);
    if (known === undefined) bodies.set(`${due} ${lane}`, { lane, due, bodies: [body] });
    else known.bodies.push(body);
  }
  return [...bodies.values()].flatMap(({ lane, due, bodies: all }) =>
    toRows(all).map((part) => ({ bus, lane, due, deliveries: weigh(part), body: frame(part) })),
  );
}

function setAside(bus: string, body: string, reason: string, { quarantine, planned }: Draft): void {
  quarantine.push({ bus, body: frame([body]), reason });
  planned.push({ bus, deliveries: 0, setAside: weigh([body]) });
}

function toRetry(bus: string, due: number, failures: number, body: string): NewMessage {
  return { bus, retry: true, due, failures, deliveries: weigh([body]), body: frame([body]) };
}

function createDraft(): Draft {
  return {
    messages: [],
    laneRows: [],
    changes: [],
    back: [],
    replays: [],
    records: [],
    quarantine: [],
    tallies: [],
    planned: [],
  };
}

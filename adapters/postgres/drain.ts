import type { QueueConsumer, Turn } from '../../mesh/ports/consumer.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import { createCrew, createSignal } from '../sqlite/crew.ts';
import type { Database } from './database.ts';
import { breakerKeyOf, toTarget } from './breaker-store.ts';
import { takeLaneTurns, type TakenTurn } from './lanes.ts';
import { createLine, type Line } from './line.ts';
import { nextMessages, type Take, type TakenMessage, takeMessages } from './message-store.ts';
import { nextReplay, takeReplays } from './replay-store.ts';
import { takeReplayTurn } from './replay-turn.ts';
import type { Job, Outcome } from './settlement.ts';
import { createSettler } from './settler.ts';
import { nextTurn } from './turn-store.ts';

/** Hands out what this process has taken, takes what is due, and settles what is answered. */
export interface Drain {
  /** Resolves when nothing is due and nothing is out. Rejects when the database is not there; what is out goes on. */
  run(): Promise<void>;
  /** Resolves when there is something to look at, or at `nextAt`, or after so many milliseconds. */
  wait(milliseconds: number): Promise<void>;
  /** Rows that were just stored, already taken. */
  add(rows: readonly TakenMessage[]): void;
  /** Whether new rows of a bus may be taken as they are stored: nothing older waits, and there is room. */
  mayTake(bus: string, length: number): boolean;
  /** There may be something due in the database. */
  wake(): void;
  /** When the next row or turn is due that nobody has, as it was last seen. */
  nextAt(): number;
  /** What is not begun is another's now. */
  forget(): void;
  /** The takes of which something is here. */
  tokens(): readonly number[];
  /** Takes and begins nothing more; resolves when what is out is settled. */
  stop(): Promise<void>;
}

export interface DrainOptions {
  readonly database: Database;
  readonly consume: QueueConsumer;
  /** The number of this process. */
  readonly owner: () => number;
  readonly now: () => number;
  readonly report: (message: string, error: unknown) => void;
  readonly takes: Takes;
  /** Told what was written. */
  readonly onSettled: (settlements: readonly Settlement[]) => void;
  readonly settleEveryMs: number;
}

/** Takes under way: whether their rows are in the database is not known before they end. */
export interface Takes {
  begin(): Take;
  end(take: Take): void;
  readonly open: ReadonlySet<number>;
}

/** Jobs of a bus at a time, of new messages and of retries, beside those that are slow; turns of all lanes. */
const WINDOW = 4;
const RETRY_WINDOW = 2;
const TURN_WINDOW = 32;
/** Turns of replays at a time: each reads half a megabyte. */
const REPLAY_WINDOW = 4;
/** Rows that are taken at a time: new ones hold up to 500 KB each, retries a message each. */
const FRESH_ROWS = { rowsPerBus: 8, rows: 32 };
const RETRY_ROWS = { rowsPerBus: 32, rows: 64 };
/** UTF-16 units of messages that wait in this process before the rest is left to others. */
const LINE_LENGTH = 2_000_000;
const LINES_LENGTH = 16_000_000;
/** How often the database is looked at while jobs are out, whatever is known. */
const LOOK_MS = 200;

export function createDrain(options: DrainOptions): Drain {
  const { database, now, takes, report } = options;
  const lines = { fresh: new Map<string, Line>(), retry: new Map<string, Line>() };
  const turns = createCrew<Job>();
  const replays = createCrew<Job>();
  const turnsOf = new Map<string, number>();
  const out = new Set<Job>();
  const settler = createSettler({ ...options, everyMs: options.settleEveryMs, onSettled });
  let signal = createSignal();
  let stopped = false;
  let dirty = true;
  let lookedAt = 0;
  let nextDue = 0;
  /** New messages wait in the database: what comes now must not overtake them. */
  let behind = false;

  function onSettled(outcomes: readonly Outcome[]): void {
    options.onSettled(outcomes.flatMap((outcome) => ('settlement' in outcome ? [outcome.settlement] : [])));
    for (const { job } of outcomes) out.delete(job);
    dirty = true;
    signal.ring();
  }

  function lineOf(kind: keyof typeof lines, bus: string): Line {
    let line = lines[kind].get(bus);
    if (line === undefined) {
      line = createLine(bus);
      lines[kind].set(bus, line);
    }
    return line;
  }

  function begin(job: Job, crew: Line['crew']): void {
    out.add(job);
    crew.begin(job, now());
    void perform(job).then((outcome) => {
      crew.end(job);
      countTurn(job, -1);
      settler.add(outcome);
      signal.ring();
    });
  }

  async function perform(job: Job): Promise<Outcome> {
    try {
      const { turn, replay, messages } = job;
      if (replay !== undefined) {
        return { job, ...(await takeReplayTurn(replay, { sql: database, consume: options.consume, now })) };
      }
      const settlement = await (turn === undefined
        ? options.consume(messages)
        : options.consume(messages, toTask(turn)));
      return { job, settlement };
    } catch (error) {
      report('a batch could not be dispatched; it will be tried again', error);
      return { job, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  function countTurn({ turn }: Job, change: number): void {
    if (turn === undefined) return;
    const key = breakerKeyOf(toTarget(turn));
    const count = (turnsOf.get(key) ?? 0) + change;
    if (count > 0) turnsOf.set(key, count);
    else turnsOf.delete(key);
  }

  function beginAll(): void {
    for (const [kind, window] of [
      ['fresh', WINDOW],
      ['retry', RETRY_WINDOW],
    ] as const) {
      for (const [bus, line] of lines[kind]) {
        while (!stopped && line.rows.length > 0 && line.crew.room(window, now()) > 0) {
          const job = line.take();
          if (job !== undefined) begin(job, line.crew);
        }
        if (line.rows.length === 0 && line.crew.size() === 0) lines[kind].delete(bus);
      }
    }
  }

  /** Buses that have something here which there is no room for. */
  function fullBuses(kind: keyof typeof lines, window: number): string[] {
    return [...lines[kind].values()]
      .filter((line) => line.rows.length > 0 || line.crew.room(window, now()) <= 0)
      .map(({ bus }) => bus);
  }

  async function takeRows(kind: 'fresh' | 'retry'): Promise<number> {
    if (waiting() > LINES_LENGTH) return 0;
    const take = takes.begin();
    try {
      const [window, size] = kind === 'fresh' ? [WINDOW, FRESH_ROWS] : [RETRY_WINDOW, RETRY_ROWS];
      const except = fullBuses(kind, window);
      const rows = await takeMessages(database, { take, now: now(), retry: kind === 'retry', except, ...size });
      for (const [bus, some] of Map.groupBy(rows, ({ bus }) => bus)) lineOf(kind, bus).add(some);
      return rows.length;
    } finally {
      takes.end(take);
    }
  }

  async function takeTurns(): Promise<number> {
    const count = turns.room(TURN_WINDOW, now());
    if (count <= 0) return 0;
    const take = takes.begin();
    try {
      const taken = await database.transaction(
        (sql) => takeLaneTurns(sql, { take, now: now(), count, out: turnsOf }),
        // A turn that a crash of the database gives back is given once more.
        { relaxed: true },
      );
      for (const turn of taken.turns) {
        const job: Job = { bus: turn.bus, rows: [], turn, messages: turn.messages };
        countTurn(job, 1);
        begin(job, turns);
      }
      return taken.looked;
    } finally {
      takes.end(take);
    }
  }

  async function takeReplayTurns(): Promise<number> {
    const count = replays.room(REPLAY_WINDOW, now());
    if (count <= 0) return 0;
    const take = takes.begin();
    try {
      const taken = await takeReplays(database, { take, now: now(), count });
      for (const replay of taken) begin({ bus: replay.bus, rows: [], replay, messages: [] }, replays);
      return taken.length;
    } finally {
      takes.end(take);
    }
  }

  /** Takes what is due and what there is room for; answers how much of it there was. */
  async function look(): Promise<number> {
    dirty = false;
    lookedAt = now();
    const [messages, turn, replay] = await Promise.all([
      nextMessages(database),
      nextTurn(database),
      nextReplay(database),
    ]);
    nextDue = Math.min(messages.fresh, messages.retry, turn, replay);
    behind = messages.fresh <= now();
    let taken = 0;
    if (messages.fresh <= now()) taken += await takeRows('fresh');
    if (messages.retry <= now()) taken += await takeRows('retry');
    if (turn <= now()) taken += await takeTurns();
    if (replay <= now()) taken += await takeReplayTurns();
    return taken;
  }

  function waiting(): number {
    return [...lines.fresh.values(), ...lines.retry.values()].reduce((sum, { length }) => sum + length, 0);
  }

  async function wait(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
    await Promise.race([signal.rung, late]);
    clearTimeout(timer);
  }

  const isQuiet = (): boolean => out.size === 0 && settler.isIdle && lines.fresh.size + lines.retry.size === 0;

  return {
    async run() {
      for (dirty = true; ;) {
        signal = createSignal();
        beginAll();
        if (!stopped && (dirty || now() >= Math.min(nextDue, lookedAt + LOOK_MS))) {
          if ((await look()) > 0) {
            dirty = true;
            continue;
          }
        }
        if (isQuiet() && (stopped || (!dirty && nextDue > now()))) return;
        if (!dirty) await wait(LOOK_MS);
      }
    },
    wait: (milliseconds) => wait(Math.max(0, Math.min(milliseconds, nextDue - now()))),
    add(rows) {
      for (const row of rows) lineOf('fresh', row.bus).add([row]);
      signal.ring();
    },
    mayTake(bus, length) {
      const line = lines.fresh.get(bus)?.length ?? 0;
      return !stopped && !behind && line + length <= LINE_LENGTH && waiting() + length <= LINES_LENGTH;
    },
    wake() {
      dirty = true;
      signal.ring();
    },
    nextAt: () => nextDue,
    forget() {
      for (const line of [...lines.fresh.values(), ...lines.retry.values()]) line.forget();
    },
    tokens() {
      const rows = [...lines.fresh.values(), ...lines.retry.values()].flatMap((line) => line.rows);
      for (const job of out) rows.push(...job.rows);
      const held = [...out].flatMap(({ turn, replay }) => turn?.token ?? replay?.token ?? []);
      return [...takes.open, ...held, ...rows.map(({ token }) => token)];
    },
    async stop() {
      stopped = true;
      for (const line of [...lines.fresh.values(), ...lines.retry.values()]) line.forget();
      while (out.size > 0) {
        signal = createSignal();
        await wait(LOOK_MS);
      }
    },
  };
}

function toTask({ lane, probe, share }: TakenTurn): Turn {
  return { lane, probe, ...(share === undefined ? {} : { share }) };
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from './database.ts';
import { isOutage } from './errors.ts';
import { type Outcome, settle } from './settlement.ts';

/** Writes outcomes, several in one transaction. While the database is away they wait. */
export interface Settler {
  add(outcome: Outcome): void;
  readonly isIdle: boolean;
}

export interface SettlerOptions {
  readonly database: Database;
  readonly owner: () => number;
  readonly now: () => number;
  /** Outcomes are written together this often at most. */
  readonly everyMs: number;
  /** Told when they are written, or when it was given up to write one: its rows are then handed out again. */
  readonly onSettled: (outcomes: readonly Outcome[]) => void;
  readonly report: (message: string, error: unknown) => void;
}

const TOGETHER = 64;
const AGAIN_MS = 250;

export function createSettler(options: SettlerOptions): Settler {
  const { database, now, everyMs, onSettled, report } = options;
  const pending: Outcome[] = [];
  let writing = false;
  let writtenAt = 0;

  async function write(outcomes: readonly Outcome[]): Promise<void> {
    try {
      const aside = await database.transaction((sql) => settle(sql, outcomes, { owner: options.owner(), now: now() }));
      if (aside > 0) report('messages were set aside: they could not be dispatched for more than a day', aside);
    } catch (error) {
      if (isOutage(error)) {
        pending.unshift(...outcomes);
        await pause(AGAIN_MS);
        return;
      }
      const [only] = outcomes;
      if (outcomes.length > 1 || only === undefined) {
        for (const outcome of outcomes) await write([outcome]);
        return;
      }
      report('what became of deliveries could not be written', error);
      if ('settlement' in only) {
        await write([{ job: only.job, reason: error instanceof Error ? error.message : String(error) }]);
        return;
      }
    }
    onSettled(outcomes);
  }

  async function writeAll(): Promise<void> {
    writing = true;
    while (pending.length > 0) {
      const wait = writtenAt + everyMs - performance.now();
      if (wait > 0) await pause(wait);
      writtenAt = performance.now();
      await write(pending.splice(0, TOGETHER));
    }
    writing = false;
  }

  return {
    add(outcome) {
      pending.push(outcome);
      if (!writing) void writeAll();
    },
    get isIdle() {
      return !writing;
    },
  };
}

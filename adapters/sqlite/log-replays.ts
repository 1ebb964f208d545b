import type { ReplayTurn } from '../../mesh/ports/consumer.ts';
import {
  acceptanceSlackMs,
  type ReplayOrder,
  type ReplayOutcome,
  type ReplayState,
  type ReplayStatus,
} from '../../mesh/replay/replay.ts';
import type { ArchiveStore } from './archive-store.ts';
import type { LaneStore } from './lane-store.ts';
import { toMessages } from './log-rows.ts';

/** The replays of a log, and whose turn it is. What is written here is not on disk yet when these return. */
export interface LogReplays {
  start(order: ReplayOrder): ReplayStatus;
  get(name: string): ReplayStatus | undefined;
  list(): readonly ReplayStatus[];
  cancel(name: string): ReplayStatus | undefined;
  delete(name: string): boolean;
  /** Turns that are due, so that at most so many are out. */
  take(count: number): ReplayJob[];
  /** Whether it runs still: what a turn made after its end is dropped. */
  isGoing(job: ReplayJob): boolean;
  /** Writes how far a turn came; in a transaction of the caller's. */
  settle(job: ReplayJob, outcome: ReplayOutcome): void;
  /** Our own code failed: the same turn again later; without a delay it is given up. */
  fail(job: ReplayJob, reason: string, delayMs: number | undefined): void;
  /** What is out is to be handed out again. */
  startOver(): void;
  /** When the next turn is due; infinite when nothing runs. */
  nextAt(): number;
}

export interface ReplayJob extends ReplayTurn {
  readonly messages: readonly string[];
  readonly failures: number;
  readonly takenAt: number;
  /** For each message the row that it is in, and its place there. */
  readonly places: readonly Place[];
  /** Where the archive goes on after them. */
  readonly end: Place;
}

interface Place {
  readonly sequence: number;
  readonly message: number;
}

/** As it is stored. */
interface Kept {
  readonly status: ReplayStatus;
  /** Where the next turn begins: so many messages of this row are done, and so many events of the one after them. */
  readonly position?: Place & { readonly skip: number };
  readonly due: number;
  readonly failures: number;
  /** Whose lanes have to be short enough for the next turn. */
  readonly targets: readonly string[];
}

/** Messages and UTF-16 units in one turn, unless the first row has more. */
const TURN_MESSAGES = 1_024;
const TURN_LENGTH = 500_000;
/** Rows that may wait in the lanes of a target that is replayed to: what is live comes behind them. */
const LANE_ROWS = 64;
const LANE_POLL_MS = 1_000;
/** Replays that are remembered; of those that have ended the oldest go. */
const KEPT_REPLAYS = 50;

export function createLogReplays(options: {
  readonly store: ArchiveStore;
  readonly laneStore: Pick<LaneStore, 'count'>;
  readonly now: () => number;
}): LogReplays {
  const { store, laneStore, now } = options;
  const replays = new Map<string, Kept>();
  const out = new Set<string>();

  function load(): void {
    replays.clear();
    for (const { name, body } of store.replays()) replays.set(name, JSON.parse(body) as Kept);
  }

  function keep(kept: Kept): ReplayStatus {
    const { name } = kept.status.order;
    store.putReplay({ name, body: JSON.stringify(kept) });
    // To the end: the others have their turns first.
    replays.delete(name);
    replays.set(name, kept);
    return kept.status;
  }

  function end(kept: Kept, state: ReplayState, reason?: string): ReplayStatus {
    const status = { ...kept.status, state, endedAt: now(), ...(reason === undefined ? {} : { reason }) };
    return keep({ ...kept, status });
  }

  function forget(name: string): boolean {
    if (!replays.delete(name)) return false;
    store.deleteReplay(name);
    return true;
  }

  function isHeldUp({ targets }: Kept): boolean {
    return targets.some((target) => laneStore.count(target) > LANE_ROWS);
  }

  /** The next turn, or the time before which there is none. */
  function toJob(kept: Kept): ReplayJob | number {
    const { status, position, failures } = kept;
    const { order } = status;
    const first = position?.sequence ?? store.firstSince(order.from - acceptanceSlackMs);
    const messages: string[] = [];
    const places: Place[] = [];
    let length = 0;
    let next = { sequence: first ?? 0, message: 0 };
    let skip = 0;
    // Row by row: full ones are large.
    while (first !== undefined && messages.length < TURN_MESSAGES && length < TURN_LENGTH) {
      const [row] = store.batchesFrom(next.sequence, 1);
      if (row === undefined || row.at >= order.to + acceptanceSlackMs) break;
      length += row.body.length;
      if (messages.length > 0 && length > TURN_LENGTH) break;
      const begun = row.sequence === position?.sequence ? position : undefined;
      const done = begun?.message ?? 0;
      const left = toMessages(row.body).slice(done);
      if (messages.length === 0) skip = begun?.skip ?? 0;
      messages.push(...left);
      places.push(...left.map((_, index) => ({ sequence: row.sequence, message: done + index })));
      next = { sequence: row.sequence + 1, message: 0 };
      // One after the other, until the one that our code fails on is found.
      if (failures > 0) break;
    }
    if (messages.length > 0) return { replay: order, skip, messages, failures, takenAt: now(), places, end: next };
    const settled = order.to + acceptanceSlackMs;
    if (now() < settled) return settled;
    end(kept, 'completed');
    return Number.POSITIVE_INFINITY;
  }

  load();
  return {
    start(order) {
      const known = replays.get(order.name);
      if (known !== undefined) return known.status;
      const ended = Array.from(replays.values(), ({ status }) => status).filter(({ state }) => state !== 'running');
      ended.sort((one, other) => (one.endedAt ?? 0) - (other.endedAt ?? 0));
      const surplus = replays.size + 1 - KEPT_REPLAYS;
      for (const status of ended.slice(0, Math.max(0, surplus))) forget(status.order.name);
      const status: ReplayStatus = { order, state: 'running', read: 0, replayed: 0, deliveries: 0 };
      return keep({ status, due: now(), failures: 0, targets: [] });
    },
    get: (name) => replays.get(name)?.status,
    list: () => Array.from(replays.values(), ({ status }) => status),
    cancel(name) {
      const kept = replays.get(name);
      return kept?.status.state === 'running' ? end(kept, 'cancelled') : kept?.status;
    },
    delete: forget,
    take(count) {
      const jobs: ReplayJob[] = [];
      for (const [name, kept] of replays) {
        if (out.size >= count) break;
        if (kept.status.state !== 'running' || kept.due > now() || out.has(name)) continue;
        const job = isHeldUp(kept) ? now() + LANE_POLL_MS : toJob(kept);
        if (typeof job !== 'number') {
          out.add(name);
          jobs.push(job);
        } else if (replays.get(name) === kept) replays.set(name, { ...kept, due: job });
      }
      return jobs;
    },
    isGoing({ replay }) {
      const status = replays.get(replay.name)?.status;
      return status?.state === 'running' && status.order.id === replay.id;
    },
    settle(job, outcome) {
      const { name } = job.replay;
      out.delete(name);
      const kept = replays.get(name);
      if (kept === undefined || !this.isGoing(job)) return;
      const { taken, skip, delayMs, targets } = outcome;
      const place = job.places[taken] ?? job.end;
      const at = Math.max(outcome.at ?? 0, kept.status.at ?? 0);
      const moved: Kept = {
        status: {
          ...kept.status,
          read: kept.status.read + outcome.read,
          replayed: kept.status.replayed + outcome.replayed,
          deliveries: kept.status.deliveries + outcome.deliveries,
          ...(at === 0 ? {} : { at }),
        },
        position: { ...place, skip },
        due: Math.max(now(), job.takenAt + Math.round(delayMs)),
        failures: 0,
        targets,
      };
      if (outcome.failed === undefined) keep(moved);
      else end(moved, 'failed', outcome.failed);
    },
    fail(job, reason, delayMs) {
      const { name } = job.replay;
      out.delete(name);
      const kept = replays.get(name);
      if (kept === undefined || !this.isGoing(job)) return;
      if (delayMs === undefined) end(kept, 'failed', reason);
      else keep({ ...kept, due: now() + delayMs, failures: kept.failures + 1 });
    },
    startOver() {
      out.clear();
      load();
    },
    nextAt() {
      let earliest = Number.POSITIVE_INFINITY;
      for (const [name, { status, due }] of replays) {
        if (status.state === 'running' && !out.has(name)) earliest = Math.min(earliest, due);
      }
      return earliest;
    },
  };
}

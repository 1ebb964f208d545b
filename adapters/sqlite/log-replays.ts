import {
  acceptanceSlackMs,
  type ReplayOrder,
  type ReplayOutcome,
  type ReplayStatus,
} from '../../mesh/replay/replay.ts';
import type { ArchiveStore } from './archive-store.ts';
import type { LaneStore } from './lane-store.ts';
import {
  createKeptReplay,
  createTurnPage,
  endReplay,
  failReplay,
  type KeptReplay,
  LANE_POLL_MS,
  LANE_ROWS,
  moveReplay,
  type ReplayJob,
  surplusOf,
} from './replay-turn.ts';

/** The replays of a log, and whose turn it is. What is written here is not on disk yet when these return. */
export interface LogReplays {
  /** Nothing where `most` run already. */
  start(order: ReplayOrder, most?: number): ReplayStatus | undefined;
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

export function createLogReplays(options: {
  readonly store: ArchiveStore;
  readonly laneStore: Pick<LaneStore, 'count'>;
  readonly now: () => number;
}): LogReplays {
  const { store, laneStore, now } = options;
  const replays = new Map<string, KeptReplay>();
  const out = new Set<string>();

  function load(): void {
    replays.clear();
    for (const { name, body } of store.replays()) replays.set(name, JSON.parse(body) as KeptReplay);
  }

  function keep(kept: KeptReplay): ReplayStatus {
    const { name } = kept.status.order;
    store.putReplay({ name, body: JSON.stringify(kept) });
    // To the end: the others have their turns first.
    replays.delete(name);
    replays.set(name, kept);
    return kept.status;
  }

  function forget(name: string): boolean {
    if (!replays.delete(name)) return false;
    store.deleteReplay(name);
    return true;
  }

  function isHeldUp({ targets }: KeptReplay): boolean {
    return targets.some((target) => laneStore.count(target) > LANE_ROWS);
  }

  /** The next turn, or the time before which there is none. */
  function toJob(kept: KeptReplay): ReplayJob | number {
    const { order } = kept.status;
    const settled = order.to + acceptanceSlackMs;
    const first = kept.position?.sequence ?? store.firstSince(order.from - acceptanceSlackMs);
    const page = createTurnPage(kept, first ?? 0);
    while (first !== undefined && page.isOpen) {
      const [row] = store.batchesFrom(page.next, 1);
      if (row === undefined || row.at >= settled || !page.add(row)) break;
    }
    const job = page.toJob(now());
    if (job !== undefined) return job;
    if (now() < settled) return settled;
    keep(endReplay(kept, 'completed', now()));
    return Number.POSITIVE_INFINITY;
  }

  load();
  return {
    start(order, most = Number.POSITIVE_INFINITY) {
      const known = replays.get(order.name);
      if (known !== undefined) return known.status;
      if (this.list().filter(({ state }) => state === 'running').length >= most) return undefined;
      for (const status of surplusOf(this.list())) forget(status.order.name);
      return keep(createKeptReplay(order, now()));
    },
    get: (name) => replays.get(name)?.status,
    list: () => Array.from(replays.values(), ({ status }) => status),
    cancel(name) {
      const kept = replays.get(name);
      return kept?.status.state === 'running' ? keep(endReplay(kept, 'cancelled', now())) : kept?.status;
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
      keep(moveReplay(kept, job, outcome, now()));
    },
    fail(job, reason, delayMs) {
      const { name } = job.replay;
      out.delete(name);
      const kept = replays.get(name);
      if (kept === undefined || !this.isGoing(job)) return;
      keep(failReplay(kept, reason, delayMs, now()));
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

import type { ReplayState, ReplayStatus } from './replay.ts';

/** A replay as it is shown: over all shards. Times in RFC 3339. */
export interface ReplayView {
  readonly name: string;
  readonly archive: string;
  readonly state: ReplayState;
  /** Why it failed. */
  readonly reason?: string;
  readonly from: string;
  readonly to: string;
  readonly filter?: unknown;
  readonly rules?: readonly string[];
  readonly perSecond?: number;
  readonly startedAt: string;
  readonly startedBy: string;
  readonly endedAt?: string;
  readonly progress: {
    /** Archived events that were looked at, those of them that were replayed, and the deliveries that they made. */
    readonly read: number;
    readonly replayed: number;
    readonly deliveries: number;
    /** Everything that was accepted before this is done. */
    readonly position: string;
    /** How much of the time is done, 0 to 1. */
    readonly done: number;
  };
}

/** @throws RangeError without any status */
export function toView(statuses: readonly ReplayStatus[]): ReplayView {
  const [first] = statuses;
  if (first === undefined) throw new RangeError('a replay has a shard');
  const { name, archive, from, to, filter, rules, perSecond, startedAt, by } = first.order;
  const state = stateOf(statuses);
  const reason = statuses.find(({ reason: why }) => why !== undefined)?.reason;
  const endedAt = Math.max(...statuses.map((status) => status.endedAt ?? 0));
  const positions = statuses.map(positionOf);
  const sum = (count: (status: ReplayStatus) => number): number =>
    statuses.reduce((total, status) => total + count(status), 0);
  const share = positions.reduce((total, position) => total + (position - from) / (to - from), 0) / statuses.length;
  return {
    name,
    archive,
    state,
    ...(reason === undefined ? {} : { reason }),
    from: toText(from),
    to: toText(to),
    ...(filter === undefined ? {} : { filter }),
    ...(rules === undefined ? {} : { rules }),
    ...(perSecond === undefined ? {} : { perSecond }),
    startedAt: toText(startedAt),
    startedBy: by,
    ...(state === 'running' ? {} : { endedAt: toText(endedAt) }),
    progress: {
      read: sum(({ read }) => read),
      replayed: sum(({ replayed }) => replayed),
      deliveries: sum(({ deliveries }) => deliveries),
      position: toText(Math.min(...positions)),
      done: Math.round(share * 1_000) / 1_000,
    },
  };
}

function positionOf({ state, at, order: { from, to } }: ReplayStatus): number {
  if (state === 'completed') return to;
  return Math.min(Math.max(at ?? from, from), to);
}

/** It runs as long as one shard does; then the worst end counts. */
function stateOf(statuses: readonly ReplayStatus[]): ReplayState {
  const order: readonly ReplayState[] = ['running', 'failed', 'cancelled', 'completed'];
  return order.find((state) => statuses.some((status) => status.state === state)) ?? 'completed';
}

function toText(time: number): string {
  return new Date(time).toISOString();
}

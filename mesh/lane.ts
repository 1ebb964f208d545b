import type { Event } from '../event/event.ts';
import type { Breaker } from './delivery/breaker.ts';
import { hash } from './hash.ts';
import type { Target } from './snapshot.ts';

/**
 * A lane is a line of its own in the queue, in which deliveries to one target wait their turn: because the target takes
 * them at a bounded rate, one after the other, not at all for now, or because it is slow or broken. A lane has one turn at
 * a time, so that order and rate are kept by whoever takes the turn.
 */
export interface LaneMessage {
  readonly lane: string;
  readonly body: string;
}

/** The settings of a target by which deliveries wait. */
export type LaneSettings = Pick<Target, 'name' | 'ordering' | 'ratePerSecond' | 'concurrency' | 'paused'>;

/** What an operator sees of a target that has lanes in a shard. */
export interface LaneStatus {
  /** `rule/target`. */
  readonly target: string;
  readonly breaker: Breaker['state'];
  /** When an open breaker lets the next probe through. */
  readonly probeAt?: number;
  /** See `Turn.share`; absent where the target gets everything. */
  readonly share?: number;
  /** Rows that wait, an event at least each; counted up to `maxWaiting`. */
  readonly waiting: number;
}

export const maxWaiting = 10_000;

/** Whether deliveries to a target may have to wait by its own settings. */
export function hasLane({ ordering, ratePerSecond, concurrency, paused }: LaneSettings): boolean {
  return ordering !== undefined || ratePerSecond !== undefined || concurrency !== undefined || paused === true;
}

/** The lane in which an event has to wait for a target by the target's own settings. */
export function laneOfTarget(rule: string, target: LaneSettings, event: Event): string | undefined {
  const { ordering, ratePerSecond, concurrency, paused } = target;
  const key = ordering === undefined ? undefined : event.attributes[ordering];
  if (ordering !== undefined && (ratePerSecond ?? concurrency) !== undefined) {
    return toSharedLane(rule, target, typeof key === 'string' ? key : event.attributes.id);
  }
  if (typeof key === 'string') return toLane(rule, target.name, key);
  return ratePerSecond !== undefined || concurrency !== undefined || paused ? toLane(rule, target.name) : undefined;
}

/** The lane of a target, or of one partition of it. */
export function toLane(rule: string, target: string, partition?: string): string {
  return partition === undefined ? `${rule}/${target}` : `${rule}/${target}#${shorten(partition)}`;
}

/**
 * Between how many lanes the keys of a target with an order and a bound are divided: each lane makes one call at a time, so
 * that there are never more calls than lanes, and never more deliveries a second than `perLane` times the lanes. That loses
 * a twentieth of the rate at most; what is left over of a division would be a burst beyond the rate.
 */
export function divide({ ratePerSecond, concurrency }: LaneSettings): { lanes: number; perLane: number | undefined } {
  const most = Math.min(concurrency ?? SHARED_LANES, SHARED_LANES);
  if (ratePerSecond === undefined) return { lanes: most, perLane: undefined };
  for (let lanes = most; lanes > 1; lanes -= 1) {
    const perLane = Math.floor(ratePerSecond / lanes);
    if (perLane * lanes >= ratePerSecond * 0.95) return { lanes, perLane };
  }
  return { lanes: 1, perLane: ratePerSecond };
}

/** As many as one target has turns at a time. */
const SHARED_LANES = 6;

function toSharedLane(rule: string, target: LaneSettings, key: string): string {
  return `${rule}/${target.name}#=${hash(key) % divide(target).lanes}`;
}

/** Whether all of a target's lanes of this kind belong to one shard, where its rate is kept. */
export function hasHome(lane: string): boolean {
  return !isOrdered(lane) || lane.includes('#=');
}

/** `rule/target` of a lane: names have neither slash nor hash sign. */
export function targetOfLane(lane: string): string {
  const end = lane.indexOf('#');
  return end < 0 ? lane : lane.slice(0, end);
}

/** In a partition's lane order is everything: what is left of a turn stays in front. */
export function isOrdered(lane: string): boolean {
  return lane.includes('#');
}

/** Partition keys may be long. Two that come out alike share a lane, and so no more than their waits. */
function shorten(partition: string): string {
  return `${hash(partition).toString(36)}.${hash(partition, 0x9e3779b9).toString(36)}`;
}

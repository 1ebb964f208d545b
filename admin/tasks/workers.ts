import type { Heartbeat } from '../../mesh/connector/task.ts';

/** A worker as it was last heard of: `worker/{id}`. */
export interface WorkerDocument extends Heartbeat {
  readonly lastSeen: number;
}

/** Whether it is not more than two beats late: then it still has its tasks. */
export function isAlive({ lastSeen, beatSeconds }: WorkerDocument, now: number): boolean {
  return now - lastSeen <= 2 * beatSeconds * 1000;
}

/** Whether it has missed no beat: only such a worker is given more. */
export function isPunctual({ lastSeen, beatSeconds }: WorkerDocument, now: number): boolean {
  return now - lastSeen <= beatSeconds * 1000;
}

/** Nothing has been heard of it for so long that it can be forgotten. */
export function isForgotten({ lastSeen, beatSeconds }: WorkerDocument, now: number): boolean {
  return now - lastSeen > 10 * beatSeconds * 1000;
}

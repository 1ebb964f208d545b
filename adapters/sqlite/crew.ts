/** Who is out. Those that have been for long do not count against the window. */
export interface Crew<Job> {
  size(): number;
  /** `patienceMs`: what is out for longer waits for a slow target, and makes room for others. */
  begin(job: Job, now: number, patienceMs?: number): void;
  end(job: Job): void;
  room(window: number, now: number): number;
}

export const PATIENCE_MS = 200;
/** So many make room at a time: events in flight are memory, here and in the dispatcher. */
const SLOW_WINDOW = 64;

export function createCrew<Job>(): Crew<Job> {
  const slowAt = new Map<Job, number>();
  return {
    size: () => slowAt.size,
    begin(job, now, patienceMs = PATIENCE_MS) {
      slowAt.set(job, now + patienceMs);
    },
    end(job) {
      slowAt.delete(job);
    },
    room(window, now) {
      let slow = 0;
      for (const at of slowAt.values()) if (at <= now) slow++;
      return window - slowAt.size + Math.min(slow, SLOW_WINDOW);
    },
  };
}

/** Rings once, for everybody who waits. */
export function createSignal(): { readonly rung: Promise<void>; ring(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { rung: promise, ring: resolve };
}

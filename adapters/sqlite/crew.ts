/** Who is out. Those that have been for long do not count against the window. */
export interface Crew<Job> {
  readonly size: number;
  begin(job: Job, now: number): void;
  end(job: Job): void;
  room(window: number, now: number): number;
}

/** What is out for longer than this waits for a slow target, and makes room for others… */
const SLOW_MS = 200;
/** …up to so many at a time: events in flight are memory, here and in the dispatcher. */
const SLOW_WINDOW = 64;

export function createCrew<Job>(): Crew<Job> {
  const out = new Map<Job, number>();
  return {
    get size() {
      return out.size;
    },
    begin(job, now) {
      out.set(job, now);
    },
    end(job) {
      out.delete(job);
    },
    room(window, now) {
      let slow = 0;
      for (const since of out.values()) if (now - since >= SLOW_MS) slow++;
      return window - out.size + Math.min(slow, SLOW_WINDOW);
    },
  };
}

/** Rings once, for everybody who waits. */
export function createSignal(): { readonly rung: Promise<void>; ring(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { rung: promise, ring: resolve };
}

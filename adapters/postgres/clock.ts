/** Ids and times of rows grow together but for this: several processes write them, and a commit takes its time. */
export const CLOCK_MS = 60_000;

/** The time of the database as this process knows it, so that processes whose clocks differ agree on what is due. */
export interface DatabaseClock {
  now(): number;
  /** The database said `time` between two moments of the local clock. */
  set(time: number, asked: number, answered: number): void;
}

export function createDatabaseClock(localNow: () => number): DatabaseClock {
  let offset = 0;
  return {
    now: () => localNow() + offset,
    set(time, asked, answered) {
      const found = time - (asked + answered) / 2;
      // It is known no better than to half of what the answer took: a difference within that is none.
      if (Math.abs(found - offset) > (answered - asked) / 2 + 1) offset = Math.round(found);
    },
  };
}

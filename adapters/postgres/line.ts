import { type Crew, createCrew } from '../sqlite/crew.ts';
import type { TakenMessage } from './message-store.ts';
import type { Job } from './settlement.ts';

/** Rows of one bus that this process has and has not begun, new ones or retries, and the jobs that it began. */
export interface Line {
  readonly bus: string;
  readonly crew: Crew<Job>;
  readonly rows: readonly TakenMessage[];
  /** UTF-16 units that wait. */
  readonly length: number;
  add(rows: readonly TakenMessage[]): void;
  /** The next rows, together as many messages as one job takes. */
  take(): Job | undefined;
  forget(): void;
}

/** Messages and UTF-16 units in one job, unless a single row has more. */
const JOB_MESSAGES = 256;
const JOB_LENGTH = 500_000;

export function createLine(bus: string): Line {
  let rows: TakenMessage[] = [];
  let length = 0;

  return {
    bus,
    crew: createCrew<Job>(),
    get rows() {
      return rows;
    },
    get length() {
      return length;
    },
    add(more) {
      rows.push(...more);
      for (const row of more) length += row.length;
    },
    take() {
      let messages = 0;
      let units = 0;
      let count = 0;
      for (const row of rows) {
        messages += row.messages.length;
        units += row.length;
        // One that our own code failed on goes alone.
        const alone = row.failures > 0 || (rows[0]?.failures ?? 0) > 0;
        if (count > 0 && (alone || messages > JOB_MESSAGES || units > JOB_LENGTH)) break;
        count += 1;
      }
      if (count === 0) return undefined;
      const taken = rows.splice(0, count);
      for (const row of taken) length -= row.length;
      return { bus, rows: taken, messages: taken.flatMap((row) => row.messages) };
    },
    forget() {
      rows = [];
      length = 0;
    },
  };
}

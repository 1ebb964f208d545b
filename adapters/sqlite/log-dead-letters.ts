import type { DeadLetterEntry, DeadLetterPage, DeadLetterQuery } from '../../mesh/dead-letters/query.ts';
import { redrive, redriveLength, type RedriveOrder, type RedriveOutcome } from '../../mesh/dead-letters/redrive.ts';
import type { DeadLetterStore } from './dead-letter-store.ts';
import type { LogStorage } from './log.ts';
import type { Lanes } from './log-lanes.ts';
import type { LogBooks } from './log-books.ts';
import { weigh } from './log-rows.ts';

/** The dead letters of a log. What is written is not on disk yet when these return. */
export interface LogDeadLetters {
  list(query: DeadLetterQuery): DeadLetterPage;
  get(sequence: number): DeadLetterEntry | undefined;
  redrive(sequences: readonly number[], order: RedriveOrder): RedriveOutcome;
  delete(sequences: readonly number[]): number;
}

export function createLogDeadLetters(
  options: {
    readonly storage: Pick<LogStorage, 'store' | 'transaction'>;
    readonly books: LogBooks;
    readonly lanes: Lanes;
    readonly nextSequence: () => number;
    readonly now: () => number;
  },
  letters: DeadLetterStore,
): LogDeadLetters {
  const { storage, books, lanes, nextSequence, now } = options;
  const { store } = storage;

  /** The first of those that are there, as many as one transaction takes; and how many were looked at for them. */
  function take(sequences: readonly number[]): {
    readonly entries: readonly DeadLetterEntry[];
    readonly looked: number;
  } {
    const entries: DeadLetterEntry[] = [];
    let length = 0;
    for (const [looked, sequence] of sequences.entries()) {
      const entry = letters.get(sequence);
      if (entry === undefined) continue;
      length += entry.record.event?.length ?? 0;
      if (length > redriveLength && entries.length > 0) return { entries, looked };
      entries.push(entry);
    }
    return { entries, looked: sequences.length };
  }

  function remove(sequences: readonly number[]): readonly number[] {
    // They are known by their numbers, which must not come again.
    store.setSetting('sequence', nextSequence());
    return sequences.filter((sequence) => letters.delete(sequence));
  }

  return {
    list: (query) => letters.list(query),
    get: (sequence) => letters.get(sequence),
    redrive: (asked, order) =>
      books.transaction((page) => {
        const { entries, looked } = take(asked);
        const { sequences, messages, laned, records } = redrive(entries, order);
        remove(sequences);
        for (const body of messages) {
          const deliveries = weigh([body]);
          page.plan(deliveries);
          store.insertRetry({ due: now(), sequence: nextSequence(), failures: 0, deliveries, body });
        }
        page.plan(lanes.insert(laned, now()));
        page.record(records);
        return { redriven: sequences, looked };
      }),
    delete: (sequences) => storage.transaction(() => remove(sequences).length),
  };
}

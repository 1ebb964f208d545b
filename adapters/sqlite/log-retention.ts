import type { LogBooks } from './log-books.ts';
import type { LogStorage } from './log.ts';

/** For how long a log keeps what is settled, as its bus says with every append. */
export interface LogRetention {
  keepFor(seconds: number, archiveSeconds?: number): void;
  /** As it is now. */
  seconds(): number;
  /** Deletes what is over its time; answers whether there may be more. */
  purge(): boolean;
  /** When something is over its time. */
  nextAt(): number;
}

/** Rows that are deleted at a time: full ones are 500 KB, and others wait while a step takes its 10 ms. */
const PURGE_ROWS = 25;
/** Rows of claims that are deleted at a time; each is 100 bytes. */
const PURGE_CLAIMS = 500;
const DEFAULT_RETENTION_SECONDS = 86_400;
/** Dead letters stay 30 days, or as long as the bus keeps everything: somebody has to come and look. */
const DEAD_LETTER_SECONDS = 30 * 86_400;

export function createLogRetention(options: {
  readonly storage: LogStorage;
  readonly books: LogBooks;
  readonly now: () => number;
}): LogRetention {
  const { books, now } = options;
  const { store, archiveStore, claimStore } = options.storage;
  let retentionSeconds = store.setting('retention') ?? DEFAULT_RETENTION_SECONDS;
  let archiveSeconds = store.setting('archive') ?? 0;

  /** What is archived stays as long as all else at least. */
  const archivedMs = (): number => Math.max(retentionSeconds, archiveSeconds) * 1000;

  return {
    seconds: () => retentionSeconds,
    keepFor(seconds, archive = archiveSeconds) {
      if (seconds !== retentionSeconds) {
        retentionSeconds = seconds;
        store.setSetting('retention', seconds);
      }
      if (archive !== archiveSeconds) {
        archiveSeconds = archive;
        store.setSetting('archive', archive);
      }
    },
    purge() {
      const before = now() - retentionSeconds * 1000;
      books.keep(before);
      const deadBefore = now() - Math.max(retentionSeconds, DEAD_LETTER_SECONDS) * 1000;
      return (
        store.purge(before, PURGE_ROWS) ||
        store.purgeDeadLetters(deadBefore, PURGE_ROWS) ||
        archiveStore.purge(store.cursor(), now() - archivedMs(), PURGE_ROWS) ||
        claimStore.purge(now(), PURGE_CLAIMS)
      );
    },
    nextAt() {
      const oldest = store.oldestAt();
      const oldestArchived = archiveStore.oldestAt();
      return Math.min(
        oldest === undefined ? Number.POSITIVE_INFINITY : oldest + retentionSeconds * 1000,
        oldestArchived === undefined ? Number.POSITIVE_INFINITY : oldestArchived + archivedMs(),
        claimStore.nextAt() ?? Number.POSITIVE_INFINITY,
      );
    },
  };
}

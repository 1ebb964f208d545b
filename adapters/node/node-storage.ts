import type { Platform } from '../platform.ts';

/** Everything that a process keeps: in files of its own, or in a database that it shares with others. */
export interface NodeStorage {
  /** What the mesh works on. */
  readonly ports: Pick<
    Platform,
    'documents' | 'snapshots' | 'queue' | 'ledger' | 'deadLetters' | 'replays' | 'waits' | 'erasure'
  >;
  /** Goes on with what the last process left. */
  resume(): void;
  /** Answers the publishers who wait: the process ends before their time. */
  stopWaits(): void;
  /** Hands out nothing more, waits for what is out until `settleMs` are over, and lets go of everything. */
  close(settleMs: number): Promise<void>;
}

import { toMessages } from './log-rows.ts';
import type { LogStore, StoredBatch } from './log-store.ts';

/**
 * Which batches are still to be handed out, and which are out. While the drain keeps up, batches come from memory, where
 * they were just appended; when it is behind, from the table.
 */
export interface Backlog {
  add(batch: StoredBatch, messages: readonly string[]): void;
  /** The next batches, together as many messages as one job takes; they count as out from now on. */
  take(): { readonly batches: readonly number[]; readonly messages: readonly string[] } | undefined;
  hasMore(): boolean;
  /** Of the batches that are out, the first ones that are all settled: the cursor can pass them. */
  passed(settled: ReadonlySet<number>): readonly number[];
  forget(passed: readonly number[]): void;
  /** What is out is to be handed out again. */
  startOver(): void;
}

/** Messages and UTF-16 units in one job, unless a single batch has more. */
const JOB_MESSAGES = 256;
const JOB_LENGTH = 500_000;
/** UTF-16 units that are kept in memory for the drain. */
const MEMORY_LENGTH = 8_000_000;

interface Fresh {
  readonly sequence: number;
  readonly messages: readonly string[];
  readonly length: number;
}

export function createBacklog(store: Pick<LogStore, 'batchesAfter' | 'lastBatch' | 'cursor'>): Backlog {
  /** Batches that were handed out and that the cursor has not passed, in order. */
  const out: number[] = [];
  let position = store.cursor();
  /** The newest batch there is. */
  let newest = store.lastBatch();
  let fresh: Fresh[] = [];
  let freshLength = 0;
  /** Whether memory has every batch after `position`. */
  let complete = newest <= position;

  function fromMemory(): readonly Fresh[] {
    let messages = 0;
    let length = 0;
    let count = 0;
    for (const batch of fresh) {
      messages += batch.messages.length;
      length += batch.length;
      if (count > 0 && (messages > JOB_MESSAGES || length > JOB_LENGTH)) break;
      count++;
    }
    const taken = fresh.splice(0, count);
    for (const batch of taken) freshLength -= batch.length;
    return taken;
  }

  /** One row at a time: rows that waited are mostly full. */
  function fromTable(): readonly Pick<Fresh, 'sequence' | 'messages'>[] {
    const [row] = store.batchesAfter(position, 1);
    if (row === undefined) return [];
    return [{ sequence: row.sequence, messages: toMessages(row.body) }];
  }

  return {
    add({ sequence, body }, messages) {
      newest = sequence;
      if (!complete) return;
      if (freshLength + body.length > MEMORY_LENGTH) {
        fresh = [];
        freshLength = 0;
        complete = false;
        return;
      }
      fresh.push({ sequence, messages, length: body.length });
      freshLength += body.length;
    },
    take() {
      if (newest <= position) return undefined;
      const batches = complete ? fromMemory() : fromTable();
      const last = batches.at(-1);
      if (last === undefined) return undefined;
      position = last.sequence;
      if (position >= newest) complete = true;
      for (const { sequence } of batches) out.push(sequence);
      return {
        batches: batches.map(({ sequence }) => sequence),
        messages: batches.flatMap(({ messages }) => messages),
      };
    },
    hasMore: () => newest > position,
    passed(settled) {
      const first = out.findIndex((sequence) => !settled.has(sequence));
      return out.slice(0, first < 0 ? out.length : first);
    },
    forget(passed) {
      out.splice(0, passed.length);
    },
    startOver() {
      out.length = 0;
      fresh = [];
      freshLength = 0;
      position = store.cursor();
      complete = newest <= position;
    },
  };
}

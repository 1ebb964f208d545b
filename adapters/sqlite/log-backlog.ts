import type { Batches } from './archive-store.ts';
import { toMessages } from './log-rows.ts';
import type { StoredBatch } from './log-store.ts';

/**
 * Which batches are still to be handed out, and which are out. While the drain keeps up, batches come from memory, where
 * they were just appended; when it is behind, from the table.
 */
export interface Backlog {
  add(batch: StoredBatch, messages: readonly string[]): void;
  /** The next batches, together as many messages as one job takes; they count as out from now on. */
  take(): { readonly batches: readonly number[]; readonly messages: readonly string[] } | undefined;
  hasMore(): boolean;
  /** They are settled, and to be written down as such. */
  settle(batches: readonly number[]): void;
  /** How far the log has come with that. */
  progress(): Progress;
  /** The progress is written down. */
  advance(): void;
  /** What is out is to be handed out again. */
  startOver(): void;
}

export interface Progress {
  /** Everything up to this batch is settled; absent where that is so already. */
  readonly cursor: number | undefined;
  /** Batches after it that are settled as well, while others before them are not. */
  readonly ahead: readonly Range[];
}

/** The first and the last sequence number; no batch in between is excepted. */
export type Range = readonly [first: number, last: number];

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

/** `ahead`: what was written down of the batches after the cursor. */
export function createBacklog(store: Omit<Batches, 'countBatches'>, ahead: () => readonly Range[]): Backlog {
  /** Batches that were handed out and that the cursor has not passed, in order. */
  const out: number[] = [];
  /** Of those, the ones that are settled. */
  const settled = new Set<number>();
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

  /** What was settled before a restart is not handed out again. */
  function passSettled(): void {
    const known = ahead();
    if (known.length === 0) return;
    for (let next = store.nextBatch(position); next !== undefined; next = store.nextBatch(position)) {
      const batch = next;
      if (!known.some(([first, last]) => first <= batch && batch <= last)) return;
      out.push(batch);
      settled.add(batch);
      position = batch;
    }
  }

  /** How many of what is out, from the first, are settled. */
  function countPassed(): number {
    const first = out.findIndex((sequence) => !settled.has(sequence));
    return first < 0 ? out.length : first;
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
      for (const { sequence } of batches) out.push(sequence);
      if (!complete) passSettled();
      if (position >= newest) complete = true;
      return {
        batches: batches.map(({ sequence }) => sequence),
        messages: batches.flatMap(({ messages }) => messages),
      };
    },
    hasMore: () => newest > position,
    settle(batches) {
      for (const sequence of batches) settled.add(sequence);
    },
    progress() {
      const passed = countPassed();
      const ranges: Range[] = [];
      let first: number | undefined;
      for (let index = passed; index < out.length; index += 1) {
        const sequence = out[index];
        if (sequence === undefined || !settled.has(sequence)) first = undefined;
        else if (first === undefined) ranges.push([(first = sequence), sequence]);
        else ranges[ranges.length - 1] = [first, sequence];
      }
      // Those that this process has not come to yet stay.
      const later = ahead().filter(([start]) => start > position);
      return { cursor: out[passed - 1], ahead: [...ranges, ...later] };
    },
    advance() {
      for (const sequence of out.splice(0, countPassed())) settled.delete(sequence);
    },
    startOver() {
      out.length = 0;
      settled.clear();
      fresh = [];
      freshLength = 0;
      position = store.cursor();
      complete = newest <= position;
    },
  };
}

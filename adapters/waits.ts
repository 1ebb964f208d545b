import type { Awaited } from '../mesh/ports/queue.ts';
import type { DeliveryOutcome } from '../mesh/publish/outcome.ts';

/**
 * Boxes in the memory of whoever holds the queue, in which publishers who wait find what becomes of their events. A crash
 * takes them: the events stay, and the publishers are told that nothing is known.
 */
export interface WaitBoxes {
  /** Opens a box, where there is room for one more. */
  open(awaited: Awaited): void;
  /** Puts each outcome into the box of its receipt; what nobody waits for is let go. */
  put(outcomes: readonly DeliveryOutcome[]): void;
  /** See `Waits.take`. */
  take(receipt: string, milliseconds: number): Promise<readonly DeliveryOutcome[] | undefined>;
  close(receipt: string): void;
  /** Everybody is told that nothing is known, and no box is opened any more. */
  stop(): void;
}

export interface WaitBoxOptions {
  readonly now: () => number;
  /** Resolves after so many milliseconds; may reject as soon as the signal is aborted. */
  readonly pause: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** Requests that may wait at a time; each holds a connection and some kilobytes. */
export const mostBoxes = 512;
/** Outcomes in a box that nobody has taken yet: beyond it the box is lost. */
const MOST_OUTCOMES = 4_000;
/** UTF-16 units of replies in all boxes; beyond it they are not handed back. */
const REPLIES_LENGTH = 8_000_000;
/** Publishers close their box; that of one who vanished is let go so long after its time. */
const GRACE_MS = 1_000;

interface Box {
  readonly until: number;
  readonly outcomes: DeliveryOutcome[];
  readonly listeners: Set<() => void>;
  isOpen: boolean;
}

export function createWaitBoxes({ now, pause }: WaitBoxOptions): WaitBoxes {
  const boxes = new Map<string, Box>();
  let repliesLength = 0;
  let stopped = false;

  function close(receipt: string): void {
    const box = boxes.get(receipt);
    if (box === undefined) return;
    boxes.delete(receipt);
    box.isOpen = false;
    empty(box);
    ring(box);
  }

  function empty({ outcomes }: Box): DeliveryOutcome[] {
    for (const { reply = '' } of outcomes) repliesLength -= reply.length;
    return outcomes.splice(0);
  }

  /** Resolves when something is in the box, it was closed, or the time is over. */
  function newsOf(box: Box, milliseconds: number): Promise<void> {
    const timer = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    function end(): void {
      box.listeners.delete(look);
      resolve();
      timer.abort();
    }
    // Somebody else who waits at the box may have emptied it.
    function look(): void {
      if (box.outcomes.length > 0 || !box.isOpen) end();
    }
    box.listeners.add(look);
    pause(milliseconds, timer.signal).then(end, reject);
    return promise;
  }

  function sweep(): void {
    for (const [receipt, { until }] of boxes) if (until <= now()) close(receipt);
  }

  return {
    open({ receipt, milliseconds }) {
      if (stopped || boxes.has(receipt)) return;
      if (boxes.size >= mostBoxes) sweep();
      if (boxes.size >= mostBoxes) return;
      boxes.set(receipt, { until: now() + milliseconds + GRACE_MS, outcomes: [], listeners: new Set(), isOpen: true });
    },
    put(outcomes) {
      for (const outcome of outcomes) {
        const { receipt, reply = '' } = outcome;
        const box = boxes.get(receipt);
        if (box === undefined) continue;
        if (box.outcomes.length === MOST_OUTCOMES) {
          close(receipt);
          continue;
        }
        const fits = repliesLength + reply.length <= REPLIES_LENGTH;
        if (fits) repliesLength += reply.length;
        box.outcomes.push(fits ? outcome : { ...outcome, reply: '' });
        ring(box);
      }
    },
    async take(receipt, milliseconds) {
      const box = boxes.get(receipt);
      if (box === undefined) return undefined;
      if (box.outcomes.length === 0 && milliseconds > 0) await newsOf(box, milliseconds);
      return boxes.get(receipt) === box ? empty(box) : undefined;
    },
    close,
    stop() {
      stopped = true;
      for (const receipt of boxes.keys()) close(receipt);
    },
  };
}

function ring({ listeners }: Box): void {
  for (const listener of listeners) listener();
}

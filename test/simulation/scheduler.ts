import type { Random } from './random.ts';

/** Virtual time: nothing ever waits for a clock. What is due at the same moment runs in an order that chance picks. */
export interface Scheduler {
  /** Milliseconds since the start; only ever grows. */
  now(): number;
  after(milliseconds: number, work: () => void): void;
  /** Runs what is due, one by one, all promises settled in between; until `isDone` or until nothing is left. */
  run(isDone: () => boolean): Promise<void>;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
}

/** Steps for each turn of the event loop: only the turn itself is expensive. */
const STEPS_A_TURN = 32;

export function createScheduler(random: Random): Scheduler {
  const heap: Timer[] = [];
  let now = 0;

  function push(timer: Timer): void {
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(timer, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = timer;
  }

  function pop(): Timer | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || first === last) return first;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let child = heap[left];
      if (child === undefined) break;
      let place = left;
      const other = heap[right];
      if (other !== undefined && isBefore(other, child)) {
        child = other;
        place = right;
      }
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = place;
    }
    heap[index] = last;
    return first;
  }

  return {
    now: () => now,
    after(milliseconds, work) {
      push({ at: now + Math.max(0, milliseconds), order: random.next(), work });
    },
    run(isDone) {
      return new Promise((resolve, reject) => {
        let ended = false;

        // Each step is an immediate of its own: Node settles every promise before it runs the next one.
        function step(): void {
          if (ended) return;
          try {
            const timer = isDone() ? undefined : pop();
            if (timer === undefined) {
              ended = true;
              resolve();
              return;
            }
            now = Math.max(now, timer.at);
            timer.work();
          } catch (error) {
            ended = true;
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        }

        function turn(): void {
          if (ended) return;
          for (let count = 0; count < STEPS_A_TURN; count += 1) setImmediate(step);
          setImmediate(turn);
        }

        turn();
      });
    },
  };
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

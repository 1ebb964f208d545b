import { answers, type LedgerRecord } from '../../mesh/ledger.ts';
import type { Ledger, Queue, QueueConsumer } from '../../mesh/ports.ts';

/** A queue and its ledger in memory: nothing survives the process. For tests and simulation. */
export interface MemoryQueue {
  readonly queue: Queue;
  readonly ledger: Ledger;
  /** Hands out what is due until nothing is; messages whose consumer rejects are due again a second later. */
  drain(): Promise<void>;
  /** When the next message is due; `undefined` when the queue is empty. */
  nextAt(): number | undefined;
}

const FAILURE_DELAY_MS = 1_000;
const BATCH = 100;

export function createMemoryQueue(options: {
  readonly consume: QueueConsumer;
  readonly now: () => number;
}): MemoryQueue {
  const { consume, now } = options;
  let waiting: { readonly due: number; readonly body: string }[] = [];
  const history: LedgerRecord[] = [];

  return {
    queue: {
      append(_shard, messages) {
        const due = now();
        for (const body of messages) waiting.push({ due, body });
        return Promise.resolve();
      },
    },
    ledger: {
      query: (query) =>
        Promise.resolve(
          history
            .toReversed()
            .filter((record) => answers(record, query))
            .slice(0, query.limit),
        ),
    },
    async drain() {
      for (;;) {
        const due = waiting.filter((message) => message.due <= now()).slice(0, BATCH);
        if (due.length === 0) return;
        waiting = waiting.filter((message) => !due.includes(message));
        try {
          const { retries, records } = await consume(due.map(({ body }) => body));
          for (const { body, delayMs } of retries) waiting.push({ due: now() + delayMs, body });
          history.push(...records);
        } catch {
          // Nothing was settled: the same messages once more, later.
          for (const { body } of due) waiting.push({ due: now() + FAILURE_DELAY_MS, body });
        }
      }
    },
    nextAt: () => (waiting.length === 0 ? undefined : Math.min(...waiting.map(({ due }) => due))),
  };
}

import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { Awaited } from '../../mesh/ports/queue.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import { type DeliveryOutcome, isFact } from '../../mesh/publish/outcome.ts';
import { mostBoxes, type WaitBoxes } from '../waits.ts';

/**
 * Publishers wait in the process that they publish to, and hear from others what those deliver of theirs. What is lost on
 * the way is not missed for long: their time runs out, and the events are durable without it.
 */
export interface PostgresWaits {
  readonly ports: Waits;
  open(awaited: Awaited): void;
  /** Tells what has happened at once: it would be late by the settlement otherwise. */
  consume: QueueConsumer;
  /** Tells the rest, when it is committed. */
  settled(settlements: readonly Settlement[]): void;
  stop(): void;
}

/** Bytes of one message of Postgres, which takes 8,000 with our number. */
const NEWS_BYTES = 7_800;
/** Of what is older nobody waits any more, or the others are told in vain. */
const MOST_HERE = 4 * mostBoxes;

export function createPostgresWaits(options: {
  readonly boxes: WaitBoxes;
  readonly consume: QueueConsumer;
  /** Tells the other processes. */
  readonly announce: (outcomes: readonly DeliveryOutcome[]) => void;
}): PostgresWaits {
  const { boxes, announce } = options;

  /** Requests whose publisher waits here, or did. */
  const here = new Set<string>();

  function tell(outcomes: readonly DeliveryOutcome[]): void {
    boxes.put(outcomes);
    let news: DeliveryOutcome[] = [];
    for (const outcome of outcomes) {
      if (here.has(outcome.receipt)) continue;
      const small = sizeOf([outcome]) > NEWS_BYTES ? { ...outcome, reply: '' } : outcome;
      if (sizeOf([...news, small]) > NEWS_BYTES) {
        announce(news);
        news = [];
      }
      news.push(small);
    }
    if (news.length > 0 && sizeOf(news) <= NEWS_BYTES) announce(news);
  }

  return {
    open(awaited) {
      boxes.open(awaited);
      here.add(awaited.receipt);
      const [oldest] = here;
      if (here.size > MOST_HERE && oldest !== undefined) here.delete(oldest);
    },
    ports: {
      take: (_shard, receipt, milliseconds) => boxes.take(receipt, milliseconds),
      async close(_shard, receipt) {
        boxes.close(receipt);
      },
    },
    async consume(...handed) {
      const settlement = await options.consume(...handed);
      tell(settlement.outcomes?.filter(isFact) ?? []);
      return settlement;
    },
    settled(settlements) {
      tell(settlements.flatMap(({ outcomes = [] }) => outcomes.filter((outcome) => !isFact(outcome))));
    },
    stop: () => boxes.stop(),
  };
}

function sizeOf(outcomes: readonly DeliveryOutcome[]): number {
  return Buffer.byteLength(JSON.stringify(outcomes));
}

import type { Received, QueuesConsumer } from '../../../adapters/cloudflare/queues-consumer.ts';
import type { Producer, Sendable } from '../../../adapters/cloudflare/queues-outbox.ts';

/** Queues under a clock that the test owns: one queue, its consumer's settings, and its dead-letter queue. */
export interface Broker extends Producer {
  /** Hands out what is due, batch after batch, until nothing is. */
  drain(consumer: QueuesConsumer): Promise<void>;
  nextAt(): number | undefined;
  /** What was sent, a batch a `sendBatch`. */
  readonly sent: (readonly Sendable[])[];
  /** Whether a `sendBatch` fails. */
  refuse: (batch: readonly Sendable[]) => boolean;
}

export interface BrokerOptions {
  readonly now: () => number;
  readonly maxRetries?: number;
  /** The way through a real queue: answers the bodies as they came out. */
  readonly carry?: (batch: readonly Sendable[]) => Promise<readonly unknown[]>;
}

interface Waiting {
  readonly id: string;
  readonly body: unknown;
  readonly due: number;
  readonly attempts: number;
  readonly isDead?: true;
}

const BATCH = 25;

export function createBroker({ now, maxRetries = 40, carry }: BrokerOptions): Broker {
  let waiting: Waiting[] = [];
  let messages = 0;

  async function handOut(batch: readonly Waiting[], consumer: QueuesConsumer): Promise<void> {
    const [first] = batch;
    waiting = waiting.filter((message) => !batch.includes(message));
    const received = batch.map((message): Received => {
      let answered = false;
      // The first answer counts, as on the platform.
      const once = (answer: () => void) => {
        if (answered) return;
        answered = true;
        answer();
      };
      return {
        id: message.id,
        body: message.body,
        attempts: message.attempts,
        ack: () => once(() => undefined),
        retry: ({ delaySeconds }) => once(() => retry(message, delaySeconds)),
      };
    });
    await (first?.isDead === true ? consumer.guard(received) : consumer.consume(received));
    // What nobody answered is acknowledged.
  }

  function retry(message: Waiting, delaySeconds: number): void {
    requireDelay(delaySeconds);
    const due = now() + delaySeconds * 1_000;
    if (message.isDead === true || message.attempts <= maxRetries) {
      waiting.push({ ...message, due, attempts: message.attempts + 1 });
    } else waiting.push({ ...message, due: now(), attempts: 1, isDead: true });
  }

  function takeDue(): Waiting[] {
    const due = waiting.filter((message) => message.due <= now());
    return due.filter(({ isDead }) => isDead === due[0]?.isDead).slice(0, BATCH);
  }

  const broker: Broker = {
    sent: [],
    refuse: () => false,
    async sendBatch(iterable) {
      const batch = [...iterable];
      broker.sent.push(batch);
      requireSizes(batch);
      if (broker.refuse(batch)) throw new Error('Queue sendBatch failed: Internal Server Error');
      const bodies = (await carry?.(batch)) ?? batch.map(({ body }) => body);
      for (const [index, { delaySeconds = 0 }] of batch.entries()) {
        requireDelay(delaySeconds);
        waiting.push({ id: `${messages++}`, body: bodies[index], due: now() + delaySeconds * 1_000, attempts: 1 });
      }
    },
    async drain(consumer) {
      for (let batch = takeDue(); batch.length > 0; batch = takeDue()) await handOut(batch, consumer);
    },
    nextAt: () => (waiting.length === 0 ? undefined : Math.min(...waiting.map(({ due }) => due))),
  };
  return broker;
}

/** 128 KB a message, 100 messages and 256 KB a batch, with 100 bytes of the platform's own for each message. */
function requireSizes(batch: readonly Sendable[]): void {
  const sizes = batch.map(({ body }) => body.length + 100);
  if (
    batch.length > 100 ||
    sizes.some((size) => size > 128_000) ||
    sizes.reduce((sum, size) => sum + size, 0) > 256_000
  ) {
    throw new Error('Queue sendBatch failed: Payload Too Large');
  }
}

/** The local simulator takes 24 hours; not every page of the documentation does. */
function requireDelay(seconds: number): void {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > 43_200) throw new Error(`a delay of ${seconds} seconds`);
}

import type { ShardPlace } from '../../mesh/ports/shard.ts';
import { encodeQueued, type QueuedMessage } from './queues-message.ts';

/** A producer's binding, as far as it is used. */
export interface Producer {
  sendBatch(messages: Iterable<Sendable>): Promise<unknown>;
}

export interface Sendable {
  readonly body: Uint8Array;
  readonly contentType: 'bytes';
  readonly delaySeconds?: number;
}

/** A bucket's binding, as far as it is used. */
export interface Bucket {
  put(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<{ text(): Promise<string> } | null>;
  delete(keys: string[]): Promise<void>;
}

/** Sends messages of any size and any delay. */
export interface Outbox {
  /** Resolves when Queues has all of them; when it rejects, some may be there. */
  send(messages: readonly QueuedMessage[]): Promise<void>;
}

/**
 * Cloudflare counts 128 KB a message and 256 KB a batch, in thousands, with about 100 bytes of its own for each message;
 * the local simulator refuses more than 128,000 as well.
 */
const MESSAGE_BYTES = 127_800;
const BATCH_BYTES = 255_000;
const BATCH_MESSAGES = 100;
const OWN_BYTES = 100;
/** 12 hours: older pages of the documentation say that this is the most, newer ones 24. */
export const MAX_DELAY_SECONDS = 43_200;

export function createOutbox(options: {
  readonly producer: Producer;
  readonly bucket: Bucket;
  readonly now: () => number;
}): Outbox {
  const { producer, bucket, now } = options;

  async function pack(message: QueuedMessage): Promise<Sendable> {
    const { place, body, dueAt = 0 } = message;
    const delaySeconds = Math.min(Math.max(Math.ceil((dueAt - now()) / 1_000), 0), MAX_DELAY_SECONDS);
    const whole = encodeQueued(message);
    if (whole.length <= MESSAGE_BYTES) return toSendable(whole, delaySeconds);
    const claim = toClaim(place);
    await bucket.put(claim, body);
    return toSendable(encodeQueued({ ...message, body: '', claim }), delaySeconds);
  }

  return {
    async send(messages) {
      const packed = await Promise.all(messages.map(pack));
      await Promise.all(toBatches(packed).map((batch) => producer.sendBatch(batch)));
    },
  };
}

/** As bytes: of a text, the runtime cuts off what comes after a NUL. */
function toSendable(body: Uint8Array, delaySeconds: number): Sendable {
  return { body, contentType: 'bytes', delaySeconds };
}

function toBatches(messages: readonly Sendable[]): Sendable[][] {
  const batches: Sendable[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.body.length + OWN_BYTES;
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === BATCH_MESSAGES || bytes + size > BATCH_BYTES) {
      batches.push([message]);
      bytes = size;
    } else {
      batch.push(message);
      bytes += size;
    }
  }
  return batches;
}

/** By bus, so that an operator sees whose they are. */
function toClaim({ tenant, bus }: ShardPlace): string {
  return `${tenant}/${bus}/${crypto.randomUUID()}`;
}

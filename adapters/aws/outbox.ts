import type { SQSClient } from '@aws-sdk/client-sqs';
import { encodeMessage, type Encoded, type Message } from './message.ts';
import type { Objects } from './objects.ts';
import { inSteps } from './table.ts';

/** Sends messages of any size and any delay. */
export interface Outbox {
  /** Resolves when SQS has all of them; when it rejects, some may be there. */
  send(messages: readonly Message[]): Promise<void>;
}

/** What SQS takes in one call: 10 messages of 1 MiB together. */
const BATCH_MESSAGES = 10;
const BATCH_BYTES = 1_048_576;
/** A wake that is further off goes round again. */
const MAX_DELAY_SECONDS = 900;
/** Calls at a time. */
const AT_ONCE = 8;

export function createOutbox(options: {
  readonly queueUrl: string;
  readonly client: () => Promise<SQSClient>;
  readonly objects: Objects;
  readonly now: () => number;
}): Outbox {
  const { queueUrl, client, objects, now } = options;
  const sdk = () => import('./sdk/sqs.ts');

  async function sendBatch(batch: readonly Sendable[]): Promise<void> {
    const [sqs, { SendMessageBatchCommand, SendMessageCommand }] = await Promise.all([client(), sdk()]);
    const [first] = batch;
    if (batch.length === 1 && first !== undefined) {
      await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, ...first }));
      return;
    }
    const { Failed: failed = [] } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: batch.map((message, index) => ({ Id: String(index), ...message })),
      }),
    );
    // The call succeeds where some of its messages did not.
    for (const { Id: id } of failed) {
      const message = batch[Number(id)];
      if (message !== undefined) await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, ...message }));
    }
  }

  return {
    async send(messages) {
      const encoded = await inSteps(messages, (message) => encodeMessage(message, objects));
      const sendable = encoded.map((one, index) => toSendable(one, messages[index]?.dueAt ?? 0, now()));
      await inSteps(toBatches(sendable), sendBatch, AT_ONCE);
    },
  };
}

interface Sendable {
  readonly MessageBody: string;
  readonly DelaySeconds: number;
}

function toSendable({ text }: Encoded, dueAt: number, now: number): Sendable {
  const seconds = Math.ceil((dueAt - now) / 1000);
  return { MessageBody: text, DelaySeconds: seconds <= 1 ? 0 : Math.min(seconds, MAX_DELAY_SECONDS) };
}

function toBatches(messages: readonly Sendable[]): Sendable[][] {
  const batches: Sendable[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.MessageBody);
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

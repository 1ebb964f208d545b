import { setTimeout as pause } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandOutput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type LambdaFunction, TooManyRequests } from './function.ts';

/**
 * An event source mapping of a queue: reads messages, hands them to the function in batches, and deletes those that were
 * not handed back. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export interface QueuePoller {
  /** Resolves when no batch is out any more. */
  stop(): Promise<void>;
}

export interface QueuePollerOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly region: string;
  readonly batchSize: number;
  /** Batches at a time. */
  readonly concurrency: number;
  /** The function says which messages of a batch failed; otherwise all of them do, or none. */
  readonly partial: boolean;
  readonly target: LambdaFunction;
  readonly log: (line: string) => void;
}

/** SQS hands out ten messages in a call. */
const RECEIVE_MAX = 10;
const WAIT_SECONDS = 20;

export function startQueuePoller(options: QueuePollerOptions): QueuePoller {
  const { sqs, queueUrl, target, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;

  async function receive(): Promise<readonly Message[]> {
    const messages: Message[] = [];
    // A larger batch takes what is there at once, and does not wait for more.
    while (messages.length < options.batchSize && !signal.aborted) {
      const answer: ReceiveMessageCommandOutput = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: Math.min(options.batchSize - messages.length, RECEIVE_MAX),
          WaitTimeSeconds: messages.length === 0 ? WAIT_SECONDS : 0,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
        { abortSignal: signal },
      );
      if (answer.Messages === undefined) break;
      messages.push(...answer.Messages);
      if (answer.Messages.length < RECEIVE_MAX) break;
    }
    return messages;
  }

  async function handle(messages: readonly Message[]): Promise<void> {
    const event = { Records: messages.map((message) => toRecord(message, options)) };
    const done = await target.invoke(event);
    if (!done.ok) {
      log(`${target.name}: a batch of ${messages.length} failed and will be handed out again: ${done.errorMessage}`);
      return;
    }
    const failed = options.partial ? readFailures(done.payload, messages) : new Set<string>();
    const taken = messages.filter(({ MessageId: id = '' }) => !failed.has(id));
    for (let at = 0; at < taken.length; at += RECEIVE_MAX) {
      const entries = taken.slice(at, at + RECEIVE_MAX).map(({ ReceiptHandle: handle }, index) => ({
        Id: String(index),
        ReceiptHandle: handle,
      }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
    }
  }

  const batches = new Set<Promise<void>>();

  /** One call waits for messages at a time: several would all be woken by each of them, and all but one in vain. */
  async function poll(): Promise<void> {
    while (!signal.aborted) {
      try {
        if (batches.size >= options.concurrency) await Promise.race(batches);
        const messages = await receive();
        if (messages.length === 0) continue;
        const batch = handle(messages)
          .catch(complain)
          .finally(() => batches.delete(batch));
        batches.add(batch);
      } catch (error) {
        if (!signal.aborted) await complain(error);
      }
    }
    await Promise.all(batches);
  }

  /** The messages come again after their visibility timeout, as on AWS. */
  async function complain(error: unknown): Promise<void> {
    if (!(error instanceof TooManyRequests)) log(`${queueUrl} could not be read: ${String(error)}`);
    await pause(100);
  }

  const polling = poll();
  return {
    async stop() {
      stopping.abort();
      await polling;
    },
  };
}

/**
 * An answer without the list, with an empty one or with none at all: all succeeded. With an empty, a missing or an
 * unknown id in it, all failed: what a function says of a batch, it must say well.
 */
export function readFailures(payload: unknown, messages: readonly Message[]): ReadonlySet<string> {
  const ids = new Set(messages.map(({ MessageId: id = '' }) => id));
  const failures: unknown =
    typeof payload === 'object' && payload !== null && 'batchItemFailures' in payload ? payload.batchItemFailures : [];
  if (failures === null) return new Set();
  if (!Array.isArray(failures)) return ids;
  const named = failures.map((failure: unknown) =>
    typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure ? failure.itemIdentifier : '',
  );
  return named.every((id) => typeof id === 'string' && ids.has(id)) ? new Set(named as string[]) : ids;
}

function toRecord(message: Message, { queueArn, region }: QueuePollerOptions): object {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    {
      dataType: value.DataType,
      ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
      ...(value.BinaryValue === undefined ? {} : { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
      stringListValues: [],
      binaryListValues: [],
    },
  ]);
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: Object.fromEntries(attributes) as object,
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

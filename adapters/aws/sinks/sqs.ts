import type { SendMessageBatchRequestEntry, SQSClient } from '@aws-sdk/client-sqs';
import type { Delivery, Sink } from '../../../mesh/sink.ts';
import { type AwsOptions, type AwsSinkSettings, createAwsSink, type Entry, toToken } from './aws-sink.ts';
import { type Content, contentSchema, groupSchema, textOf, toBody } from './content.ts';

export interface SqsOptions extends AwsOptions {
  readonly content?: Content;
  /** Of a FIFO queue: the attribute whose values are its message groups; `partitionkey` where it is absent. */
  readonly group?: string;
}

/** SQS takes 10 messages of 1 MiB together. */
const BATCH = 10;
const BYTES = 1_048_576;

export function createSqsSink(settings: AwsSinkSettings): Sink<SqsOptions> {
  return createAwsSink<SQSClient, SqsOptions>(
    {
      kind: 'sqs',
      description:
        'Sends events to a queue of Amazon SQS, ten in a call; FIFO queues get their group and deduplication id',
      example: { arn: 'arn:aws:sqs:eu-west-1:123456789012:orders.fifo', group: 'subject' },
      guarantees:
        'A FIFO queue gets the attribute `group` (`partitionkey` by default) as its message group, and the delivery as its deduplication id, so that a repetition within five minutes is dropped by SQS.',
      service: 'sqs',
      properties: { content: contentSchema, group: groupSchema },
      // A FIFO one is asked for its order, which a call that is refused in part would break.
      batchSize: ({ arn }) => (arn.endsWith('.fifo') ? 1 : BATCH),
      bytes: BYTES,
      sizeOf: ({ event }, { content }) => Buffer.byteLength(toBody(event, content)),
      async createClient(client) {
        const { SQSClient } = await import('../sdk/sqs.ts');
        // The queue's URL is a name here, whatever host it says.
        return new SQSClient({ ...client, useQueueUrlAsEndpoint: false });
      },
      async send({ client, arn, options, signal }, deliveries) {
        const { SendMessageBatchCommand } = await import('../sdk/sqs.ts');
        const QueueUrl = `https://sqs.${arn.region}.amazonaws.com/${arn.account}/${arn.resource}`;
        const isFifo = arn.resource.endsWith('.fifo');
        const Entries = deliveries.map((delivery, index) => toEntry(delivery, index, options, isFifo));
        const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }), {
          abortSignal: signal,
        });
        const results: Entry[] = deliveries.map(() => ({ ok: true }));
        for (const { Id, Code = '', SenderFault } of Failed) {
          results[Number(Id)] = { ok: false, code: SenderFault === true ? 400 : 503, reason: Code };
        }
        return results;
      },
    },
    settings,
  );
}

function toEntry(
  { event, id }: Delivery,
  index: number,
  options: SqsOptions,
  isFifo: boolean,
): SendMessageBatchRequestEntry {
  const { content, group = 'partitionkey' } = options;
  return {
    Id: String(index),
    MessageBody: toBody(event, content),
    ...(isFifo
      ? {
          MessageGroupId: toToken(textOf(event, group) || event.attributes.id, 128),
          MessageDeduplicationId: toToken(id, 128),
        }
      : {}),
  };
}

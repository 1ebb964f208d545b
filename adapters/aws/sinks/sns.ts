import type { SNSClient } from '@aws-sdk/client-sns';
import type { Sink } from '../../../mesh/sink.ts';
import { type AwsOptions, type AwsSinkSettings, createAwsSink, type Entry, toToken } from './aws-sink.ts';
import { type Content, contentSchema, groupSchema, textOf, toBody } from './content.ts';

export interface SnsOptions extends AwsOptions {
  readonly content?: Content;
  /** Of a FIFO topic, as for SQS. */
  readonly group?: string;
}

/** SNS takes 10 messages of 256 KiB together. */
const BATCH = 10;
const BYTES = 262_144;
/** Type and source travel as attributes beside the message, for the filters of subscriptions. */
const ATTRIBUTE_BYTES = 64;

export function createSnsSink(settings: AwsSinkSettings): Sink<SnsOptions> {
  return createAwsSink<SNSClient, SnsOptions>(
    {
      kind: 'sns',
      description:
        'Publishes events on a topic of Amazon SNS, ten in a call, with type and source as message attributes',
      example: { arn: 'arn:aws:sns:eu-west-1:123456789012:orders' },
      guarantees:
        '`type` and `source` are message attributes, for the filters of subscriptions. A FIFO topic drops repetitions as a FIFO queue does.',
      service: 'sns',
      properties: { content: contentSchema, group: groupSchema },
      // A FIFO one is asked for its order, which a call that is refused in part would break.
      batchSize: ({ arn }) => (arn.endsWith('.fifo') ? 1 : BATCH),
      bytes: BYTES,
      sizeOf: ({ event }, { content }) =>
        Buffer.byteLength(toBody(event, content)) +
        Buffer.byteLength(event.attributes.type + event.attributes.source) +
        ATTRIBUTE_BYTES,
      async createClient(client) {
        const { SNSClient } = await import('@aws-sdk/client-sns');
        return new SNSClient(client);
      },
      async send({ client, options, signal }, deliveries) {
        const { PublishBatchCommand } = await import('@aws-sdk/client-sns');
        const isFifo = options.arn.endsWith('.fifo');
        const { content, group = 'partitionkey' } = options;
        const { Failed = [] } = await client.send(
          new PublishBatchCommand({
            TopicArn: options.arn,
            PublishBatchRequestEntries: deliveries.map(({ event, id }, index) => ({
              Id: String(index),
              Message: toBody(event, content),
              MessageAttributes: {
                type: { DataType: 'String', StringValue: event.attributes.type },
                source: { DataType: 'String', StringValue: event.attributes.source },
              },
              ...(isFifo
                ? {
                    MessageGroupId: toToken(textOf(event, group) || event.attributes.id, 128),
                    MessageDeduplicationId: toToken(id, 128),
                  }
                : {}),
            })),
          }),
          { abortSignal: signal },
        );
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

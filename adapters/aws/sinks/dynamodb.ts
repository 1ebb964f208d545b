import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Event } from '../../../event/event.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { type AwsOptions, type AwsSinkSettings, createAwsSink } from './aws-sink.ts';
import { textOf } from './content.ts';

export interface DynamodbOptions extends AwsOptions {
  /** The table's key: which attribute of the event each part of it is, such as `{ "pk": "subject", "sk": "id" }`. */
  readonly key: Readonly<Record<string, string>>;
}

export function createDynamodbSink(settings: AwsSinkSettings): Sink<DynamodbOptions> {
  return createAwsSink<DynamoDBClient, DynamodbOptions>(
    {
      kind: 'dynamodb',
      description: 'Puts each event as an item into a table of Amazon DynamoDB: its attributes, and all of it as text',
      example: { arn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders', key: { pk: 'subject', sk: 'id' } },
      guarantees: 'A repetition puts the same item again.',
      service: 'dynamodb',
      required: ['key'],
      properties: {
        key: {
          type: 'object',
          description: 'which attribute of the event is which part of the key of the table',
          minProperties: 1,
          maxProperties: 2,
          propertyNames: { pattern: '^[A-Za-z0-9_.-]{1,255}$' },
          additionalProperties: {
            type: 'string',
            pattern: '^[a-z0-9]{1,20}$',
            description: 'the name of an attribute',
          },
        },
      },
      async createClient(client) {
        const { DynamoDBClient } = await import('../sdk/dynamo.ts');
        return new DynamoDBClient(client);
      },
      async send({ client, options, signal }, [delivery]) {
        if (delivery === undefined) return [];
        const { PutItemCommand } = await import('../sdk/dynamo.ts');
        await client.send(new PutItemCommand({ TableName: options.arn, Item: toItem(delivery.event, options) }), {
          abortSignal: signal,
        });
        return [{ ok: true }];
      },
    },
    settings,
  );
}

function toItem(event: Event, { key }: DynamodbOptions): Record<string, AttributeValue> {
  const attributes = Object.entries(event.attributes).map(([name, value]): [string, AttributeValue] => {
    if (typeof value === 'number') return [name, { N: String(value) }];
    return [name, typeof value === 'boolean' ? { BOOL: value } : { S: value }];
  });
  const keys = Object.entries(key).map(([name, from]): [string, AttributeValue] => [name, { S: textOf(event, from) }]);
  return Object.fromEntries([...attributes, ['event', { S: event.json }], ...keys]);
}

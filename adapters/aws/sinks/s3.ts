import type { S3Client } from '@aws-sdk/client-s3';
import { TulleError } from '../../../event/error.ts';
import type { Event } from '../../../event/event.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { type AwsOptions, type AwsSinkSettings, createAwsSink, toToken } from './aws-sink.ts';
import { type Content, contentSchema, textOf, toBody } from './content.ts';

export interface S3Options extends AwsOptions {
  /** `arn:aws:s3:::BUCKET` says no region. */
  readonly region: string;
  /**
   * The objects' keys: `{id}`, `{source}`, `{type}`, `{subject}` and other attributes, percent-encoded; `{year}`, `{month}`,
   * `{day}` and `{hour}` of the event's time, or of its delivery. By default `{year}/{month}/{day}/{hour}/{delivery}.json`.
   */
  readonly key?: string;
  readonly content?: Content;
  /** Events in one object, a line each; 1–1,000, default 1. */
  readonly batchSize?: number;
}

const BATCH_BYTES = 8_000_000;
const defaultKey = '{year}/{month}/{day}/{hour}/{delivery}.json';

export function createS3Sink(settings: AwsSinkSettings): Sink<S3Options> {
  return createAwsSink<S3Client, S3Options>(
    {
      kind: 's3',
      description: 'Stores events as objects of Amazon S3, each by itself or several as lines of JSON',
      example: { arn: 'arn:aws:s3:::events', region: 'eu-west-1', batchSize: 500 },
      guarantees:
        'An object whose key has `{delivery}` is written over by a repetition of the same event; one with `{id}` by every event of that id.',
      service: 's3',
      required: ['region'],
      properties: {
        region: { type: 'string', pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$', description: 'the region of the bucket' },
        key: {
          type: 'string',
          minLength: 1,
          maxLength: 512,
          description:
            'the keys of objects, with {delivery}, {id} and other attributes, {year}, {month}, {day} and {hour}',
        },
        content: contentSchema,
        batchSize: {
          type: 'integer',
          minimum: 1,
          maximum: 1_000,
          description: 'events in one object, as lines; 1 by default',
        },
      },
      check({ key = defaultKey }) {
        if (key.includes('{delivery}') || key.includes('{id}')) return;
        throw new TulleError('target_invalid', 'Objects with this key would replace one another.', {
          place: '/key',
          mend: 'Put {delivery} or {id} into it.',
        });
      },
      batchSize: ({ batchSize = 1 }) => batchSize,
      bytes: BATCH_BYTES,
      sizeOf: ({ event }, { content }) => Buffer.byteLength(toBody(event, content)) + 1,
      async createClient(client) {
        const { S3Client } = await import('../sdk/s3.ts');
        const endpoint = process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'] ?? '';
        return new S3Client({ ...client, forcePathStyle: endpoint !== '' });
      },
      async send({ client, arn, options, signal, now }, deliveries) {
        const [first] = deliveries;
        if (first === undefined) return [];
        const { PutObjectCommand } = await import('../sdk/s3.ts');
        const { key = defaultKey, content, batchSize = 1 } = options;
        const bodies = deliveries.map(({ event }) => toBody(event, content));
        await client.send(
          new PutObjectCommand({
            Bucket: arn.resource,
            Key: toKey(key, first.event, first.id, now()),
            Body: batchSize === 1 ? (bodies[0] ?? '') : bodies.map((line) => `${line}\n`).join(''),
            ContentType: batchSize === 1 ? 'application/json' : 'application/x-ndjson',
          }),
          { abortSignal: signal },
        );
        return deliveries.map(() => ({ ok: true }));
      },
    },
    settings,
  );
}

function toKey(template: string, event: Event, id: string, now: number): string {
  const time = Date.parse(textOf(event, 'time'));
  const [date = '', clock = ''] = new Date(Number.isNaN(time) ? now : time).toISOString().split('T');
  const [year = '', month = '', day = ''] = date.split('-');
  const parts: Readonly<Record<string, string>> = {
    year,
    month,
    day,
    hour: clock.slice(0, 2),
    delivery: toToken(id),
  };
  // Encoded, so that no value is a folder; a key has 1,024 bytes at most.
  return template
    .replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      Object.hasOwn(parts, name) ? (parts[name] ?? '') : encodeURIComponent(textOf(event, name).toWellFormed()),
    )
    .slice(0, 1_024);
}

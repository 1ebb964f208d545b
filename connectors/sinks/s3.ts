import { dataBytes, dataContentType, dataText } from '../../event/data.ts';
import type { Event } from '../../event/event.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import { excerptWithout, readResponse } from '../../mesh/delivery/response.ts';
import { parseRetryAfter } from '../../mesh/delivery/retry-after.ts';
import { type AttemptResult, defineSink, type Delivery, type SinkContext } from '../../mesh/sink.ts';
import { readFailure } from '../s3/answer.ts';
import { locate, type LocationOptions, locationSchema } from '../s3/location.ts';
import { checkKey, defaultKey, toKey } from '../s3/object-key.ts';
import { createSigner, findKeys } from '../s3/sign.ts';
import { toRefusal, toSilence } from './request.ts';

export interface S3SinkOptions extends LocationOptions {
  /** See `toKey`; default `{year}/{month}/{day}/{hour}/{delivery}.json`. */
  readonly key?: string;
  /** The whole event in the JSON format of CloudEvents (default), or its payload alone. */
  readonly content?: 'structured' | 'raw';
  /** Events in one object, a line each; 1–1,000, default 1. */
  readonly batchSize?: number;
  /** 1–30, default the retry preset's. */
  readonly timeoutSeconds?: number;
}

/** Of one object; events of a megabyte are one by one well before. */
const batchBytes = 8_000_000;

/** Stores events as objects: at Amazon, and wherever else S3 is spoken. */
export const s3 = defineSink<S3SinkOptions>({
  kind: 's3',
  description: 'Stores events as objects of Amazon S3, R2 or what else speaks S3, each by itself or as lines of JSON',
  example: {
    endpoint: 'https://0123456789abcdef.r2.cloudflarestorage.com',
    bucket: 'events',
    connection: 'warehouse',
    key: '{type}/{year}-{month}-{day}/{delivery}.json',
    batchSize: 500,
  },
  guarantees:
    'Either `arn` and `region`, or `endpoint` and `bucket`. `key` may have `{delivery}`, `{id}` and other attributes, percent-encoded, and `{year}`, `{month}`, `{day}`, `{hour}` of the event. A repetition of the same events writes the same object again; with `{id}` every event of that id does.',
  schema: {
    type: 'object',
    additionalProperties: false,
    oneOf: [{ required: ['arn', 'region'] }, { required: ['endpoint', 'bucket', 'connection'] }],
    properties: {
      ...locationSchema,
      key: {
        type: 'string',
        minLength: 1,
        maxLength: 512,
        description:
          'the keys of objects, with {delivery}, {id} and other attributes, {year}, {month}, {day} and {hour}; default {year}/{month}/{day}/{hour}/{delivery}.json',
      },
      content: {
        enum: ['structured', 'raw'],
        description: 'the whole event in the JSON format of CloudEvents (default), or its payload alone',
      },
      batchSize: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000,
        description: 'events in one object, as lines; 1 by default',
      },
      timeoutSeconds: {
        type: 'number',
        minimum: 1,
        maximum: 30,
        description: 'how long a call may take; by default what the retry preset says',
      },
    },
  },
  check(options, policy) {
    locate(options, policy);
    checkKey(options.key ?? defaultKey, options.batchSize ?? 1);
  },
  batchSize: ({ batchSize = 1 }) => batchSize,
  async deliver(deliveries, options, context) {
    const results: AttemptResult[] = [];
    for (const object of toObjects(deliveries, options)) {
      const result = await put(object, options, context);
      results.push(...object.deliveries.map(() => result));
    }
    return results;
  },
});

interface StoredObject {
  readonly deliveries: readonly Delivery[];
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

function toObjects(deliveries: readonly Delivery[], { content, batchSize = 1 }: S3SinkOptions): StoredObject[] {
  if (batchSize === 1) {
    return deliveries.map((delivery) => ({ deliveries: [delivery], ...toSingle(delivery.event, content) }));
  }
  const objects: { deliveries: Delivery[]; body: string; contentType: string }[] = [];
  for (const delivery of deliveries) {
    const line = toLine(delivery.event, content);
    const last = objects.at(-1);
    if (last !== undefined && last.body.length + line.length <= batchBytes) {
      last.deliveries.push(delivery);
      last.body += line;
    } else objects.push({ deliveries: [delivery], body: line, contentType: 'application/x-ndjson' });
  }
  return objects;
}

function toSingle(event: Event, content: S3SinkOptions['content']): Pick<StoredObject, 'body' | 'contentType'> {
  if (content !== 'raw') return { body: event.json, contentType: 'application/cloudevents+json' };
  const body = (dataBytes(event) ?? '') as string | Uint8Array<ArrayBuffer>;
  return { body, contentType: dataContentType(event) ?? 'application/octet-stream' };
}

/** In JSON a line break is between values only. */
function toLine(event: Event, content: S3SinkOptions['content']): string {
  const text = content === 'raw' ? (dataText(event) ?? 'null') : event.json;
  return `${text.replaceAll(/[\r\n]+/g, ' ')}\n`;
}

async function put(
  { deliveries, body, contentType }: StoredObject,
  options: S3SinkOptions,
  context: SinkContext,
): Promise<AttemptResult> {
  const { runtime, policy } = context;
  const timeoutSeconds = options.timeoutSeconds ?? context.timeoutSeconds ?? 15;
  const startedAt = runtime.now();
  const latency = (): number => runtime.now() - startedAt;
  let request: Request;
  try {
    const location = locate(options, policy);
    const keys = await findKeys(options, location, { authorize: context.authorize, policy });
    const sign = createSigner({ location, keys, now: runtime.now });
    const key = toKey(options.key ?? defaultKey, deliveries, startedAt);
    const headers = { 'content-type': contentType };
    const signed = await sign({ method: 'PUT', key, headers, body });
    if (!location.usesRole) checkTargetUrl(signed.url, policy);
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    request = new Request(signed.url, { method: 'PUT', headers: signed.headers, body, redirect: 'manual', signal });
  } catch (error) {
    return toRefusal(error, latency());
  }
  try {
    const response = await runtime.fetch(request);
    const text = await readResponse(response);
    const { status, headers } = response;
    if (status >= 200 && status < 300) return { ok: true, code: status, latencyMs: latency() };
    const retryAfterMs = parseRetryAfter(headers.get('retry-after'), runtime.now());
    const { code, message } = readFailure(text);
    // What Amazon says of the installation's role is not for tenants.
    const said = options.connection === undefined ? code : excerptWithout(`${code} ${message}`, []);
    return {
      ok: false,
      failure: 'response',
      // S3 asks with a 503 to be slowed down.
      code: code === 'SlowDown' ? 429 : status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      latencyMs: latency(),
      reason: `the service answered ${status}${said.trim() === '' ? '' : `: ${said.trim()}`}`,
    };
  } catch (error) {
    return toSilence(error, [], latency());
  }
}

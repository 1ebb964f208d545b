import { toObject } from '../../event/create.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { compilePick, type Pick } from '../../mesh/connector/expression.ts';
import { requireHttps } from '../../mesh/connections/https.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import { checkHeaders } from '../../mesh/delivery/headers.ts';
import { compileTextTemplate, type TextTemplate } from '../../mesh/delivery/text-template.ts';
import { type AttemptResult, defineSink, type SinkContext } from '../../mesh/sink.ts';
import { encodeWriteRequest, type Label, type Sample, toName } from './prometheus-samples.ts';
import { sendRequest, toRefusal } from './request.ts';
import { compressSnappy } from './snappy.ts';

export interface PrometheusOptions {
  readonly url: string;
  readonly connection?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly metric: string;
  readonly value: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly time?: string;
  readonly batchSize?: number;
  readonly timeoutSeconds?: number;
}

const jsonata = (description: string): object => ({ type: 'string', minLength: 1, maxLength: 1_024, description });

/** Prometheus remote write, by https://prometheus.io/docs/specs/prw/remote_write_spec/ (version 1.0, April 2023). */
export const prometheus = defineSink<PrometheusOptions>({
  kind: 'prometheus',
  description: 'Writes a sample of a metric, by remote write 1.0',
  schema: {
    type: 'object',
    required: ['url', 'metric', 'value'],
    additionalProperties: false,
    properties: {
      url: {
        type: 'string',
        minLength: 1,
        maxLength: 2_048,
        description: 'the endpoint, such as https://HOST/api/v1/write',
      },
      connection: { type: 'string', minLength: 1, maxLength: 63, description: 'whose credentials the requests get' },
      headers: {
        type: 'object',
        maxProperties: 32,
        additionalProperties: { type: 'string' },
        description: 'sent besides, such as X-Scope-OrgID',
      },
      metric: {
        type: 'string',
        minLength: 1,
        maxLength: 256,
        description: 'the name, which may have ${expression} in it; what no name may have becomes _',
      },
      value: jsonata('JSONata on the event: a number, such as data.total'),
      labels: {
        type: 'object',
        maxProperties: 30,
        propertyNames: { minLength: 1, maxLength: 128 },
        additionalProperties: jsonata('JSONata on the event'),
        description: 'labels by name, such as { "shop": "data.shop" }; one that is found nowhere is left out',
      },
      time: jsonata('JSONata on the event: RFC 3339, or milliseconds; by default its time, else now'),
      batchSize: { type: 'integer', minimum: 1, maximum: 500, description: 'events in a request; 100 by default' },
      timeoutSeconds: {
        type: 'number',
        minimum: 1,
        maximum: 30,
        description: 'how long an attempt may take; by default what the retry preset says',
      },
    },
  },
  example: {
    url: 'https://prometheus.example.com/api/v1/write',
    connection: 'prometheus',
    metric: 'shop_order_total',
    value: 'data.total',
    labels: { shop: 'data.shop', currency: 'data.currency' },
  },
  guarantees:
    'A sample that is older than the last of its series is refused by a Prometheus without a window for that, and becomes a dead letter with the reason; `ordering` keeps events of one key in their order. Where a request is refused because of one sample, it is divided until that one is found. The same sample twice is one.',
  check(options, policy) {
    const url = checkTargetUrl(options.url, policy, '/url');
    if (options.connection !== undefined) requireHttps(url, policy, '/url');
    if (options.headers !== undefined) checkHeaders(options.headers, '/headers');
    readerOf(options);
  },
  batchSize: ({ batchSize = 100 }) => batchSize,

  async deliver(deliveries, options, context) {
    const { runtime } = context;
    const startedAt = runtime.now();
    const timeoutSeconds = options.timeoutSeconds ?? context.timeoutSeconds ?? 15;
    const results = new Map<number, AttemptResult>();
    const taken: Numbered[] = [];
    for (const [index, { event }] of deliveries.entries()) {
      try {
        taken.push({ index, sample: readerOf(options)(event, context) });
      } catch (error) {
        results.set(index, toRefusal(error, 0));
      }
    }

    async function write(part: readonly Numbered[]): Promise<void> {
      const left = timeoutSeconds - (runtime.now() - startedAt) / 1000;
      const result = left > 0.1 ? await send(part, options, context, left) : late(timeoutSeconds);
      const isDivisible = !result.ok && result.failure === 'response' && result.code === 400 && part.length > 1;
      if (!isDivisible) return part.forEach(({ index }) => void results.set(index, result));
      const middle = Math.ceil(part.length / 2);
      await write(part.slice(0, middle));
      await write(part.slice(middle));
    }

    for (const part of toParts(taken)) await write(part);
    return deliveries.map((_, index) => results.get(index) ?? late(timeoutSeconds));
  },
});

interface Numbered {
  readonly index: number;
  readonly sample: Sample;
}

function send(
  part: readonly Numbered[],
  { url, headers = {}, connection }: PrometheusOptions,
  context: SinkContext,
  timeoutSeconds: number,
): Promise<AttemptResult> {
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const body = compressSnappy(encodeWriteRequest(part.map(({ sample }) => sample)));
  const request = { url, headers: { 'user-agent': 'Tulle/0.1', ...own, ...protocol }, body };
  return sendRequest(request, { context, connection, timeoutSeconds });
}

const protocol = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
} as const;

/** Of the labels of one request, in characters. */
const partLength = 1_048_576;

function toParts(samples: readonly Numbered[]): Numbered[][] {
  const parts: Numbered[][] = [];
  let length = 0;
  for (const one of samples) {
    const size = one.sample.labels.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    const part = parts.at(-1);
    if (part === undefined || length + size > partLength) {
      parts.push([one]);
      length = size;
    } else {
      part.push(one);
      length += size;
    }
  }
  return parts;
}

function late(timeoutSeconds: number): AttemptResult {
  const reason = `not written within ${timeoutSeconds} s`;
  return { ok: false, failure: 'timeout', latencyMs: timeoutSeconds * 1000, reason };
}

type Reader = (event: Event, context: SinkContext) => Sample;

/** A declared cache: the options of a target stay the same object while its snapshot lives. */
const readers = new WeakMap<PrometheusOptions, Reader>();

function readerOf(options: PrometheusOptions): Reader {
  let reader = readers.get(options);
  if (reader === undefined) {
    reader = createReader(options);
    readers.set(options, reader);
  }
  return reader;
}

/** @throws TulleError `target_invalid`, `resource_invalid`; what it returns throws where the event has no such value */
function createReader({ metric, value, labels = {}, time }: PrometheusOptions): Reader {
  const fillName: TextTemplate = compileTextTemplate(metric, '/metric');
  const pickValue = compilePick(value, '/value');
  const pickTime = time === undefined ? undefined : compilePick(time, '/time');
  const pickLabels = compileLabels(labels);
  return (event, { runtime }) => {
    const object = toObject(event);
    const name = toName(fillName(object, { now: runtime.now(), random: runtime.random }), true);
    if (name === '') throw noSample('the event gives the metric no name');
    const found: Label[] = [['__name__', name]];
    for (const [label, pick] of pickLabels) {
      const text = toLabelValue(pick(object));
      if (text !== '') found.push([label, text]);
    }
    return {
      labels: found.toSorted(([one], [other]) => (one < other ? -1 : 1)),
      value: toNumber(pickValue(object)),
      time: toTime(pickTime === undefined ? event.attributes['time'] : pickTime(object), runtime.now()),
    };
  };
}

function compileLabels(labels: Readonly<Record<string, string>>): readonly (readonly [string, Pick])[] {
  const seen = new Set<string>();
  return Object.entries(labels).map(([written, expression]) => {
    const place = `/labels/${written.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const name = toName(written, false);
    if (name.startsWith('__') || seen.has(name)) {
      const why = seen.has(name)
        ? `Two labels would be called ${name}`
        : 'Names that begin with __ are of Prometheus itself';
      throw new TulleError('target_invalid', why, { place, mend: 'Give the label another name.' });
    }
    seen.add(name);
    return [name, compilePick(expression, place)] as const;
  });
}

function toLabelValue(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.length <= 2_048) return text.toWellFormed();
  throw noSample('a label would have more than 2,048 characters');
}

function toNumber(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'boolean') return number ? 1 : 0;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw noSample('the value that is asked for is no number');
}

function toTime(value: unknown, now: number): number {
  if (value === undefined || value === null) return now;
  const time = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isFinite(time) && Math.abs(time) < 8.64e15) return time;
  throw noSample('the time that is asked for is none');
}

function noSample(message: string): TulleError {
  return new TulleError('step_failed', message, { mend: 'Correct the expression, or filter for events that have it.' });
}

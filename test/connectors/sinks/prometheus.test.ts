import { createRequire } from 'node:module';
import protobuf from 'protobufjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prometheus, type PrometheusOptions } from '../../../connectors/sinks/prometheus.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { type Api, startApi } from './api.ts';
import { type ApiSink, deliverOne, deliveryOf, describeApiSink } from './api-sink.ts';
import { nodeContext } from './context.ts';

const { uncompress } = createRequire(import.meta.url)('snappyjs') as {
  readonly uncompress: (bytes: Uint8Array) => Uint8Array;
};

/** As the specification gives it. */
const WriteRequest = protobuf
  .parse(
    `syntax = "proto3";
    message WriteRequest { repeated TimeSeries timeseries = 1; }
    message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
    message Label { string name = 1; string value = 2; }
    message Sample { double value = 1; int64 timestamp = 2; }`,
  )
  .root.lookupType('WriteRequest');

interface Written {
  readonly timeseries: readonly {
    readonly labels: readonly { readonly name: string; readonly value: string }[];
    readonly samples: readonly { readonly value: number; readonly timestamp: number }[];
  }[];
}

function decode(bytes: Uint8Array): Written {
  const message = WriteRequest.decode(uncompress(bytes));
  return WriteRequest.toObject(message, { longs: Number, defaults: true, arrays: true }) as Written;
}

/** Every sample that was taken, as `name{labels} value @time`. */
interface Store {
  readonly samples: string[];
  readonly api: Api;
}

/** A receiver without a window for what is out of order: it takes a request whole, or not at all. */
async function startReceiver(): Promise<Store> {
  const samples: string[] = [];
  const last = new Map<string, { readonly timestamp: number; readonly value: number }>();
  const api = await startApi(({ url, headers, bytes }) => {
    if (url.pathname !== '/api/v1/write') return { status: 404, body: '404 page not found' };
    if (headers['content-encoding'] !== 'snappy' || headers['content-type'] !== 'application/x-protobuf') {
      return { status: 415, body: 'unsupported' };
    }
    if (headers['x-prometheus-remote-write-version'] !== '0.1.0') return { status: 400, body: 'version' };
    const taken: string[] = [];
    const next = new Map(last);
    for (const { labels, samples: given } of decode(bytes).timeseries) {
      const names = labels.map(({ name }) => name);
      const isSorted = names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name);
      const isNamed = labels.every(({ name, value }) => /^[a-zA-Z_]\w*$/.test(name) && value !== '');
      const metric = labels.find(({ name }) => name === '__name__')?.value ?? '';
      if (!isSorted || !isNamed || !/^[a-zA-Z_:][\w:]*$/.test(metric)) return { status: 400, body: 'invalid labels' };
      const key = labels.map(({ name, value }) => `${name}="${value}"`).join(',');
      for (const { value, timestamp } of given) {
        const before = next.get(key);
        if (before !== undefined && timestamp < before.timestamp) return { status: 400, body: 'out of order sample' };
        if (before?.timestamp === timestamp) {
          if (before.value !== value) return { status: 400, body: 'duplicate sample for timestamp' };
          continue;
        }
        next.set(key, { timestamp, value });
        taken.push(`{${key}} ${value} @${timestamp}`);
      }
    }
    for (const [key, sample] of next) last.set(key, sample);
    samples.push(...taken);
    return { status: 204 };
  });
  return { samples, api };
}

describeApiSink('prometheus', async () => {
  const { samples, api } = await startReceiver();
  const credentials = 'Basic dHVsbGU6bm90LWEtcmVhbC1wYXNzd29yZA==';
  return {
    sink: prometheus as Sink,
    api,
    secrets: {},
    options: {
      url: `${api.origin}/api/v1/write`,
      connection: 'bot',
      metric: 'events',
      value: '1',
      labels: { id: 'id' },
      batchSize: 3,
    },
    context: {
      authorize: (_name, request) =>
        Promise.resolve({
          ...request,
          headers: { ...request.headers, authorization: credentials },
          hidden: [credentials],
        }),
    },
    taken: () => samples.map((sample) => /id="(\w+)"/.exec(sample)?.[1] ?? ''),
  };
});

describe('the sink prometheus', () => {
  let store: Store;
  let system: Omit<ApiSink, 'taken' | 'api'>;
  beforeEach(async () => {
    store = await startReceiver();
    const options = { url: `${store.api.origin}/api/v1/write`, metric: 'order_total', value: 'data.total' };
    system = { sink: prometheus as Sink, secrets: {}, options };
  });
  afterEach(() => store.api.close());

  const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 10, 0, second)).toISOString();
  const sample = (id: string, second: number, data: object = { total: 1 }) =>
    deliveryOf(id, { time: at(second), data });

  async function deliver(deliveries: readonly ReturnType<typeof sample>[], changes: object = {}) {
    return prometheus.deliver(deliveries, { ...system.options, ...changes } as PrometheusOptions, nodeContext());
  }

  it('writes a sample with sorted labels at the time of the event', async () => {
    const labels = { shop: 'data.shop', 'order.type': 'type', Ära: '"new"', none: 'data.missing', n: '1 > 0' };
    const delivery = deliveryOf('e1', { time: at(1), data: { total: '12.5', shop: 'Zoë "1"' } });
    expect(await deliverOne(system, { labels }, delivery)).toMatchObject({ ok: true, code: 204 });
    expect(decode(store.api.requests[0]?.bytes ?? Buffer.of()).timeseries).toEqual([
      {
        labels: [
          { name: '__name__', value: 'order_total' },
          { name: '_ra', value: 'new' },
          { name: 'n', value: 'true' },
          { name: 'order_type', value: 'order.created' },
          { name: 'shop', value: 'Zoë "1"' },
        ],
        samples: [{ value: 12.5, timestamp: Date.parse(at(1)) }],
      },
    ]);
  });

  it('names a metric from the event, and makes a name of it', async () => {
    await deliverOne(system, { metric: '${type}:9-total' });
    expect(decode(store.api.requests[0]?.bytes ?? Buffer.of()).timeseries[0]?.labels[0]?.value).toBe(
      'order_created:9_total',
    );
  });

  it('writes each series once, its samples in the order of their times', async () => {
    const results = await deliver([sample('a', 3), sample('b', 1), sample('c', 2, { total: 5 })]);
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(store.api.requests).toHaveLength(1);
    expect(decode(store.api.requests[0]?.bytes ?? Buffer.of()).timeseries[0]?.samples).toEqual([
      { value: 1, timestamp: Date.parse(at(1)) },
      { value: 5, timestamp: Date.parse(at(2)) },
      { value: 1, timestamp: Date.parse(at(3)) },
    ]);
  });

  it('finds the one sample for which a request is refused, and has the others written', async () => {
    await deliver([sample('late', 30, { total: 9 })]);
    const labels = { id: 'data.id' };
    const deliveries = Array.from({ length: 20 }, (_, index) =>
      sample(`e${index}`, 10 + index, { total: 1, id: index }),
    );
    deliveries[7] = sample('old', 1, { total: 2 });
    const results = await deliver(deliveries, { labels });
    expect(results.map(({ ok }) => ok)).toEqual(deliveries.map((_, index) => index !== 7));
    expect(results[7]).toMatchObject({ code: 400, reason: 'the target answered 400: out of order sample' });
    expect(store.samples).toHaveLength(20);
    expect(store.api.requests.length).toBeLessThan(15);
  });

  it('refuses an event without a number alone, and sends the others', async () => {
    const results = await deliver([sample('a', 1), sample('b', 2, { total: 'many' }), sample('c', 3)]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(results[1]).toMatchObject({ failure: 'refused', reason: 'the value that is asked for is no number' });
    expect(store.samples).toHaveLength(2);
  });

  it('writes the same sample twice as one', async () => {
    expect(await deliver([sample('a', 1)])).toMatchObject([{ ok: true }]);
    expect(await deliver([sample('a', 1)])).toMatchObject([{ ok: true }]);
    expect(store.samples).toHaveLength(1);
  });

  it('does not divide what is refused for another reason', async () => {
    store.api.disturb({ status: 401, body: 'no credentials' });
    const results = await deliver([sample('a', 1), sample('b', 2)]);
    expect(results).toMatchObject([{ code: 401 }, { code: 401 }]);
    expect(store.api.requests).toHaveLength(1);
  });

  it('stops dividing when its time is over, and has the rest tried again', async () => {
    const now = { at: 0 };
    const { runtime } = nodeContext();
    const context = nodeContext({
      runtime: {
        ...runtime,
        now: () => now.at,
        async fetch() {
          now.at += 700;
          return new Response('out of order sample', { status: 400 });
        },
      },
    });
    const options = { ...system.options, timeoutSeconds: 2 } as PrometheusOptions;
    const results = await prometheus.deliver(
      Array.from({ length: 8 }, (_, i) => sample(`e${i}`, i)),
      options,
      context,
    );
    expect(results).toHaveLength(8);
    expect(results.filter((result) => !result.ok && result.failure === 'timeout').length).toBeGreaterThan(0);
  });

  it('sends headers of its own, but none in the place of the protocol', async () => {
    await deliverOne(system, { headers: { 'X-Scope-OrgID': 'shop', 'Content-Encoding': 'gzip' } });
    expect(store.api.requests[0]?.headers).toMatchObject({ 'x-scope-orgid': 'shop', 'content-encoding': 'snappy' });
  });

  it.each<[string, object, string]>([
    ['a label of Prometheus itself', { labels: { __name__: 'type' } }, '/labels/__name__'],
    ['two labels of one name', { labels: { 'a.b': 'type', 'a-b': 'id' } }, '/labels/a-b'],
    ['an expression that cannot be read', { value: 'data.(' }, '/value'],
    ['a private address', { url: 'http://10.0.0.1/' }, '/url'],
  ])('refuses %s', (_, options, place) => {
    const whole = { url: 'https://a.example/', metric: 'a', value: '1', ...options };
    expect(() => prometheus.check?.(whole, { allowPrivateTargets: false })).toThrow(expect.objectContaining({ place }));
  });
});

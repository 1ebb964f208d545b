import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromJson } from '../../../event/json-format.ts';
import { s3, type S3SinkOptions } from '../../../connectors/sinks/s3.ts';
import type { AttemptResult, Delivery, Sink, SinkContext } from '../../../mesh/sink.ts';
import { describeSink, type Item } from '../../conformance/sink.ts';
import { authorize, startStore, type Store } from '../s3/store.ts';
import { nodeContext } from './context.ts';

let store: Store;
let buckets = 0;
const newBucket = (): string => {
  buckets += 1;
  store.createBucket(`events-${buckets}`);
  return `events-${buckets}`;
};

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

for (const batchSize of [1, 10]) {
  describeSink(`s3, ${batchSize} in an object`, async () => {
    const bucket = newBucket();
    return {
      sink: {
        ...s3,
        deliver: (given, options, context) => (s3 as Sink).deliver(given, options, { ...context, authorize }),
      },
      port: store.port,
      optionsFor: (port) => ({ endpoint: `http://127.0.0.1:${port}`, bucket, connection: 'own', batchSize }),
      idempotent: true,
      async arrived() {
        const objects = await Promise.all((await store.keys(bucket)).map((key) => store.get(bucket, key)));
        const lines = objects.flatMap(({ text }) => text.trimEnd().split('\n'));
        return lines.map((line) => (JSON.parse(line) as { data: Item }).data);
      },
      close: async () => undefined,
    };
  });
}

describe('the sink s3', () => {
  it('names objects by a template that no event leads out of', async () => {
    const bucket = newBucket();
    const events = [
      toEvent('a/../b', { time: '2026-03-04T05:06:07Z' }),
      toEvent('..', { type: '..', time: '2026-03-04T05:06:07Z' }),
      toEvent('c d+e', { time: '2026-03-04T05:06:07Z' }),
    ];
    const results = await deliver(events, { bucket, key: '{type}/{year}-{month}-{day}T{hour}/{id}.json' });
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect((await store.keys(bucket)).toSorted()).toEqual([
      '%2E%2E/2026-03-04T05/%2E%2E.json',
      'created/2026-03-04T05/a%2F..%2Fb.json',
      'created/2026-03-04T05/c%20d%2Be.json',
    ]);
  });

  it('writes several as lines, under a name that no other lot of them has', async () => {
    const bucket = newBucket();
    const pretty = fromJson(
      '{"specversion":"1.0","id":"e2","source":"/s","type":"t",\n"data":{\n"a": 12345678901234567890}}',
    );
    const [one, two] = [toEvent('e1'), toEvent('e3')];
    const options = { bucket, key: 'all/{delivery}', batchSize: 100 };
    await deliver([one, pretty], options);
    await deliver([one, pretty], options);
    const [first = ''] = await store.keys(bucket);
    expect(await store.keys(bucket)).toHaveLength(1);
    expect(first).toMatch(/^all\/d-e1-[0-9a-f]{16}$/);
    const { text, contentType } = await store.get(bucket, first);
    expect(text).toBe(`${one.json}\n${pretty.json.replaceAll('\n', ' ')}\n`);
    expect(contentType).toBe('application/x-ndjson');
    // What is there already is not written over by fewer of them.
    await deliver([one, two], options);
    expect(await store.keys(bucket)).toHaveLength(2);
    expect((await store.get(bucket, first)).text).toBe(text);
  });

  it('stores a payload alone, as what it is', async () => {
    const bucket = newBucket();
    const bytes = toEvent('e1', { data: undefined, data_base64: btoa('\u0000\u0001'), datacontenttype: 'image/png' });
    await deliver([bytes, toEvent('e2', { data: { a: 1 } })], { bucket, key: '{id}', content: 'raw' });
    expect(await store.get(bucket, 'e1')).toEqual({ text: '\u0000\u0001', contentType: 'image/png' });
    expect(await store.get(bucket, 'e2')).toEqual({ text: '{"a":1}', contentType: 'application/json' });
  });

  it('asks Amazon at the host of the bucket, with the key of its connection', async () => {
    const asked: Request[] = [];
    const runtime = {
      ...nodeContext().runtime,
      fetch: async (request: Request) => {
        asked.push(request);
        return new Response('<Error><Code>SlowDown</Code><Message>Please</Message></Error>', { status: 503 });
      },
    };
    const amazon = { arn: 'arn:aws:s3:::their-events', region: 'eu-west-1', connection: 'own' };
    const [result] = await send([toEvent('e1')], amazon, { runtime, authorize });
    expect(asked[0]?.url).toMatch(/^https:\/\/their-events\.s3\.eu-west-1\.amazonaws\.com\/20\d\d\/.*d-e1\.json$/);
    expect(asked[0]?.headers.get('authorization')).toMatch(/Credential=AKIATENANT\/\d{8}\/eu-west-1\/s3\//);
    expect(result).toMatchObject({ ok: false, code: 429, reason: 'the service answered 503: SlowDown Please' });
  });

  it('uses the role of the installation only for what the operator allows, and says little of it', async () => {
    const role = {
      allows: (arn: string) => arn === 'arn:aws:s3:::ours',
      keys: async () => ({ accessKeyId: 'ASIAROLE', secretAccessKey: 's', sessionToken: 'token' }),
      s3Endpoint: store.endpoint,
    };
    const policy = { allowPrivateTargets: false, role };
    store.createBucket('ours');
    const ours = { arn: 'arn:aws:s3:::ours', region: 'eu-west-1', key: '{id}' };
    expect(await send([toEvent('e1')], ours, { policy })).toMatchObject([{ ok: true }]);
    expect(await store.keys('ours')).toEqual(['e1']);
    const theirs = { ...ours, arn: 'arn:aws:s3:::theirs' };
    expect(await send([toEvent('e1')], theirs, { policy })).toMatchObject([{ ok: false, failure: 'refused' }]);
    const gone = { ...policy, role: { ...role, allows: () => true } };
    const [missing] = await send([toEvent('e1')], { ...ours, arn: 'arn:aws:s3:::nobody-has-it' }, { policy: gone });
    expect(missing).toMatchObject({ ok: false, code: 404, reason: 'the service answered 404: NoSuchBucket' });
  });

  it.each<[string, object, string]>([
    ['no place', {}, '/arn'],
    ['two places', { arn: 'arn:aws:s3:::events', endpoint: 'https://s3.example', bucket: 'events' }, '/arn'],
    ['no bucket', { endpoint: 'https://s3.example', connection: 'own' }, '/bucket'],
    ['no key of its own elsewhere', { endpoint: 'https://s3.example', bucket: 'events' }, '/connection'],
    ['a place on the inside', { endpoint: 'http://169.254.169.254', bucket: 'events', connection: 'own' }, '/endpoint'],
    ['an ARN of something else', { arn: 'arn:aws:sqs:eu-west-1:123456789012:q', region: 'eu-west-1' }, '/arn'],
    ['an ARN without a region', { arn: 'arn:aws:s3:::events', connection: 'own' }, '/region'],
    ['the role of an installation that has none', { arn: 'arn:aws:s3:::events', region: 'eu-west-1' }, '/arn'],
    ['a key that is the same for all', { key: 'all.json' }, '/key'],
    ['a key for one in an object of many', { key: '{id}', batchSize: 2 }, '/key'],
    ['a key with steps', { key: '../{delivery}' }, '/key'],
    ['a key with a brace', { key: '{delivery}/{Type}' }, '/key'],
  ])('is refused with %s', (what, options, place) => {
    const elsewhere = { endpoint: 'https://s3.example', bucket: 'events', connection: 'own' };
    const given = what.startsWith('a key') ? { ...elsewhere, ...options } : options;
    expect(() => s3.check?.(given as S3SinkOptions, { allowPrivateTargets: false })).toThrow(
      expect.objectContaining({ code: 'target_invalid', place }) as Error,
    );
  });

  function deliver(events: readonly ReturnType<typeof toEvent>[], options: object): Promise<readonly AttemptResult[]> {
    return send(events, { endpoint: store.endpoint, connection: 'own', ...options }, { authorize });
  }
});

function toEvent(id: string, more: Record<string, unknown> = {}) {
  return fromJson(JSON.stringify({ specversion: '1.0', id, source: '/shop', type: 'created', data: {}, ...more }));
}

function send(
  events: readonly ReturnType<typeof toEvent>[],
  options: object,
  context: Partial<SinkContext>,
): Promise<readonly AttemptResult[]> {
  const deliveries = events.map((event): Delivery => ({ event, id: `d-${event.attributes.id}`, attempt: 1 }));
  return s3.deliver(deliveries, options as S3SinkOptions, nodeContext(context));
}

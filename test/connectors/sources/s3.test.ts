import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { s3, type S3SourceOptions } from '../../../connectors/sources/s3.ts';
import type { Position, Pulled, PullContext, Source, SourceRecord } from '../../../mesh/connector/source.ts';
import { createGuardedFetch } from '../../../mesh/functions/guarded-fetch.ts';
import { describeSource } from '../../conformance/source.ts';
import { authorize, startStore, type Store } from '../s3/store.ts';

let store: Store;
let bucket = '';
let buckets = 0;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());
beforeEach(() => {
  buckets += 1;
  bucket = `exports-${buckets}`;
  store.createBucket(bucket);
});

const place = (): Partial<S3SourceOptions> => ({ endpoint: store.endpoint, bucket, connection: 'own' });

for (const [order, format] of [
  ['key', 'object'],
  ['key', 'lines'],
  ['modified', 'csv'],
  ['modified', 'json'],
] as const) {
  describeSource(`s3 (${format} by ${order})`, async () => {
    let files = 0;
    return {
      source: s3 as Source,
      options: { ...place(), order, format },
      context: { authorize },
      async add(numbers) {
        if (format === 'object') {
          for (const number of numbers) await store.put(bucket, String(number).padStart(6, '0'), '{}');
          return;
        }
        files += 1;
        const text = {
          lines: numbers.map((number) => `{"n":${number}}\n`).join(''),
          csv: `n\r\n${numbers.map((number) => `"${number}"\r\n`).join('')}`,
          json: JSON.stringify(numbers.map((n) => ({ n }))),
        }[format];
        const body = files % 2 === 0 ? text : gzipSync(text);
        // By time they may come in any order of their keys.
        await store.put(bucket, `${order === 'key' ? 100 + files : 200 - files}`, body);
      },
      numberOf: ({ subject = '', data, dataJson }: SourceRecord) => {
        if (format === 'object') return Number(subject);
        return Number(((data ?? JSON.parse(dataJson ?? '')) as { n: string }).n);
      },
      close: async () => undefined,
    };
  });
}

/** Requests of the last pull. */
let asked: Request[] = [];

async function withSession<Result>(
  options: Partial<S3SourceOptions>,
  work: (
    pull: (position: Position | undefined, limit?: Partial<PullContext<unknown, unknown>['limit']>) => Promise<Pulled>,
  ) => Promise<Result>,
  change: (request: Request) => Promise<Response> = (request) => fetch(request),
): Promise<Result> {
  const session = {};
  return work(async (position, limit = {}) => {
    asked = [];
    const policy = { allowPrivateTargets: true };
    const runtime = {
      fetch: (request: Request) => {
        asked.push(request);
        return change(request);
      },
    };
    const guarded = createGuardedFetch({ runtime, policy });
    const { signal } = new AbortController();
    return (s3 as Source).pull(
      position === undefined ? undefined : (JSON.parse(JSON.stringify(position)) as Position),
      {
        options: { ...place(), ...options },
        session,
        authorize,
        policy,
        signal,
        now: Date.now,
        fetch: (input, init) => guarded(input, init, signal),
        secret: () => Promise.reject(new Error('there are no secrets')),
        phase: 'incremental',
        partition: { index: 0, count: 1 },
        limit: { records: 1_000, bytes: 16_777_216, ...limit },
      },
    );
  });
}

async function drain(
  options: Partial<S3SourceOptions>,
  { limit = {}, from }: { limit?: Partial<PullContext<unknown, unknown>['limit']>; from?: Position } = {},
) {
  return withSession(options, async (pull) => {
    const records: SourceRecord[] = [];
    const poison: unknown[] = [];
    let position = from;
    for (let pulls = 1; ; pulls += 1) {
      const pulled = await pull(position, limit);
      records.push(...pulled.records);
      poison.push(...(pulled.poison ?? []));
      ({ position } = pulled);
      if (pulled.done === true) return { records, poison, position, pulls };
      if (pulls === 300) throw new Error('the source never came to an end');
    }
  });
}

describe('the source s3', () => {
  it('says of an object what the list says', async () => {
    await store.put(bucket, 'in/a&b <é>.txt', 'four');
    await store.put(bucket, 'in/', '');
    await store.put(bucket, 'out/c.txt', 'x');
    const { records } = await drain({ prefix: 'in/' });
    expect(records).toEqual([
      {
        id: 'in/a&b <é>.txt@8cbad96aced40b3838dd9f07f6ef5772',
        subject: 'in/a&b <é>.txt',
        time: expect.stringMatching(/^20\d\d-/) as string,
        data: {
          bucket,
          key: 'in/a&b <é>.txt',
          etag: '8cbad96aced40b3838dd9f07f6ef5772',
          size: 4,
          modified: expect.stringMatching(/^20\d\d-/) as string,
        },
      },
    ]);
  });

  it('goes on in the middle of an object, and repeats no more than a pull', async () => {
    const lines = Array.from({ length: 3_000 }, (_, n) => JSON.stringify({ n, text: 'é'.repeat(n % 700) }));
    for (const [key, body] of [
      ['1', lines.join('\n')],
      ['2', gzipSync(`${lines.join('\r\n')}\r\n`)],
    ] as const) {
      await store.put(bucket, key, body);
    }
    const options: Partial<S3SourceOptions> = { format: 'lines' };
    const { records, pulls } = await drain(options, { limit: { records: 100 } });
    expect(records).toHaveLength(6_000);
    expect(pulls).toBe(61);
    expect(records.slice(0, 3_000).map(({ dataJson }) => dataJson)).toEqual(lines);
    expect(new Set(records.map(({ id }) => id)).size).toBe(6_000);
    // Somebody else goes on in the middle.
    const first = await withSession(options, (pull) => pull(undefined, { records: 2_950 }));
    const second = await withSession(options, (pull) => pull(first.position, { records: 100 }));
    expect(second.records.map(({ id }) => id)).toEqual(records.slice(2_950, 3_050).map(({ id }) => id));
  });

  it('reads an object of many ranges, and no more of it than it was asked for', async () => {
    const line = `{"text":"${'x'.repeat(999)}"}\n`;
    await store.put(bucket, 'large', line.repeat(6_000));
    const { records, pulls } = await drain({ format: 'lines' }, { limit: { records: 5_000, bytes: 2_000_000 } });
    expect([records.length, pulls]).toEqual([6_000, 5]);
  });

  it('gives the very text of a line, and sets aside what is no JSON, too long or no UTF-8', async () => {
    const parts = [
      Buffer.from('\ufeff{"a": 12345678901234567890}\n\n  \nno json\n'),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from(`"${'x'.repeat(1_100_000)}"\n[1,\t2]`),
    ];
    await store.put(bucket, 'k', Buffer.concat(parts));
    const { records, poison } = await drain({ format: 'lines' });
    expect(records.map(({ dataJson }) => dataJson)).toEqual(['{"a": 12345678901234567890}', '[1,\t2]']);
    expect(poison).toMatchObject([
      { record: { key: 'k', row: 'no json' } },
      { record: { key: 'k', offset: 43 }, reason: expect.stringContaining('no UTF-8') as string },
      { record: { key: 'k' }, reason: expect.stringContaining('longer than') as string },
    ]);
  });

  it('reads CSV as RFC 4180 has it', async () => {
    const text = 'id;name;note\r\n1;"Zoë; ""the"" one";"two\r\nlines"\r\n2;;\r\n3;a\r\n4;b"c;d\r\n"5";"";"e"';
    await store.put(bucket, 'k', text);
    const options: Partial<S3SourceOptions> = { format: 'csv', delimiter: ';', id: 'id', type: '"row." & name' };
    for (const records of [100, 1]) {
      const found = await drain(options, { limit: { records } });
      expect(found.records.map(({ id, data }) => [id, data])).toEqual([
        ['1', { id: '1', name: 'Zoë; "the" one', note: 'two\r\nlines' }],
        ['2', { id: '2', name: '', note: '' }],
        ['5', { id: '5', name: '', note: 'e' }],
      ]);
      expect(found.records[0]).toMatchObject({ type: 'row.Zoë; "the" one', subject: 'k' });
      expect(found.poison).toMatchObject([
        { record: { row: '3;a' }, reason: 'the row has 2 fields, and the head 3' },
        { record: { row: '4;b"c;d' }, reason: 'the quotes of the row are wrong' },
      ]);
    }
  });

  it.each([
    ['twice', 'a,a\n1,2\n'],
    ['without a name', 'a,\n1,2\n'],
    ['with wrong quotes', 'a,b"\n1,2\n'],
  ])('sets aside a CSV whose head names a column %s, and goes on', async (_, text) => {
    await store.put(bucket, '1', text);
    await store.put(bucket, '2', 'a\n1\n');
    const { records, poison } = await drain({ format: 'csv' });
    expect(records.map(({ data }) => data)).toEqual([{ a: '1' }]);
    expect(poison).toMatchObject([{ record: { key: '1' }, reason: expect.stringContaining('the head') as string }]);
  });

  it('picks records out of JSON, a part at a time', async () => {
    const items = Array.from({ length: 25 }, (_, n) => ({ n }));
    await store.put(bucket, '1', gzipSync(JSON.stringify({ page: { items } })));
    await store.put(bucket, '2', '{"page":');
    await store.put(bucket, '3', JSON.stringify({ page: { items: { n: 25 } } }));
    const options: Partial<S3SourceOptions> = { format: 'json', records: 'page.items', data: '{ "number": n }' };
    const { records, poison } = await drain(options, { limit: { records: 10 } });
    expect(records.map(({ data }) => data)).toEqual(Array.from({ length: 26 }, (_, number) => ({ number })));
    expect(poison).toMatchObject([{ record: { key: '2' } }]);
    expect(new Set(records.map(({ id }) => id)).size).toBe(26);
  });

  it('reads an object anew that was replaced, also while it is read', async () => {
    for (const order of ['key', 'modified'] as const) {
      const options: Partial<S3SourceOptions> = { format: 'lines', order, prefix: `${order}/` };
      await store.put(bucket, `${order}/k`, '1\n2\n3\n');
      const first = await withSession(options, (pull) => pull(undefined, { records: 2 }));
      expect(first.records.map(({ dataJson }) => dataJson)).toEqual(['1', '2']);
      await store.put(bucket, `${order}/k`, '4\n5\n');
      const { records, position } = await drain(options, { from: first.position });
      expect(records.map(({ dataJson }) => dataJson)).toEqual(['4', '5']);
      await store.put(bucket, `${order}/l`, '6\n');
      const later = await drain(options, { from: position });
      expect(later.records.map(({ dataJson }) => dataJson)).toEqual(['6']);
    }
  });

  it('sees what is added before the last key only where it goes by time', async () => {
    for (const [order, seen] of [
      ['key', []],
      ['modified', ['modified/early']],
    ] as const) {
      const options: Partial<S3SourceOptions> = { order, prefix: `${order}/` };
      await store.put(bucket, `${order}/late`, 'x');
      const { position } = await drain(options);
      await store.put(bucket, `${order}/early`, 'x');
      const { records } = await drain(options, { from: position });
      expect(records.map(({ subject }) => subject)).toEqual(seen);
    }
  });

  it('keeps a position small, however many objects there were', async () => {
    const fetch = listOf(Array.from({ length: 9_000 }, (_, n) => ({ key: `k${n}`, seconds: n % 3_000 })));
    const options: Partial<S3SourceOptions> = { order: 'modified', overlapSeconds: 86_400 };
    await withSession(
      options,
      async (pull) => {
        const seen = new Set<string | undefined>();
        let position: Position | undefined;
        for (let pulls = 0; pulls < 20; pulls += 1) {
          const pulled = await pull(position);
          for (const { subject } of pulled.records) seen.add(subject);
          ({ position } = pulled);
          expect(JSON.stringify(position).length).toBeLessThan(45_000);
          if (pulled.done === true) break;
        }
        expect(seen.size).toBe(9_000);
        expect(await pull(position)).toMatchObject({ records: [], done: true });
      },
      fetch,
    );
  });

  it('says that there are too many objects to list them all', async () => {
    const endless = async (): Promise<Response> =>
      new Response(
        '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>',
      );
    const pulling = withSession({ order: 'modified' }, (pull) => pull(undefined), endless);
    await expect(pulling).rejects.toMatchObject({ code: 'too_large' });
  });

  it.each([
    ['a part of what is no gzip', gzipSync('{"a":1}\n'.repeat(50_000)).subarray(0, 100), 'damaged'],
    ['the start of a gzip', Buffer.from([0x1f, 0x8b, 1, 2, 3]), 'damaged'],
  ])('sets %s aside, and goes on', async (_, bytes, reason) => {
    await store.put(bucket, '1', bytes);
    await store.put(bucket, '2', '{}\n');
    const { records, poison } = await drain({ format: 'lines' });
    expect(records.map(({ subject }) => subject).at(-1)).toBe('2');
    expect(poison).toMatchObject([{ record: { key: '1' }, reason: expect.stringContaining(reason) as string }]);
  });

  it('passes over a row that a whole pull does not get through', async () => {
    await store.put(bucket, '1', 'x');
    await store.put(bucket, '2', '{}\n');
    // As if it had 100 MB without a line break.
    const huge = async (request: Request): Promise<Response> => {
      const response = await fetch(request);
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get('range') ?? '');
      if (range !== null && request.url.endsWith('/1')) {
        return new Response(new Uint8Array(Number(range[2]) - Number(range[1]) + 1).fill(0x78), { status: 206 });
      }
      return new Response((await response.text()).replace('<Size>1</Size>', '<Size>100000000</Size>'), response);
    };
    await withSession(
      { format: 'lines' },
      async (pull) => {
        const first = await pull(undefined);
        const second = await pull(first.position);
        expect(second.poison).toMatchObject([{ record: { key: '1', offset: 0 } }]);
        const third = second.done === true ? second : await pull(second.position);
        expect([...second.records, ...third.records].map(({ subject }) => subject)).toContain('2');
      },
      huge,
    );
  });

  it('is left alone for as long as the service asks, and fails with what it says', async () => {
    const slow = async (): Promise<Response> =>
      new Response('<Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>', {
        status: 503,
        headers: { 'retry-after': '7' },
      });
    await expect(withSession({}, (pull) => pull(undefined), slow)).rejects.toMatchObject({
      message: 'the service answered 503: SlowDown Reduce your rate',
      retryAfter: 7,
    });
    const web = async (): Promise<Response> => new Response('<html>');
    await expect(withSession({}, (pull) => pull(undefined), web)).rejects.toThrow('no list');
  });

  it('sends its access key nowhere but to the service', async () => {
    await store.put(bucket, 'k', '{}\n');
    await drain({ format: 'lines' });
    expect(asked.length).toBeGreaterThan(0);
    for (const request of asked) {
      expect(request.url.startsWith(`${store.endpoint}/${bucket}/`)).toBe(true);
      expect(request.headers.get('authorization')).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIATENANT\//);
    }
    const moved = async (): Promise<Response> =>
      new Response(null, { status: 301, headers: { location: 'https://elsewhere.example/' } });
    await expect(withSession({}, (pull) => pull(undefined), moved)).rejects.toThrow('301');
    expect(asked).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ['records of what is no JSON', { format: 'csv', records: 'items' }, '/records'],
    ['a delimiter of what is no CSV', { delimiter: ';' }, '/delimiter'],
    ['an id that is no JSONata', { id: '((' }, '/id'],
    ['no key for another service', { connection: undefined }, '/connection'],
  ])('is refused with %s', (_, options, where) => {
    const given = { endpoint: 'https://s3.example', bucket: 'exports', connection: 'own', ...options };
    expect(() => s3.check?.(given as S3SourceOptions, { allowPrivateTargets: false })).toThrow(
      expect.objectContaining({ place: where }) as Error,
    );
  });
});

/** A service with these objects, a thousand in an answer. */
function listOf(objects: readonly { readonly key: string; readonly seconds: number }[]) {
  return async (request: Request): Promise<Response> => {
    const from = Number(new URL(request.url).searchParams.get('continuation-token') ?? 0);
    const entries = objects.slice(from, from + 1_000).map(({ key, seconds }) => {
      const modified = new Date(1_700_000_000_000 + seconds * 1_000).toISOString();
      return `<Contents><Key>${key}</Key><LastModified>${modified}</LastModified><ETag>"e"</ETag><Size>1</Size></Contents>`;
    });
    const more = from + 1_000 < objects.length;
    const token = more ? `<NextContinuationToken>${from + 1_000}</NextContinuationToken>` : '';
    return new Response(
      `<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${entries.join('')}</ListBucketResult>`,
    );
  };
}

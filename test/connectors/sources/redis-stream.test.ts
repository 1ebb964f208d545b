import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisStream } from '../../../connectors/sources/redis-stream.ts';
import type { Position, Pulled, Source } from '../../../mesh/connector/source.ts';
import { contextOf, describeDriverSource, pullOnce } from '../../conformance/driver-source.ts';

const url = process.env['TULLE_TEST_REDIS_URL'] ?? '';
if (url === '') {
  console.log('The source redis-stream: skipped, TULLE_TEST_REDIS_URL names no server (npm run test:connectors).');
}

let streams = 0;

describe.skipIf(url === '')('with a Redis server', () => {
  const port = Number(new URL(url || 'redis://127.0.0.1:1').port);
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(url);
  });
  afterAll(() => redis.disconnect());

  function nextStream(): string {
    streams += 1;
    return `tulle-source-${process.pid}-${streams}`;
  }

  const addressFor = (at: number, password?: string): string =>
    password === undefined ? `redis://127.0.0.1:${at}` : `redis://user:${password}@127.0.0.1:${at}`;

  describeDriverSource('redis-stream', async () => {
    const stream = nextStream();
    return {
      source: redisStream as Source,
      options: { stream },
      port,
      addressFor,
      numberOf: ({ dataJson = '' }) => (JSON.parse(dataJson) as { number: number }).number,
      add: async (numbers) => {
        for (const number of numbers) await redis.xadd(stream, '*', 'data', JSON.stringify({ number }));
      },
      close: async () => void (await redis.del(stream)),
    };
  });

  function pull(stream: string, position?: Position, more: object = {}, records = 100): Promise<Pulled> {
    return pullOnce(redisStream as Source, contextOf({ stream, ...more }, url), { position, records });
  }

  it('reads events, payloads and fields', async () => {
    const stream = nextStream();
    await redis.xadd(stream, '1-1', 'specversion', '1.0', 'id', 'a', 'source', '/s', 'type', 't', 'data', '{"n":1}',
      'datacontenttype', 'application/json', 'region', 'eu'); // prettier-ignore
    await redis.xadd(stream, '1-2', 'data', '{"n":2}');
    await redis.xadd(stream, '1-3', 'data', 'no {json', 'datacontenttype', 'garbage');
    await redis.xadd(stream, '1-4', 'data', Buffer.from([0xff, 0x00, 0x80]));
    await redis.xadd(stream, '1-5', 'amount', '12', '__proto__', 'x', 'tag', 'a', 'tag', 'b');
    await redis.xadd(stream, '1-6', 'picture', Buffer.from([0xff]), 'name', 'Zoë');
    await redis.xadd(stream, '1700000000000-0', 'data', '');
    const structured = '{"specversion":"1.0","id":"b","source":"/s","type":"t","data":[1]}';
    await redis.xadd(stream, '*', 'datacontenttype', 'application/cloudevents+json', 'data', structured);
    const { records, poison } = await pull(stream);
    expect(poison).toEqual([]);
    expect(records).toEqual([
      { id: 'a', source: '/s', type: 't', region: 'eu', datacontenttype: 'application/json', dataJson: '{"n":1}' },
      { id: `${stream}:1-2`, subject: stream, dataJson: '{"n":2}' },
      { id: `${stream}:1-3`, subject: stream, datacontenttype: 'text/plain', dataJson: '"no {json"' },
      { id: `${stream}:1-4`, subject: stream, datacontenttype: 'application/octet-stream', data_base64: '/wCA' },
      expect.objectContaining({ dataJson: '{"amount":"12","__proto__":"x","tag":["a","b"]}' }),
      expect.objectContaining({ dataJson: '{"picture":{"base64":"/w=="},"name":"Zoë"}' }),
      { id: `${stream}:1700000000000-0`, subject: stream, time: '2023-11-14T22:13:20.000Z' },
      { id: 'b', source: '/s', type: 't', dataJson: '[1]' },
    ]);
    await redis.del(stream);
  });

  it('sets aside what says that it is an event or JSON and is not, and what is too large', async () => {
    const stream = nextStream();
    await redis.xadd(stream, '1-1', 'specversion', '0.3', 'id', 'a', 'source', '/s', 'type', 't');
    await redis.xadd(stream, '1-2', 'data', '{', 'datacontenttype', 'application/json');
    await redis.xadd(stream, '1-3', 'data', 'x'.repeat(1_100_000));
    await redis.xadd(stream, '1-4', 'data', '1');
    const { records, poison, position } = await pull(stream);
    expect(records.map(({ id }) => id)).toEqual([`${stream}:1-4`]);
    expect(poison?.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('specversion'),
      expect.stringContaining('JSON'),
      'The message is larger than 1 MiB',
    ]);
    expect(JSON.stringify(poison).length).toBeLessThan(20_000);
    expect(position).toMatchObject({ after: '1-4' });
    await redis.del(stream);
  });

  it('tells how many entries were trimmed before they were pulled, and goes on behind them', async () => {
    const stream = nextStream();
    for (let n = 1; n <= 10; n += 1) await redis.xadd(stream, `${n}-0`, 'data', String(n));
    const first = await pull(stream, undefined, {}, 4);
    expect(first).toMatchObject({ position: { after: '4-0', count: 4 }, lag: { records: 6 }, done: false });
    // What was pulled already may go.
    await redis.xtrim(stream, 'MAXLEN', 7);
    const second = await pull(stream, first.position, {}, 1);
    expect(second).toMatchObject({ position: { after: '5-0', count: 5 }, poison: [] });
    await redis.xtrim(stream, 'MAXLEN', 2);
    const third = await pull(stream, second.position);
    expect(third.records.map(({ id }) => id)).toEqual([`${stream}:9-0`, `${stream}:10-0`]);
    expect(third).toMatchObject({
      position: { after: '10-0', count: 10 },
      poison: [{ record: { after: '5-0', first: '9-0', lost: 3 }, reason: expect.stringContaining('3 entries') }],
      lag: { records: 0 },
    });
    await redis.del(stream);
  });

  it('does not mistake deleted entries for a gap once it is at the end', async () => {
    const stream = nextStream();
    for (let n = 1; n <= 6; n += 1) await redis.xadd(stream, `${n}-0`, 'data', String(n));
    await redis.xdel(stream, '3-0');
    const first = await pull(stream);
    expect(first).toMatchObject({ position: { after: '6-0', count: 6 }, poison: [] });
    await redis.xadd(stream, '7-0', 'data', '7');
    await redis.xdel(stream, '5-0');
    expect(await pull(stream, first.position)).toMatchObject({ poison: [], position: { after: '7-0', count: 7 } });
    await redis.del(stream);
  });

  it('begins with what is new where it was asked to', async () => {
    const stream = nextStream();
    const from = { from: 'end' };
    expect(await pull(stream, undefined, from)).toMatchObject({ records: [], position: { after: '0-0' } });
    await redis.xadd(stream, '5-0', 'data', '5');
    const { position, records, done } = await pull(stream, undefined, from);
    expect({ position, records, done }).toEqual({ position: { after: '5-0', count: 1 }, records: [], done: true });
    await redis.xadd(stream, '6-0', 'data', '6');
    expect((await pull(stream, position, from)).records.map(({ id }) => id)).toEqual([`${stream}:6-0`]);
    await redis.del(stream);
  });

  it('fails where the stream is another, until it has more than the position', async () => {
    const stream = nextStream();
    await redis.xadd(stream, '100-0', 'data', '1');
    const { position } = await pull(stream);
    await redis.del(stream);
    expect(await pull(stream, position)).toMatchObject({ records: [], done: true });
    await redis.xadd(stream, '5-0', 'data', '1');
    await expect(pull(stream, position)).rejects.toThrow('begun anew');
    await redis.xadd(stream, '101-0', 'data', '2');
    expect((await pull(stream, position)).records).toHaveLength(1);
    await redis.del(stream);
  });

  it('says that the key is no stream', async () => {
    const stream = nextStream();
    await redis.set(stream, 'text');
    await expect(pull(stream)).rejects.toThrow('WRONGTYPE');
    await redis.del(stream);
  });

  it('gives no more at once than it may hold', async () => {
    const stream = nextStream();
    for (let n = 0; n < 80; n += 1) await redis.xadd(stream, '*', 'data', 'x'.repeat(500_000));
    const { records, done } = await pull(stream, undefined, {}, 1_000);
    expect(records.length).toBeGreaterThanOrEqual(32);
    expect(records.length).toBeLessThan(40);
    expect(done).toBe(false);
    await redis.del(stream);
  });
});

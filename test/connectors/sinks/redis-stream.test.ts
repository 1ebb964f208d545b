import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSockets } from '../../../adapters/node/sockets.ts';
import { createRedisStreamSink, type RedisStreamOptions } from '../../../connectors/sinks/redis-stream.ts';
import { redisStream } from '../../../connectors/sources/redis-stream.ts';
import { fromObject } from '../../../event/create.ts';
import type { Source } from '../../../mesh/connector/source.ts';
import type { AttemptResult, Sink } from '../../../mesh/sink.ts';
import { contextOf, pullOnce } from '../../conformance/driver-source.ts';
import { describeSink, type Item } from '../../conformance/sink.ts';
import { nodeContext } from './context.ts';

const url = process.env['TULLE_TEST_REDIS_URL'] ?? '';
if (url === '') {
  console.log('The sink redis-stream: skipped, TULLE_TEST_REDIS_URL names no server (npm run test:connectors).');
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
    return `tulle-sink-${process.pid}-${streams}`;
  }

  describeSink('redis-stream', async () => {
    const stream = nextStream();
    const user = `u${stream}`;
    await redis.call('ACL', 'SETUSER', user, 'on', '>right-hunter2-right', '~*', '+@all');
    return {
      sink: createRedisStreamSink() as Sink,
      port,
      optionsFor: () => ({ secret: 'address', stream }),
      secretsFor: (at) => ({ address: `redis://${user}:right-hunter2-right@127.0.0.1:${at}` }),
      wrongSecretsFor: (at, password) => ({ address: `redis://${user}:${password}@127.0.0.1:${at}` }),
      idempotent: false,
      async arrived() {
        const entries = await redis.xrange(stream, '-', '+');
        return entries.map(([, fields]) => JSON.parse(fields[fields.indexOf('data') + 1] ?? '') as Item);
      },
      async close() {
        await redis.del(stream);
        await redis.call('ACL', 'DELUSER', user);
      },
    };
  });

  const events = [
    { specversion: '1.0', id: '1', source: '/s', type: 't', datacontenttype: 'application/json', data: { a: [1] } },
    { specversion: '1.0', id: '2', source: '/s', type: 't', subject: 'Zoë', datacontenttype: 'text/plain', data: 'hi' },
    { specversion: '1.0', id: '3', source: '/s', type: 't', datacontenttype: 'image/png', data_base64: 'AP+A' },
    { specversion: '1.0', id: '4', source: '/s', type: 't' },
  ];

  async function deliver(options: Omit<RedisStreamOptions, 'secret'>): Promise<readonly AttemptResult[]> {
    const sink = createRedisStreamSink();
    try {
      return await sink.deliver(
        events.map((event, index) => ({ event: fromObject(event), id: `msg_${index}`, attempt: 1 })),
        { secret: 'address', ...options },
        nodeContext({ secrets: { get: async () => url }, sockets: createSockets({ allowPrivateTargets: true }) }),
      );
    } finally {
      await sink.close?.();
    }
  }

  it.each(['binary', 'structured'] as const)('writes what the source reads, in %s mode', async (content) => {
    const stream = nextStream();
    expect((await deliver({ stream, content })).every(({ ok }) => ok)).toBe(true);
    const { records, poison } = await pullOnce(redisStream as Source, contextOf({ stream }, url));
    expect(poison).toEqual([]);
    const read = records.map(({ dataJson, ...record }) => ({
      ...record,
      ...(dataJson === undefined ? {} : { data: JSON.parse(dataJson) as unknown }),
    }));
    expect(read).toEqual(events.map(({ specversion: _specversion, ...event }) => event));
    await redis.del(stream);
  });

  it('writes the payload alone', async () => {
    const stream = nextStream();
    await deliver({ stream, content: 'raw' });
    const entries = await redis.xrange(stream, '-', '+');
    expect(entries.map(([, fields]) => fields).slice(0, 2)).toEqual([
      ['datacontenttype', 'application/json', 'data', '{"a":[1]}'],
      ['datacontenttype', 'text/plain', 'data', 'hi'],
    ]);
    await redis.del(stream);
  });

  it('trims the stream', async () => {
    const stream = nextStream();
    for (let batch = 0; batch < 60; batch += 1) await deliver({ stream, maxLength: 10 });
    expect(await redis.xlen(stream)).toBeLessThan(150);
    await redis.del(stream);
  });

  it('tells what will never be taken from what may be taken later', async () => {
    const stream = nextStream();
    await redis.set(stream, 'text');
    const [wrongType] = await deliver({ stream });
    expect(wrongType).toMatchObject({
      ok: false,
      failure: 'response',
      code: 422,
      reason: expect.stringContaining('WRONGTYPE'),
    });
    await redis.del(stream);
    await redis.config('SET', 'maxmemory', '1mb');
    try {
      const [full] = await deliver({ stream });
      expect(full).toMatchObject({ ok: false, failure: 'response', code: 503, reason: expect.stringContaining('OOM') });
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
  });
});

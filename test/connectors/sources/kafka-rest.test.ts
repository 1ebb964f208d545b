import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaRest, type KafkaRestSourceOptions } from '../../../connectors/sources/kafka-rest.ts';
import { kafkaRest as sink, type KafkaRestOptions } from '../../../connectors/sinks/kafka-rest.ts';
import { fromObject } from '../../../event/create.ts';
import type { Position, Pulled, Source } from '../../../mesh/connector/source.ts';
import type { AttemptResult, Sink } from '../../../mesh/sink.ts';
import { describeSink, type Item } from '../../conformance/sink.ts';
import { describeSource } from '../../conformance/source.ts';
import { createKafkaTools, kafkaUrl, pullKafka, saySkipped } from '../kafka.ts';
import { startKafkaRestProxy } from '../kafka-rest-proxy.ts';
import { nodeContext } from '../sinks/context.ts';

saySkipped('The source and the sink kafka-rest');

describe.skipIf(kafkaUrl === '')('with a REST proxy before a Kafka server', { timeout: 60_000 }, () => {
  let tools: ReturnType<typeof createKafkaTools>;
  let proxy: Awaited<ReturnType<typeof startKafkaRestProxy>>;
  beforeAll(async () => {
    tools = createKafkaTools(kafkaUrl);
    proxy = await startKafkaRestProxy(kafkaUrl, tools.producer);
  });
  afterAll(async () => {
    await proxy.stop();
    await tools.close();
  });

  describeSource('kafka-rest', async () => {
    const topic = await tools.createTopic(3);
    return {
      source: kafkaRest as Source,
      options: { url: proxy.url, topic },
      numberOf: ({ dataJson = '' }) => (JSON.parse(dataJson) as { number: number }).number,
      add: (numbers) =>
        tools.write(
          topic,
          numbers.map((number) => ({ key: String(number), value: JSON.stringify({ number }) })),
        ),
      close: async () => undefined,
    };
  });

  describeSink('kafka-rest', async () => {
    const topic = await tools.createTopic(2);
    const { port } = new URL(proxy.url);
    return {
      sink: sink as Sink,
      port: Number(port),
      optionsFor: (other) => ({ url: `http://127.0.0.1:${other}`, topic, content: 'raw' }),
      idempotent: false,
      arrived: async () => (await tools.read(topic)).map(({ value }) => JSON.parse(String(value)) as Item),
      close: async () => undefined,
    };
  });

  async function pull(
    options: Omit<KafkaRestSourceOptions, 'url'>,
    position?: Position,
    partition = { index: 0, count: 1 },
  ): Promise<Pulled> {
    return kafkaRest.pull(position, {
      options: { url: proxy.url, ...options },
      fetch,
      authorize: () => Promise.reject(new Error('none')),
      secret: () => Promise.reject(new Error('none')),
      policy: { allowPrivateTargets: true },
      signal: new AbortController().signal,
      now: Date.now,
      session: undefined,
      phase: 'incremental',
      partition,
      limit: { records: 100, bytes: 1e7 },
    });
  }

  async function deliver(event: object, options: Omit<KafkaRestOptions, 'url'>): Promise<readonly AttemptResult[]> {
    const delivery = {
      event: fromObject({ specversion: '1.0', id: 'e0', source: '/shop', type: 'order.paid', ...event }),
      id: 'msg_0',
      attempt: 1,
    };
    return sink.deliver([delivery], { url: proxy.url, ...options }, nodeContext());
  }

  it('leaves no consumer behind, also where it fails', async () => {
    const topic = await tools.createTopic();
    await tools.write(topic, [{ key: 'k', value: 'a' }, { key: 'gone' }]);
    const { records } = await pull({ topic });
    expect(records).toMatchObject([
      { id: `${topic}:0:0`, partitionkey: 'k', dataJson: '"a"' },
      { id: `${topic}:0:1`, tombstone: true },
    ]);
    await expect(pull({ topic: 'nobody-made-it' })).rejects.toThrow(/the proxy answered 404/);
    expect(proxy.instances.size).toBe(0);
  });

  it('divides the partitions, begins with what is new where it is told to, and tells of gaps', async () => {
    const topic = await tools.createTopic(2);
    await tools.write(
      topic,
      Array.from({ length: 20 }, (_, index) => ({ partition: index % 2, value: String(index) })),
    );
    const half = await pull({ topic }, undefined, { index: 1, count: 2 });
    expect(half.records).toHaveLength(10);
    expect(half.position).toEqual({ offsets: { 1: 10 } });
    const fresh = await pull({ topic, from: 'latest' });
    expect(fresh).toMatchObject({ records: [], position: { offsets: { 0: 10, 1: 10 } }, done: true });
    await tools.admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 6n }] }] });
    const after = await pull({ topic }, { offsets: { 0: 2, 1: 10 } });
    expect(after.records).toHaveLength(4);
    expect(after.poison).toMatchObject([{ reason: expect.stringContaining('from offset 2 to 5') }]);
    const beyond = await pull({ topic }, { offsets: { 0: 10, 1: 99 } });
    expect(beyond.records).toHaveLength(10);
    expect(beyond.poison).toMatchObject([{ reason: expect.stringContaining('does not go up to offset 99') }]);
  });

  it('writes what the sources read: structured by v2, binary by v3', async () => {
    const event = { subject: 'é', datacontenttype: 'application/json', partitionkey: 'k', data: { n: 1 } };
    const expected = { id: 'e0', source: '/shop', subject: 'é', partitionkey: 'k', dataJson: '{"n":1}' };
    const topic = await tools.createTopic();
    expect(await deliver(event, { topic })).toMatchObject([{ ok: true }]);
    expect((await pull({ topic, events: true })).records).toMatchObject([expected]);
    const other = await tools.createTopic();
    expect(await deliver(event, { topic: other, cluster: 'one' })).toMatchObject([{ ok: true }]);
    expect((await pullKafka(kafkaUrl, { topic: other })).records).toMatchObject([expected]);
  });

  it('tells a record that is refused for good from one that may be sent again, in an answer with 200', async () => {
    const answers = [
      { offsets: [{ partition: null, offset: null, error_code: 1, error: 'too large' }] },
      { offsets: [{ partition: null, offset: null, error_code: 2, error: 'no leader' }] },
      { error_code: 40403, message: 'no such topic' },
    ];
    const codes = [];
    for (const answer of answers) {
      const { runtime } = nodeContext();
      const context = nodeContext({ runtime: { ...runtime, fetch: async () => Response.json(answer) } });
      const event = fromObject({ specversion: '1.0', id: '1', source: '/x', type: 'x' });
      const options = { url: 'https://proxy.example', topic: 'orders' };
      const [result] = await sink.deliver([{ event, id: 'msg_1', attempt: 1 }], options, context);
      codes.push(result?.ok === false ? result.code : 200);
    }
    expect(codes).toEqual([422, 503, 404]);
  });
});

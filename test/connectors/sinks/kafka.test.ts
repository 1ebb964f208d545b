import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSockets } from '../../../adapters/node/sockets.ts';
import { createKafkaSink, type KafkaOptions } from '../../../connectors/sinks/kafka.ts';
import { fromObject } from '../../../event/create.ts';
import type { AttemptResult, Sink } from '../../../mesh/sink.ts';
import { describeSink, type Item } from '../../conformance/sink.ts';
import { createKafkaTools, kafkaUrl, pullKafka, saySkipped, startAdvertiser } from '../kafka.ts';
import { nodeContext } from './context.ts';

saySkipped('The sink kafka');

describe.skipIf(kafkaUrl === '')('with a Kafka server', { timeout: 60_000 }, () => {
  let tools: ReturnType<typeof createKafkaTools>;
  let sink: Sink<KafkaOptions>;
  beforeAll(() => {
    tools = createKafkaTools(kafkaUrl);
    sink = createKafkaSink();
  });
  afterAll(async () => {
    await sink.close?.();
    await tools.close();
  });

  describeSink('kafka', async () => {
    const topic = await tools.createTopic(3);
    const broker = await startAdvertiser(Number(new URL(kafkaUrl).port));
    return {
      sink: createKafkaSink() as Sink,
      port: broker.port,
      optionsFor(port) {
        broker.advertise(port);
        return { secret: 'url', topic };
      },
      secretsFor: (port) => ({ url: `kafka://127.0.0.1:${port}` }),
      idempotent: false,
      arrived: async () => (await tools.read(topic)).map(({ value }) => JSON.parse(String(value)) as Item),
      broken: { number: 2, text: 'x'.repeat(1_100_000) },
      async close() {
        broker.stop();
      },
    };
  });

  async function deliver(
    events: readonly object[],
    options: Omit<KafkaOptions, 'secret'>,
  ): Promise<readonly AttemptResult[]> {
    const deliveries = events.map((event, index) => ({
      event: fromObject({ specversion: '1.0', id: `e${index}`, source: '/shop', type: 'order.paid', ...event }),
      id: `msg_${index}`,
      attempt: 1,
    }));
    const context = nodeContext({
      secrets: { get: async () => kafkaUrl },
      sockets: createSockets({ allowPrivateTargets: true }),
    });
    return sink.deliver(deliveries, { secret: 'url', ...options }, context);
  }

  it('keeps what has the same key in one partition, where other clients look for it', async () => {
    const topic = await tools.createTopic(4);
    const events = Array.from({ length: 12 }, (_, index) => ({ partitionkey: `k${index % 4}`, data: { index } }));
    expect((await deliver(events, { topic })).every(({ ok }) => ok)).toBe(true);
    const places = Map.groupBy(await tools.read(topic), ({ key = '' }) => key);
    expect([...places.keys()].sort()).toEqual(['k0', 'k1', 'k2', 'k3']);
    for (const records of places.values()) expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
    // murmur2("k1") of Java's client, of 4 partitions.
    await tools.producer.send({ acks: -1, messages: [{ topic, key: Buffer.from('k1'), value: Buffer.from('{}') }] });
    const again = (await tools.read(topic)).filter(({ key }) => key === 'k1');
    expect(new Set(again.map(({ partition }) => partition)).size).toBe(1);
  });

  it('writes what the source reads, in either mode', async () => {
    for (const content of ['binary', 'structured'] as const) {
      const topic = await tools.createTopic();
      const event = { subject: 'é', datacontenttype: 'application/json', partitionkey: 'k', data: { n: 1 } };
      await deliver([event, { id: 'none' }], { topic, content, compression: 'gzip' });
      const { records } = await pullKafka(kafkaUrl, { topic });
      expect(records).toMatchObject([
        { id: 'e0', source: '/shop', subject: 'é', partitionkey: 'k', dataJson: '{"n":1}' },
        { id: 'none', source: '/shop' },
      ]);
      expect(records[1]).not.toHaveProperty('dataJson');
    }
  });

  it('writes the data alone, and no value where there is none', async () => {
    const topic = await tools.createTopic();
    await deliver([{ partitionkey: 'k', data: { n: 1 } }, { partitionkey: 'k' }], { topic, content: 'raw' });
    const records = await tools.read(topic);
    expect(records.map(({ value }) => value && String(value))).toEqual(['{"n":1}', null]);
  });

  it('sends each event to the topic that its attributes name; one that is not there fails alone', async () => {
    const topic = await tools.createTopic();
    const events = [{ type: topic.slice(2) }, { type: 'not/there' }];
    const results = await deliver(events, { topic: 't-{type}' });
    expect(results).toMatchObject([{ ok: true }, { ok: false, failure: 'response', code: 404 }]);
  });
});

import { connectAsync, type IPublishPacket, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSockets } from '../../../adapters/node/sockets.ts';
import { createMqttSink, type MqttOptions } from '../../../connectors/sinks/mqtt.ts';
import { fromObject, toObject } from '../../../event/create.ts';
import { fromMessage, mqttBinding } from '../../../event/message.ts';
import type { AttemptResult, Sink } from '../../../mesh/sink.ts';
import { describeSink, type Item } from '../../conformance/sink.ts';
import { nodeContext } from './context.ts';

const url = process.env['TULLE_TEST_MQTT_URL'] ?? '';
if (url === '') console.log('The sink mqtt: skipped, TULLE_TEST_MQTT_URL names no server (npm run test:connectors).');

let topics = 0;

describe.skipIf(url === '')('with an MQTT broker', () => {
  const port = Number(new URL(url || 'mqtt://127.0.0.1:1').port);
  let subscriber: MqttClient;
  const arrived: IPublishPacket[] = [];
  beforeAll(async () => {
    subscriber = await connectAsync(url, { protocolVersion: 5 });
    subscriber.on('message', (_topic, _payload, packet) => arrived.push(packet));
    await subscriber.subscribeAsync(`sink/${process.pid}/#`, { qos: 1 });
  });
  afterAll(() => subscriber.endAsync());

  function nextTopic(): string {
    topics += 1;
    return `sink/${process.pid}/${topics}`;
  }

  const below = (topic: string): IPublishPacket[] => arrived.filter((packet) => packet.topic.startsWith(`${topic}/`));

  describe.each(['5', '3.1.1'] as const)('that speaks MQTT %s', (version) => {
    describeSink(`mqtt ${version}`, async () => {
      const topic = nextTopic();
      return {
        sink: createMqttSink() as Sink,
        port,
        optionsFor: () => ({ secret: 'address', topic: `${topic}/{type}`, version, content: 'raw' }),
        secretsFor: (at) => ({ address: `mqtt://127.0.0.1:${at}` }),
        idempotent: false,
        arrived: async () => below(topic).map(({ payload }) => JSON.parse(String(payload)) as Item),
        close: async () => undefined,
      };
    });
  });

  const events = [
    { specversion: '1.0', id: '1', source: '/s', type: 't/a', datacontenttype: 'application/json', data: { a: [1] } },
    {
      specversion: '1.0',
      id: '2',
      source: '/s',
      type: '+/#',
      subject: 'Zoë',
      datacontenttype: 'text/plain',
      data: 'hi',
    },
    { specversion: '1.0', id: '3', source: '/s', type: '//', datacontenttype: 'image/png', data_base64: 'AP+A' },
    { specversion: '1.0', id: '4', source: '/s', type: 't' },
  ];

  async function deliver(
    options: Omit<MqttOptions, 'secret'>,
    these: readonly object[] = events,
  ): Promise<readonly AttemptResult[]> {
    const sink = createMqttSink();
    try {
      return await sink.deliver(
        these.map((event, index) => ({ event: fromObject(event), id: `msg_${index}`, attempt: 1 })),
        { secret: 'address', ...options },
        nodeContext({ secrets: { get: async () => url }, sockets: createSockets({ allowPrivateTargets: true }) }),
      );
    } finally {
      await sink.close?.();
    }
  }

  it.each([
    ['binary', '5'],
    ['structured', '5'],
    ['structured', '3.1.1'],
  ] as const)('writes events in %s mode with MQTT %s', async (content, version) => {
    const topic = nextTopic();
    expect((await deliver({ topic: `${topic}/{type}`, content, version })).filter(({ ok }) => !ok)).toEqual([]);
    await expect.poll(() => below(topic).length).toBe(events.length);
    const read = below(topic).map(({ payload, properties }) => {
      const event = fromMessage(mqttBinding, {
        contentType: version === '5' ? properties?.contentType : 'application/cloudevents+json',
        properties: Object.entries(properties?.userProperties ?? {}),
        body: payload as Buffer,
      });
      return event === undefined ? undefined : { ...toObject(event) };
    });
    expect(read).toEqual(events);
    expect(below(topic).map((packet) => packet.topic.slice(topic.length))).toEqual(['/t/a', '/_/_', '/_/_/_', '/t']);
  });

  it('keeps attributes in their level where they are not at the end', async () => {
    const topic = nextTopic();
    await deliver({ topic: `${topic}/{type}/{none}/x` });
    await expect.poll(() => below(topic).length).toBe(events.length);
    const levels = below(topic).map((packet) => packet.topic.slice(topic.length));
    expect(levels).toEqual(['/t_a/_/x', '/___/_/x', '/__/_/x', '/t/_/x']);
  });

  it('leaves a message for later where it is told to', async () => {
    const topic = nextTopic();
    await deliver({ topic: `${topic}/{id}`, retain: true }, events.slice(0, 1));
    const late = await connectAsync(url, { protocolVersion: 5 });
    const { promise, resolve } = Promise.withResolvers<IPublishPacket>();
    late.on('message', (_topic, _payload, packet) => resolve(packet));
    await late.subscribeAsync(`${topic}/#`);
    expect(await promise).toMatchObject({ retain: true, topic: `${topic}/1` });
    await late.publishAsync(`${topic}/1`, '', { retain: true, qos: 1 });
    await late.endAsync();
  });

  it('refuses what is no message of MQTT, and only that', async () => {
    const topic = nextTopic();
    const [event] = events;
    const wide = { ...event, note: '€'.repeat(30_000) };
    const results = await deliver({ topic: `${topic}/{id}` }, [wide, event as object]);
    expect(results).toMatchObject([{ ok: false, code: 422 }, { ok: true }]);
  });

  it('is only sent where the operator says', () => {
    const sink = createMqttSink();
    const check = (options: object) => () =>
      sink.check?.({ secret: 's', topic: 'a', ...options }, { allowPrivateTargets: true });
    for (const topic of ['{type}', '$SYS/x', 'a/+', 'a/#', 'a/{Type}', 'a\u0000']) {
      expect(check({ topic })).toThrow(expect.objectContaining({ code: 'target_invalid', place: '/topic' }));
    }
    expect(check({ version: '3.1.1', content: 'binary' })).toThrow(expect.objectContaining({ place: '/content' }));
    expect(check({ topic: 'a/{subject}/{type}', version: '3.1.1' })).not.toThrow();
  });
});

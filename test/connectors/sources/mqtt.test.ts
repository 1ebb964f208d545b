import { connectAsync, type IClientPublishOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mqtt } from '../../../connectors/sources/mqtt.ts';
import type { Position, Pulled, Source } from '../../../mesh/connector/source.ts';
import { contextOf, describeDriverSource, pullContextOf, pullOnce } from '../../conformance/driver-source.ts';

const url = process.env['TULLE_TEST_MQTT_URL'] ?? '';
if (url === '') console.log('The source mqtt: skipped, TULLE_TEST_MQTT_URL names no server (npm run test:connectors).');

let sessions = 0;

describe.skipIf(url === '')('with an MQTT broker', () => {
  const port = Number(new URL(url || 'mqtt://127.0.0.1:1').port);
  let publisher: MqttClient;
  beforeAll(async () => {
    publisher = await connectAsync(url, { protocolVersion: 5 });
  });
  afterAll(() => publisher.endAsync());

  const addressFor = (at: number, password?: string): string =>
    password === undefined ? `mqtt://127.0.0.1:${at}` : `mqtt://user:${password}@127.0.0.1:${at}`;

  interface Options {
    readonly topics: readonly string[];
    readonly clientId: string;
    readonly version?: '3.1.1' | '5';
    readonly group?: string;
  }

  async function pull(options: Options, position?: Position, records = 100): Promise<Pulled> {
    return pullOnce(mqtt as Source, contextOf(options, url), { position, records });
  }

  /** With a session that is there already: what was published before is nobody's. */
  async function subscribed(more: Partial<Options> = {}): Promise<Options & { readonly topic: string }> {
    sessions += 1;
    const topic = `tulle/${process.pid}/${sessions}`;
    const options = { topics: [`${topic}/#`], clientId: `source-${process.pid}-${sessions}`, ...more };
    await pull(options);
    return { ...options, topic };
  }

  async function forget({ clientId }: Options): Promise<void> {
    await (await connectAsync(url, { protocolVersion: 5, clientId, clean: true })).endAsync();
  }

  async function publish(topic: string, payload: string | Buffer, more: IClientPublishOptions = {}): Promise<void> {
    await publisher.publishAsync(topic, payload, { qos: 1, ...more });
  }

  describe.each(['5', '3.1.1'] as const)('that speaks MQTT %s', (version) => {
    describeDriverSource(`mqtt ${version}`, async () => {
      const { topic, ...options } = await subscribed({ version });
      return {
        source: mqtt as Source,
        options,
        port,
        addressFor,
        numberOf: ({ dataJson = '' }) => (JSON.parse(dataJson) as { number: number }).number,
        add: async (numbers) => {
          for (const number of numbers) await publish(`${topic}/n`, JSON.stringify({ number }));
        },
        close: () => forget(options),
      };
    });
  });

  it('reads events and payloads', async () => {
    const { topic, ...options } = await subscribed();
    const attributes = { specversion: '1.0', id: 'a', source: '/s', type: 't', subject: 'Zoë €' };
    await publish(`${topic}/x`, '{"n":1}', {
      properties: { contentType: 'application/json', userProperties: { ...attributes, 'No-Attribute': 'x' } },
    });
    const structured = '{"specversion":"1.0","id":"b","source":"/s","type":"t","data":[1]}';
    await publish(`${topic}/x`, structured, { properties: { contentType: 'application/cloudevents+json' } });
    for (const payload of ['21.5', '21.5', 'plain', Buffer.from([255, 0]), '']) await publish(`${topic}/x`, payload);
    const { records, poison } = await pull(options);
    expect(poison).toEqual([]);
    const raw = { id: expect.stringContaining(`${options.clientId}:`) as string, subject: `${topic}/x` };
    expect(records).toEqual([
      { id: 'a', source: '/s', type: 't', subject: 'Zoë €', datacontenttype: 'application/json', dataJson: '{"n":1}' },
      { id: 'b', source: '/s', type: 't', dataJson: '[1]' },
      { ...raw, dataJson: '21.5' },
      { ...raw, dataJson: '21.5' },
      { ...raw, datacontenttype: 'text/plain', dataJson: '"plain"' },
      { ...raw, datacontenttype: 'application/octet-stream', data_base64: '/wA=' },
      raw,
    ]);
    expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
    await forget(options);
  });

  it('knows an event in MQTT 3.1.1 by what it looks like', async () => {
    const { topic, ...options } = await subscribed({ version: '3.1.1' });
    await publish(`${topic}/x`, '{"specversion":"1.0","id":"b","source":"/s","type":"t","data":[1]}');
    await publish(`${topic}/x`, '{"specversion":"1.0","id":""}');
    await publish(`${topic}/x`, '{"n":1}');
    const { records, poison } = await pull(options);
    expect(records).toMatchObject([{ id: 'b', dataJson: '[1]' }, { dataJson: '{"n":1}' }]);
    expect(poison).toMatchObject([{ reason: expect.stringContaining('attribute id') }]);
    await forget(options);
  });

  it('sets aside what says that it is an event or JSON and is not', async () => {
    const { topic, ...options } = await subscribed();
    const userProperties = { specversion: '1.0', id: 'a', source: 'no uri', type: 't' };
    await publish(`${topic}/x`, '', { properties: { userProperties } });
    await publish(`${topic}/x`, '', { properties: { userProperties: { ...userProperties, id: ['a', 'b'] } } });
    await publish(`${topic}/x`, '{', { properties: { contentType: 'application/json' } });
    await publish(`${topic}/x`, 'x'.repeat(1_100_000));
    await publish(`${topic}/x`, '1');
    const { records, poison } = await pull(options);
    expect(records).toHaveLength(1);
    expect(poison?.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('URI-reference'),
      expect.stringContaining('twice'),
      expect.stringContaining('no valid JSON'),
      'The message is larger than 1 MiB',
    ]);
    expect((await pull(options)).records).toEqual([]);
    await forget(options);
  });

  it('gets retained messages once', async () => {
    const topic = `tulle/${process.pid}/retained`;
    await publish(topic, '1', { retain: true });
    for (const version of ['5', '3.1.1'] as const) {
      const options = { topics: [topic], clientId: `retained-${process.pid}-${version.length}`, version };
      expect((await pull(options)).records).toHaveLength(1);
      expect((await pull(options)).records).toEqual([]);
      await forget(options);
    }
    await publish(topic, '', { retain: true });
  });

  it('tells that the broker has lost the session', async () => {
    const { topic: _topic, ...options } = await subscribed();
    const { position } = await pull(options);
    expect(position).toEqual({ subscribed: true });
    await forget(options);
    const { poison } = await pull(options, position);
    expect(poison).toMatchObject([{ reason: expect.stringContaining('lost the session') }]);
    expect((await pull(options, position)).poison).toEqual([]);
    await forget(options);
  });

  it('shares the messages of a group among tasks, and takes none twice', async () => {
    sessions += 1;
    const topic = `tulle/${process.pid}/${sessions}`;
    const options = { topics: [`${topic}/#`], clientId: `shared-${process.pid}`, group: `g${process.pid}` };
    const context = contextOf(options, url);
    const tasks = await Promise.all(
      [0, 1].map(async (index) => {
        const session = await mqtt.open?.(context as never);
        return { ...pullContextOf(context, session, 100), partition: { index, count: 2 } };
      }),
    );
    for (const task of tasks) await mqtt.pull(undefined, task as never);
    for (let n = 0; n < 30; n += 1) await publish(`${topic}/x`, String(n));
    const seen: number[][] = [[], []];
    await expect
      .poll(async () => {
        for (const [index, task] of tasks.entries()) {
          const pulled = await mqtt.pull(undefined, task as never);
          await mqtt.acknowledge?.(pulled, task as never);
          seen[index]?.push(...pulled.records.map(({ dataJson }) => Number(dataJson)));
        }
        return seen.flat().length;
      })
      .toBe(30);
    expect(seen.flat().toSorted((one, other) => one - other)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    for (const part of seen) expect(part.length).toBeGreaterThan(5);
    for (const task of tasks) await mqtt.close?.(task.session as never);
    await Promise.all([0, 1].map((index) => forget({ ...options, clientId: `${options.clientId}-${index}` })));
    const alone = { ...pullContextOf(contextOf({ ...options, group: undefined }, url), tasks[0]?.session, 1) };
    const session = await mqtt.open?.(alone as never);
    const divided = { ...alone, session, partition: { index: 0, count: 2 } };
    await expect(mqtt.pull(undefined, divided as never)).rejects.toMatchObject({ code: 'resource_invalid' });
  });

  it('takes topic filters only', () => {
    const check = (topic: string) => () =>
      mqtt.check?.({ secret: 's', clientId: 'c', topics: [topic] }, { allowPrivateTargets: true });
    for (const topic of ['a/#/b', 'a+', 'a/b#', '$share/g/a', 'a\u0000']) {
      expect(check(topic)).toThrow(expect.objectContaining({ code: 'resource_invalid', place: '/topics/0' }));
    }
    for (const topic of ['#', '+', 'a/+/b', 'a/#', '/a', '$SYS/#']) expect(check(topic)).not.toThrow();
  });
});

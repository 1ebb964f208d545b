import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSockets } from '../../../adapters/node/sockets.ts';
import { createRabbitmqSink, type RabbitmqOptions } from '../../../connectors/sinks/rabbitmq.ts';
import { rabbitmq } from '../../../connectors/sources/rabbitmq.ts';
import { fromObject } from '../../../event/create.ts';
import type { Source } from '../../../mesh/connector/source.ts';
import type { AttemptResult, Sink } from '../../../mesh/sink.ts';
import { contextOf, pullOnce } from '../../conformance/driver-source.ts';
import { describeSink, type Item } from '../../conformance/sink.ts';
import { nodeContext } from './context.ts';

const url = process.env['TULLE_TEST_RABBITMQ_URL'] ?? '';
if (url === '') {
  console.log('The sink rabbitmq: skipped, TULLE_TEST_RABBITMQ_URL names no server (npm run test:connectors).');
}

let queues = 0;

describe.skipIf(url === '')('with a RabbitMQ server', () => {
  const { port, username, password } = new URL(url || 'amqp://guest:guest@127.0.0.1:1');
  let connection: ChannelModel;
  let channel: ConfirmChannel;
  beforeAll(async () => {
    connection = await connect(url);
    channel = await connection.createConfirmChannel();
  });
  afterAll(() => connection.close());

  async function createQueue(more: object = {}): Promise<string> {
    queues += 1;
    const { queue } = await channel.assertQueue(`tulle-sink-${process.pid}-${queues}`, { durable: true, ...more });
    return queue;
  }

  async function read(queue: string): Promise<readonly Record<string, unknown>[]> {
    const { records, poison } = await pullOnce(rabbitmq as Source, contextOf({ queue }, url), { records: 1_000 });
    expect(poison).toEqual([]);
    return records.map(({ dataJson, ...record }) => ({
      ...record,
      ...(dataJson === undefined ? {} : { data: JSON.parse(dataJson) as unknown }),
    }));
  }

  describeSink('rabbitmq', async () => {
    const queue = await createQueue();
    const arrived: Item[] = [];
    return {
      sink: createRabbitmqSink() as Sink,
      port: Number(port),
      optionsFor: () => ({ secret: 'address', routingKey: queue }),
      secretsFor: (at) => ({ address: `amqp://${username}:${password}@127.0.0.1:${at}` }),
      wrongSecretsFor: (at, wrong) => ({ address: `amqp://${username}:${wrong}@127.0.0.1:${at}` }),
      idempotent: false,
      async arrived() {
        for (const { data } of await read(queue)) arrived.push(data as Item);
        return arrived;
      },
      close: async () => void (await channel.deleteQueue(queue)),
    };
  });

  const events = [
    { specversion: '1.0', id: '1', source: '/s', type: 't.a', n: 7, yes: true, datacontenttype: 'application/json', data: { a: [1] } },
    { specversion: '1.0', id: '2', source: '/s', type: 't.b', subject: 'Zoë', datacontenttype: 'text/plain', data: 'hi' },
    { specversion: '1.0', id: '3', source: '/s', type: 't.c', datacontenttype: 'image/png', data_base64: 'AP+A' },
    { specversion: '1.0', id: '4', source: '/s', type: 'other' },
  ]; // prettier-ignore

  async function deliver(
    options: Omit<RabbitmqOptions, 'secret'>,
    these: readonly object[] = events,
  ): Promise<readonly AttemptResult[]> {
    const sink = createRabbitmqSink();
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

  it.each(['binary', 'structured'] as const)('writes what the source reads, in %s mode', async (content) => {
    const queue = await createQueue();
    expect((await deliver({ routingKey: queue, content })).filter(({ ok }) => !ok)).toEqual([]);
    expect(await read(queue)).toEqual(events.map(({ specversion: _specversion, ...event }) => event));
    await channel.deleteQueue(queue);
  });

  it('writes the types of AMQP, persistent, with an id that stays the same', async () => {
    const queue = await createQueue();
    await deliver({ routingKey: queue }, events.slice(0, 1));
    const message = await channel.get(queue, { noAck: true });
    if (message === false) throw new Error('there is no message');
    const { headers, deliveryMode, messageId, contentType } = message.properties;
    expect({ deliveryMode, messageId, contentType }).toEqual({
      deliveryMode: 2,
      messageId: 'msg_0',
      contentType: 'application/json',
    });
    expect(headers).toMatchObject({ cloudEvents_specversion: '1.0', cloudEvents_n: 7, cloudEvents_yes: true });
    await channel.deleteQueue(queue);
  });

  it('says of each event whether a queue takes it', async () => {
    const queue = await createQueue();
    const exchange = `${queue}-exchange`;
    await channel.assertExchange(exchange, 'topic', { durable: false });
    await channel.bindQueue(queue, exchange, 't.#');
    const results = await deliver({ exchange, routingKey: '{type}' });
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true, false]);
    expect(results[3]).toMatchObject({ failure: 'response', code: 422, reason: 'RabbitMQ: no queue takes other' });
    expect(await read(queue)).toHaveLength(3);
    await channel.deleteExchange(exchange);
    await channel.deleteQueue(queue);
  });

  it('tries again where a queue is full or an exchange is not there', async () => {
    const queue = await createQueue({ arguments: { 'x-max-length': 2, 'x-overflow': 'reject-publish' } });
    const results = await deliver({ routingKey: queue });
    expect(results.map((result) => (result.ok ? 200 : result.code))).toEqual([200, 200, 503, 503]);
    const [nowhere] = await deliver({ exchange: 'tulle-nowhere', routingKey: 'x' });
    expect(nowhere).toMatchObject({
      ok: false,
      failure: 'network',
      reason: expect.stringContaining("no exchange 'tulle-nowhere'"),
    });
    await channel.deleteQueue(queue);
  });

  it('refuses what is no message of AMQP, and only that', async () => {
    const queue = await createQueue();
    const [event] = events;
    const wide = { ...event, one: 'x'.repeat(40_000), two: 'x'.repeat(40_000) };
    const typed = { ...event, datacontenttype: `application/json; a=${'x'.repeat(300)}` };
    const results = await deliver({ routingKey: queue }, [wide, event as object, typed]);
    expect(results.map((result) => (result.ok ? 200 : result.code))).toEqual([422, 200, 422]);
    await channel.deleteQueue(queue);
  });

  it('is only sent where the operator says', () => {
    const sink = createRabbitmqSink();
    const check = (options: object) => () =>
      sink.check?.({ secret: 's', routingKey: 'q', ...options }, { allowPrivateTargets: true });
    expect(check({ routingKey: '{type}' })).toThrow(expect.objectContaining({ place: '/routingKey' }));
    expect(check({ routingKey: 'a.{', exchange: 'e' })).toThrow(expect.objectContaining({ place: '/routingKey' }));
    expect(check({ routingKey: '{type}.a', exchange: 'e' })).not.toThrow();
  });
});

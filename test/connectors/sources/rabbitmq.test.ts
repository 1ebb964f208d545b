import { type ChannelModel, type ConfirmChannel, connect, type Options } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rabbitmq } from '../../../connectors/sources/rabbitmq.ts';
import type { Pulled, Source } from '../../../mesh/connector/source.ts';
import { contextOf, describeDriverSource, pullContextOf, pullOnce } from '../../conformance/driver-source.ts';

const url = process.env['TULLE_TEST_RABBITMQ_URL'] ?? '';
if (url === '') {
  console.log('The source rabbitmq: skipped, TULLE_TEST_RABBITMQ_URL names no server (npm run test:connectors).');
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

  async function createQueue(more: Options.AssertQueue = { durable: true }): Promise<string> {
    queues += 1;
    const { queue } = await channel.assertQueue(`tulle-source-${process.pid}-${queues}`, more);
    return queue;
  }

  async function add(
    queue: string,
    contents: readonly (string | Buffer)[],
    options: Options.Publish = {},
  ): Promise<void> {
    for (const content of contents) channel.sendToQueue(queue, Buffer.from(content as string), options);
    await channel.waitForConfirms();
  }

  const addressFor = (at: number, secret = password): string => `amqp://${username}:${secret}@127.0.0.1:${at}`;

  describeDriverSource('rabbitmq', async () => {
    const queue = await createQueue();
    return {
      source: rabbitmq as Source,
      options: { queue },
      port: Number(port),
      addressFor,
      numberOf: ({ dataJson = '' }) => (JSON.parse(dataJson) as { number: number }).number,
      add: (numbers) => add(queue, numbers.map((number) => JSON.stringify({ number }))), // prettier-ignore
      redeliver: () => Promise.resolve(),
      close: async () => void (await channel.deleteQueue(queue)),
    };
  });

  function pull(queue: string, records = 100): Promise<Pulled> {
    return pullOnce(rabbitmq as Source, contextOf({ queue }, url), { records });
  }

  it('reads events and payloads', async () => {
    const queue = await createQueue();
    const attributes = {
      specversion: '1.0',
      id: 'a',
      source: '/s',
      type: 't',
      time: { '!': 'timestamp', value: 1.7e9 },
      n: 5,
    };
    const headers = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [`cloudEvents:${name}`, value]),
    );
    await add(queue, ['{"n":1}'], { headers, contentType: 'application/json' });
    const structured = '{"specversion":"1.0","id":"b","source":"/s","type":"t","data":[1]}';
    await add(queue, [structured], { contentType: 'application/cloudevents+json; charset=utf-8' });
    await add(queue, ['{"n":2}'], { messageId: 'm1', timestamp: 1.7e9 });
    await add(queue, ['plain', Buffer.from([255, 0]), '']);
    await add(queue, [Buffer.from([31, 139])], { contentType: 'application/json', contentEncoding: 'gzip' });
    const { records, poison } = await pull(queue);
    expect(poison).toEqual([]);
    const time = '2023-11-14T22:13:20.000Z';
    const id = expect.stringMatching(/:[0-9a-f]{32}$/) as string;
    expect(records).toEqual([
      { id: 'a', source: '/s', type: 't', time, n: 5, datacontenttype: 'application/json', dataJson: '{"n":1}' },
      { id: 'b', source: '/s', type: 't', dataJson: '[1]' },
      { id: `${queue}/m1`, subject: queue, time, dataJson: '{"n":2}' },
      { id, subject: queue, datacontenttype: 'text/plain', dataJson: '"plain"' },
      { id, subject: queue, datacontenttype: 'application/octet-stream', data_base64: '/wA=' },
      { id, subject: queue },
      { id, subject: queue, datacontenttype: 'application/octet-stream', data_base64: 'H4s=' },
    ]);
    await channel.deleteQueue(queue);
  });

  it('sets aside what says that it is an event or JSON and is not, and acknowledges it', async () => {
    const queue = await createQueue();
    const headers = {
      cloudEvents_specversion: '1.0',
      cloudEvents_id: 1,
      cloudEvents_source: '/s',
      cloudEvents_type: 't',
    };
    await add(queue, ['x'], { headers });
    await add(queue, ['{'], { contentType: 'application/json' });
    await add(queue, ['x'.repeat(1_100_000)]);
    await add(queue, ['1']);
    const { records, poison } = await pull(queue);
    expect(records).toHaveLength(1);
    expect(poison?.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('attribute id'),
      expect.stringContaining('no valid JSON'),
      'The message is larger than 1 MiB',
    ]);
    expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
    await channel.deleteQueue(queue);
  });

  it('leaves nothing waiting between two pulls, and shares the queue', async () => {
    const queue = await createQueue();
    await add(
      queue,
      Array.from({ length: 50 }, (_, n) => String(n)),
    );
    const context = contextOf({ queue }, url);
    const [one, other] = await Promise.all([rabbitmq.open?.(context as never), rabbitmq.open?.(context as never)]);
    const contexts = [one, other].map((session) => pullContextOf(context, session, 10) as never);
    const pulled: Pulled[] = [];
    for (let n = 0; n < 4; n += 1) {
      const full = contexts[n % 2] as never;
      pulled.push(await rabbitmq.pull(undefined, full));
      await rabbitmq.acknowledge?.(pulled.at(-1) as Pulled, full);
    }
    expect(pulled.map(({ records, lag }) => [records.length, lag?.records])).toEqual([[10, 40], [10, 30], [10, 20], [10, 10]]); // prettier-ignore
    expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 10, consumerCount: 0 });
    for (const session of [one, other]) if (session !== undefined) await rabbitmq.close?.(session);
    await channel.deleteQueue(queue);
  });

  it('gives no more at once than it may hold, and the rest comes next', async () => {
    const queue = await createQueue();
    for (let n = 0; n < 80; n += 1) await add(queue, [`${n}${'x'.repeat(500_000)}`]);
    const first = await pull(queue, 1_000);
    expect(first.records.length).toBeGreaterThanOrEqual(32);
    expect(first.records.length).toBeLessThan(40);
    expect(first.done).toBe(false);
    let count = first.records.length;
    while (count < 80) count += (await pull(queue, 1_000)).records.length;
    expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
    await channel.deleteQueue(queue);
  });

  it('takes from a quorum queue, with the same id when it comes again', async () => {
    const queue = await createQueue({ durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await add(queue, ['one', 'two']);
    const context = contextOf({ queue }, url);
    const ids: string[][] = [];
    for (let n = 0; n < 2; n += 1) {
      const session = await rabbitmq.open?.(context as never);
      if (session === undefined) throw new Error('there is no session');
      ids.push(
        (await rabbitmq.pull(undefined, pullContextOf(context, session, 10) as never)).records.map(({ id }) => id),
      );
      await rabbitmq.close?.(session);
    }
    expect(ids[0]).toHaveLength(2);
    expect(ids[1]).toEqual(ids[0]);
    await channel.deleteQueue(queue);
  });

  it('says that the queue is not there, or that it is not let in', async () => {
    await expect(pull('tulle-nowhere')).rejects.toThrow("no queue 'tulle-nowhere'");
    const context = contextOf({ queue: 'x' }, addressFor(Number(port), 'wrong-hunter2-wrong'));
    const failure = await pullOnce(rabbitmq as Source, context).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'unavailable', message: expect.stringContaining('ACCESS') });
    expect(String(failure)).not.toContain('hunter2');
  });
});

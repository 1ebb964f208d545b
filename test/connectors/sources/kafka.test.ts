import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSockets } from '../../../adapters/node/sockets.ts';
import { kafka } from '../../../connectors/sources/kafka.ts';
import type { Position, Source } from '../../../mesh/connector/source.ts';
import { describeSource } from '../../conformance/source.ts';
import { createKafkaTools, kafkaUrl, pullKafka, saySkipped } from '../kafka.ts';

saySkipped('The source kafka');

describe.skipIf(kafkaUrl === '')('with a Kafka server', { timeout: 30_000 }, () => {
  let tools: ReturnType<typeof createKafkaTools>;
  beforeAll(() => {
    tools = createKafkaTools(kafkaUrl);
  });
  afterAll(() => tools.close());

  describeSource('kafka', async () => {
    const topic = await tools.createTopic(3);
    return {
      source: kafka as Source,
      options: { secret: 'url', topic },
      context: { secret: async () => kafkaUrl, sockets: createSockets({ allowPrivateTargets: true }) },
      numberOf: ({ dataJson = '' }) => (JSON.parse(dataJson) as { number: number }).number,
      add: (numbers) =>
        tools.write(
          topic,
          numbers.map((number) => ({ key: String(number), value: JSON.stringify({ number }) })),
        ),
      close: async () => undefined,
    };
  });

  it('gives a record its place as its id, its key and headers as attributes, and its value as data', async () => {
    const topic = await tools.createTopic();
    const headers = { 'x-tenant': 'acme', other: 'x' };
    await tools.write(topic, [
      { key: 'k1', value: '{"n":1.10}', headers },
      { key: 'k2' },
      { value: 'text' },
      { value: Buffer.from([0, 255]) },
    ]);
    const { records, poison, position } = await pullKafka(kafkaUrl, { topic, headers: ['x-tenant'] });
    expect(poison).toEqual([]);
    expect(records).toMatchObject([
      { id: `${topic}:0:0`, partitionkey: 'k1', xtenant: 'acme', dataJson: '{"n":1.10}', time: expect.any(String) },
      { id: `${topic}:0:1`, partitionkey: 'k2', tombstone: true },
      { id: `${topic}:0:2`, datacontenttype: 'text/plain', dataJson: '"text"' },
      { id: `${topic}:0:3`, data_base64: 'AP8=' },
    ]);
    expect(records[1]).not.toHaveProperty('dataJson');
    expect(position).toMatchObject({ offsets: { 0: 4 } });
  });

  it('reads CloudEvents in binary and in structured mode, and sets aside what only says that it is one', async () => {
    const topic = await tools.createTopic();
    const ce = { ce_specversion: '1.0', ce_id: 'a-1', ce_source: '/shop', ce_type: 'order.paid' };
    const event = { specversion: '1.0', id: 'a-2', source: '/shop', type: 'order.paid', data: { n: 2 } };
    await tools.write(topic, [
      { key: 'k', value: '{"n":1}', headers: { ...ce, ce_subject: 'é', 'content-type': 'application/json' } },
      { value: JSON.stringify(event), headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' } },
      { value: '{', headers: { ...ce, 'content-type': 'application/json' } },
    ]);
    const { records, poison, position } = await pullKafka(kafkaUrl, { topic });
    expect(records).toMatchObject([
      { id: 'a-1', source: '/shop', type: 'order.paid', subject: 'é', partitionkey: 'k', dataJson: '{"n":1}' },
      { id: 'a-2', source: '/shop', dataJson: '{"n":2}' },
    ]);
    expect(poison).toHaveLength(1);
    expect(position).toMatchObject({ offsets: { 0: 3 } });
  });

  it('divides the partitions among its tasks, and serves each of them', async () => {
    const topic = await tools.createTopic(5);
    const all = Array.from({ length: 50 }, (_, index) => ({ partition: index % 5, value: String(index) }));
    await tools.write(topic, all);
    const seen: string[] = [];
    for (const index of [0, 1]) {
      const pulled = await pullKafka(kafkaUrl, { topic }, undefined, { partition: { index, count: 2 } });
      expect(pulled.done).toBe(true);
      seen.push(...pulled.records.map(({ id }) => id));
      const few = { partition: { index, count: 2 }, limit: { records: 6, bytes: 1e7 } };
      const { records } = await pullKafka(kafkaUrl, { topic }, undefined, few);
      expect(records).toHaveLength(6);
      expect(new Set(records.map(({ id }) => id.split(':')[1])).size).toBe(index === 0 ? 3 : 2);
    }
    expect(new Set(seen).size).toBe(50);
    expect(seen).toHaveLength(50);
  });

  it('begins with what is new where it is told to, and sees partitions that are added', async () => {
    const topic = await tools.createTopic(1);
    await tools.write(topic, [{ value: 'old' }]);
    const first = await pullKafka(kafkaUrl, { topic, from: 'latest' });
    expect(first.records).toEqual([]);
    await tools.admin.createPartitions({ topics: [{ name: topic, count: 2, assignments: [{ brokerIds: [1] }] }] });
    await expect
      .poll(async () => (await pullKafka(kafkaUrl, { topic })).position['offsets'], { timeout: 20_000 })
      .toHaveProperty('1');
    const other = createKafkaTools(kafkaUrl);
    await other.write(topic, [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 1 },
    ]);
    await other.close();
    const { records } = await pullKafka(kafkaUrl, { topic, from: 'latest' }, first.position);
    expect(records.map(({ id }) => id).sort()).toEqual([`${topic}:0:1`, `${topic}:1:0`]);
  });

  it('passes over transactions that were aborted, and does not come to an end in one that is open', async () => {
    const topic = await tools.createTopic();
    const { Producer } = await import('@platformatic/kafka');
    const transactional = new Producer({
      clientId: 'test',
      bootstrapBrokers: [new URL(kafkaUrl).host],
      idempotent: true,
      retries: 5,
      transactionalId: `tx-${topic}`,
    });
    const send = async (text: string, end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await transactional.beginTransaction();
      await transaction.send({ messages: [{ topic, value: Buffer.from(text) }] });
      await transaction[end]();
    };
    await send('lost', 'abort');
    await send('kept', 'commit');
    await send('lost too', 'abort');
    const open = await transactional.beginTransaction();
    await open.send({ messages: [{ topic, value: Buffer.from('open') }] });
    await tools.write(topic, [{ value: 'behind' }]);
    const texts = ({ records }: { records: readonly { dataJson?: string }[] }): unknown[] =>
      records.map(({ dataJson = '' }) => JSON.parse(dataJson));
    const before = await pullKafka(kafkaUrl, { topic });
    expect(texts(before)).toEqual(['kept']);
    expect(before).toMatchObject({ done: true, lag: { records: expect.any(Number) } });
    await open.commit();
    await transactional.close(true);
    await expect
      .poll(async () => texts(await pullKafka(kafkaUrl, { topic }, before.position)))
      .toEqual(['open', 'behind']);
    // One record at a time: no mark of an end is in the same pull as what it ends.
    const one: unknown[] = [];
    let position: Position | undefined;
    for (let pulls = 0; pulls < 20; pulls += 1) {
      const pulled = await pullKafka(kafkaUrl, { topic }, position, { limit: { records: 1, bytes: 1 } });
      one.push(...texts(pulled));
      ({ position } = pulled);
      if (pulled.done === true) break;
    }
    expect(one).toEqual(['kept', 'open', 'behind']);
  });

  it('tells of records that were deleted before they were pulled, and goes on behind them', async () => {
    const topic = await tools.createTopic();
    await tools.write(
      topic,
      Array.from({ length: 10 }, (_, index) => ({ value: String(index) })),
    );
    const { position } = await pullKafka(kafkaUrl, { topic }, undefined, { limit: { records: 2, bytes: 1e7 } });
    await tools.admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 6n }] }] });
    const { records, poison = [] } = await pullKafka(kafkaUrl, { topic }, position);
    expect(records.map(({ id }) => id)).toEqual([6, 7, 8, 9].map((offset) => `${topic}:0:${offset}`));
    expect(poison).toHaveLength(1);
    expect(poison[0]?.reason).toContain('from offset 2 to 5');
  });

  it('begins anew, and says so, when the topic is another one of the same name', async () => {
    const topic = await tools.createTopic();
    await tools.write(topic, [{ value: '"former"' }, { value: '"former"' }]);
    const { position } = await pullKafka(kafkaUrl, { topic });
    const other = { ...position, topic: '00000000-0000-4000-8000-000000000000' };
    const { records, poison } = await pullKafka(kafkaUrl, { topic }, other);
    expect(records).toHaveLength(2);
    expect(poison).toMatchObject([{ reason: 'the topic was made anew' }]);
  });

  it('says that there is no such topic', async () => {
    await expect(pullKafka(kafkaUrl, { topic: 'nobody-made-it' })).rejects.toThrow(/Unknown topic nobody-made-it/);
  });

  it('dials no broker on the inside, also not one that only the metadata name', async () => {
    const topic = await tools.createTopic();
    const closed = createSockets({ allowPrivateTargets: false });
    await expect(pullKafka(kafkaUrl, { topic }, undefined, { sockets: closed })).rejects.toThrow(/not public/);
    // The first passes, as a public address would; what the cluster says of itself does not.
    let asked = 0;
    const later = { ...closed, resolve: async (host: string) => ((asked += 1) === 1 ? host : closed.resolve(host)) };
    await expect(pullKafka(kafkaUrl, { topic }, undefined, { sockets: later })).rejects.toThrow(/not public/);
    expect(asked).toBeGreaterThan(1);
  });
});

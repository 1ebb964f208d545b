import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Consumer, type Producer } from '@platformatic/kafka';

interface Place {
  readonly topic: string;
  readonly partition: number;
}

interface Instance {
  readonly reset: string;
  partitions: readonly Place[];
  readonly positions: Map<string, number>;
}

/**
 * A REST proxy before a real broker, by the API that Confluent documents (v2, and producing by v3): consumers are stateful,
 * media types are insisted on, and an instance that nobody made is 404. No proxy can be had as a package.
 */
export async function startKafkaRestProxy(
  brokerUrl: string,
  producer: Producer,
): Promise<{ readonly url: string; readonly instances: ReadonlyMap<string, Instance>; stop(): Promise<void> }> {
  const consumer = new Consumer({ clientId: 'proxy', bootstrapBrokers: [new URL(brokerUrl).host], groupId: 'proxy' });
  const instances = new Map<string, Instance>();
  const keyOf = ({ topic, partition }: Place): string => `${topic}/${partition}`;

  async function rangeOf(topic: string, partition: number): Promise<{ start: number; end: number }> {
    const at = async (timestamp: bigint): Promise<number> =>
      Number(
        (await consumer.listOffsets({ topics: [topic], partitions: { [topic]: [partition] }, timestamp })).get(topic)?.[
          partition
        ],
      );
    return { start: await at(-2n), end: await at(-1n) };
  }

  async function fetchRecords(place: Place, offset: number, maxBytes: number): Promise<readonly object[]> {
    const { topics } = await consumer.metadata({ topics: [place.topic] });
    const partition = {
      partition: place.partition,
      fetchOffset: BigInt(offset),
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    };
    const { responses } = await consumer.fetch({
      node: 1,
      maxWaitTime: 20,
      isolationLevel: 1,
      topics: [
        { topicId: topics.get(place.topic)?.id ?? '', partitions: [{ ...partition, partitionMaxBytes: maxBytes }] },
      ],
    });
    return responses
      .flatMap((response) => response.partitions)
      .flatMap(({ records }) => records ?? [])
      .flatMap((batch) =>
        batch.records.map(({ key, value, offsetDelta }) => ({
          ...place,
          key: key?.toString('base64') ?? null,
          value: value?.toString('base64') ?? null,
          offset: Number(batch.firstOffset) + offsetDelta,
        })),
      )
      .filter((record) => record.offset >= offset);
  }

  async function readRecords(instance: Instance, maxBytes: number): Promise<readonly object[]> {
    const all: object[] = [];
    for (const place of instance.partitions) {
      const { start, end } = await rangeOf(place.topic, place.partition);
      const wanted = instance.positions.get(keyOf(place)) ?? start;
      const offset = wanted < start || wanted > end ? (instance.reset === 'earliest' ? start : end) : wanted;
      if (offset >= end) continue;
      const records = await fetchRecords(place, offset, maxBytes);
      instance.positions.set(keyOf(place), offset + records.length);
      all.push(...records);
    }
    return all;
  }

  async function send(topic: string, records: readonly { key?: string; value?: string | null; headers?: unknown }[]) {
    const { topics } = await consumer.metadata({ topics: [topic] });
    const count = topics.get(topic)?.partitionsCount ?? 1;
    const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
    const messages = records.map(({ key, value, headers = [] }) => ({
      topic,
      partition: (key?.length ?? 0) % count,
      ...(key === undefined ? {} : { key: bytes(key) }),
      ...(value == null ? {} : { value: bytes(value) }),
      headers: new Map(
        (headers as { name: string; value: string }[]).map((one) => [Buffer.from(one.name), bytes(one.value)]),
      ),
    }));
    await producer.send({ acks: -1, messages });
    return messages.map(({ partition }) => ({ partition, offset: 0, error_code: null, error: null }));
  }

  async function answer(request: IncomingMessage): Promise<[number, unknown?]> {
    const url = new URL(request.url ?? '/', 'http://proxy');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    const { method = '' } = request;
    const type = request.headers['content-type'];
    const [first, topic = '', third, id = '', fifth, sixth] = url.pathname.slice(1).split('/');
    if (first === 'v3' && method === 'POST') {
      if (type !== 'application/json') return [415, { error_code: 415, message: 'media type' }];
      const { key, value, headers } = body as { key?: { data: string }; value?: { data: string }; headers: unknown };
      await send(fifth ?? '', [{ ...(key && { key: key.data }), value: value?.data ?? null, headers }]);
      return [200, { error_code: 200, topic_name: fifth }];
    }
    if (first === 'topics' && method === 'POST') {
      if (type !== 'application/vnd.kafka.binary.v2+json') return [415, { error_code: 415, message: 'media type' }];
      return [200, { offsets: await send(topic, body['records'] as []) }];
    }
    if (first === 'topics' && third === 'partitions' && id === '') {
      const { topics } = await consumer.metadata({ topics: [topic] });
      const count = topics.get(topic)?.partitionsCount ?? 0;
      return [200, Array.from({ length: count }, (_, partition) => ({ partition, leader: 1, replicas: [] }))];
    }
    if (first === 'topics' && fifth === 'offsets') {
      const { start, end } = await rangeOf(topic, Number(id));
      return [200, { beginning_offset: start, end_offset: end }];
    }
    if (method === 'POST' && type !== 'application/vnd.kafka.v2+json')
      return [415, { error_code: 415, message: 'media type' }];
    if (first === 'consumers' && third === undefined) {
      const name = randomUUID();
      instances.set(name, { reset: String(body['auto.offset.reset']), partitions: [], positions: new Map() });
      return [200, { instance_id: name, base_uri: `http://inside.invalid/consumers/${topic}/instances/${name}` }];
    }
    const instance = instances.get(id);
    if (instance === undefined) return [404, { error_code: 40403, message: 'Consumer instance not found.' }];
    if (method === 'DELETE') {
      instances.delete(id);
      return [204];
    }
    if (fifth === 'assignments') instance.partitions = body['partitions'] as Place[];
    else if (fifth === 'positions' && sixth === 'beginning') {
      for (const place of body['partitions'] as Place[]) instance.positions.delete(keyOf(place));
    } else if (fifth === 'positions') {
      for (const place of body['offsets'] as (Place & { offset: number })[])
        instance.positions.set(keyOf(place), place.offset);
    } else if (fifth === 'records') {
      if (!String(request.headers.accept).includes('binary.v2')) return [406, { error_code: 40601, message: 'format' }];
      return [200, await readRecords(instance, Number(url.searchParams.get('max_bytes')))];
    }
    return [204];
  }

  const server = createServer((request, response) => {
    void answer(request)
      .catch((error: unknown): [number, unknown] => [
        String(error).includes('Unknown topic') ? 404 : 500,
        { error_code: 50002, message: String(error) },
      ])
      .then(([status, body]) =>
        response
          .writeHead(status, { 'content-type': 'application/vnd.kafka.v2+json' })
          .end(body === undefined ? '' : JSON.stringify(body)),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    instances,
    async stop() {
      server.close().closeAllConnections();
      await consumer.close();
    },
  };
}

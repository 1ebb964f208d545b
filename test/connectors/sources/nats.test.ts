import { jetstream, jetstreamManager, type JetStreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nats } from '../../../connectors/sources/nats.ts';
import type { Position, Pulled, Source } from '../../../mesh/connector/source.ts';
import { contextOf, describeDriverSource, pullOnce } from '../../conformance/driver-source.ts';

const url = process.env['TULLE_TEST_NATS_URL'] ?? '';
if (url === '') console.log('The source nats: skipped, TULLE_TEST_NATS_URL names no server (npm run test:connectors).');

let streams = 0;

describe.skipIf(url === '')('with a NATS server', () => {
  const port = Number(new URL(url || 'nats://127.0.0.1:1').port);
  let connection: NatsConnection;
  let manager: JetStreamManager;
  beforeAll(async () => {
    connection = await connect({ servers: `127.0.0.1:${port}` });
    manager = await jetstreamManager(connection);
  });
  afterAll(() => connection.close());

  async function createStream(more: object = {}): Promise<string> {
    streams += 1;
    const stream = `source${process.pid}x${streams}`;
    await manager.streams.add({ name: stream, subjects: [`${stream}.>`], ...more });
    return stream;
  }

  async function add(stream: string, payloads: readonly (string | Uint8Array)[], subject = 'a'): Promise<void> {
    for (const payload of payloads) await jetstream(connection).publish(`${stream}.${subject}`, payload);
  }

  const addressFor = (at: number, password?: string): string =>
    password === undefined ? `nats://127.0.0.1:${at}` : `nats://user:${password}@127.0.0.1:${at}`;

  describeDriverSource('nats', async () => {
    const stream = await createStream();
    return {
      source: nats as Source,
      options: { stream },
      port,
      addressFor,
      numberOf: ({ dataJson = '' }) => (JSON.parse(dataJson) as { number: number }).number,
      add: (numbers) => add(stream, numbers.map((number) => JSON.stringify({ number }))), // prettier-ignore
      close: async () => void (await manager.streams.delete(stream)),
    };
  });

  function pull(stream: string, position?: Position, more: object = {}, records = 100): Promise<Pulled> {
    return pullOnce(nats as Source, contextOf({ stream, ...more }, url), { position, records });
  }

  it('reads events and payloads', async () => {
    const stream = await createStream();
    const binary = headers();
    const attributes = { specversion: '1.0', id: 'a', source: '/s', type: 't', subject: 'Zo%C3%AB' };
    for (const [name, value] of Object.entries(attributes)) binary.append(`CE-${name}`, value);
    binary.append('ce-datacontenttype', 'application/json');
    await jetstream(connection).publish(`${stream}.x`, '{"n":1}', { headers: binary });
    const structured = headers();
    structured.append('Content-Type', 'application/cloudevents+json');
    const text = '{"specversion":"1.0","id":"b","source":"/s","type":"t","data":[1]}';
    await jetstream(connection).publish(`${stream}.x`, text, { headers: structured });
    await add(stream, ['{"n":2}', 'plain', new Uint8Array([255, 0]), '']);
    const { records, poison } = await pull(stream);
    expect(poison).toEqual([]);
    const raw = { subject: `${stream}.a`, time: expect.stringMatching(/^20.*Z$/) };
    expect(records).toEqual([
      { id: 'a', source: '/s', type: 't', subject: 'Zoë', datacontenttype: 'application/json', dataJson: '{"n":1}' },
      { id: 'b', source: '/s', type: 't', dataJson: '[1]' },
      { id: `${stream}:3`, ...raw, dataJson: '{"n":2}' },
      { id: `${stream}:4`, ...raw, datacontenttype: 'text/plain', dataJson: '"plain"' },
      { id: `${stream}:5`, ...raw, datacontenttype: 'application/octet-stream', data_base64: '/wA=' },
      { id: `${stream}:6`, ...raw },
    ]);
    await manager.streams.delete(stream);
  });

  it('sets aside what says that it is an event and is not', async () => {
    const stream = await createStream();
    const bad = headers();
    for (const name of ['specversion', 'id', 'source', 'type']) bad.append(`ce-${name}`, '%C0%A0');
    await jetstream(connection).publish(`${stream}.x`, '', { headers: bad });
    const structured = headers();
    structured.append('content-type', 'application/cloudevents+json');
    await jetstream(connection).publish(`${stream}.x`, '{', { headers: structured });
    await add(stream, ['1']);
    const { records, poison, position } = await pull(stream);
    expect(records.map(({ id }) => id)).toEqual([`${stream}:3`]);
    expect(poison?.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('percent-encoded'),
      expect.stringContaining('no valid JSON'),
    ]);
    expect(position).toMatchObject({ sequence: 3 });
    await manager.streams.delete(stream);
  });

  it('tells how many messages the limits removed before they were pulled', async () => {
    const stream = await createStream();
    await add(stream, ['1', '2', '3', '4', '5', '6']);
    const first = await pull(stream, undefined, {}, 2);
    expect(first).toMatchObject({ position: { sequence: 2 }, lag: { records: 4 }, done: false });
    await manager.streams.purge(stream, { seq: 5 });
    const second = await pull(stream, first.position);
    expect(second.records.map(({ id }) => id)).toEqual([`${stream}:5`, `${stream}:6`]);
    expect(second).toMatchObject({
      poison: [{ record: { after: 2, first: 5, lost: 2 }, reason: expect.stringContaining('2 messages') }],
      done: true,
      lag: { records: 0 },
    });
    await manager.streams.purge(stream);
    expect(await pull(stream, second.position)).toMatchObject({ records: [], poison: [], done: true });
    await manager.streams.delete(stream);
  });

  it('reads what the filter lets pass, and is behind what it does not', async () => {
    const stream = await createStream();
    for (let n = 1; n <= 5; n += 1) {
      await add(stream, [String(n)], 'a');
      await add(stream, [String(n)], 'b');
    }
    const filter = { filter: `${stream}.b` };
    const { records, position } = await pull(stream, undefined, filter);
    expect(records.map(({ dataJson }) => dataJson)).toEqual(['1', '2', '3', '4', '5']);
    await add(stream, ['6'], 'a');
    const next = await pull(stream, position, filter);
    expect(next).toMatchObject({ records: [], position: { sequence: 11 }, done: true });
    // What did not match and is removed is no gap.
    await manager.streams.purge(stream, { seq: 12 });
    expect(await pull(stream, next.position, filter)).toMatchObject({ poison: [] });
    await manager.streams.delete(stream);
  });

  it('begins with what is new where it was asked to', async () => {
    const stream = await createStream();
    await add(stream, ['1', '2']);
    const { position, records } = await pull(stream, undefined, { from: 'end' });
    expect(records).toEqual([]);
    await add(stream, ['3']);
    expect((await pull(stream, position)).records.map(({ id }) => id)).toEqual([`${stream}:3`]);
    await manager.streams.delete(stream);
  });

  it('says that a stream was made anew, is not there, or cannot be read', async () => {
    const stream = await createStream();
    await add(stream, ['1']);
    const { position } = await pull(stream);
    await manager.streams.delete(stream);
    await expect(pull(stream, position)).rejects.toThrow('stream not found');
    await manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
    await expect(pull(stream, position)).rejects.toThrow('made anew');
    const queue = await createStream({ retention: RetentionPolicy.Workqueue });
    await add(queue, ['1']);
    await expect(pull(queue)).rejects.toThrow('ack policy');
    await manager.streams.delete(stream);
    await manager.streams.delete(queue);
  });

  it('goes on with the consumer that it has, and makes another when the server forgot it', async () => {
    const stream = await createStream();
    await add(stream, ['1', '2', '3']);
    const context = contextOf({ stream }, url);
    const session = await nats.open?.(context as Parameters<NonNullable<typeof nats.open>>[0]);
    if (session === undefined) throw new Error('there is no session');
    const limit = { records: 1, bytes: 1e7 };
    const full = { ...context, session, phase: 'incremental', partition: { index: 0, count: 1 }, limit } as const;
    const pullNext = (position?: Position): Promise<Pulled> =>
      nats.pull(position, full as unknown as Parameters<typeof nats.pull>[1]);
    const first = await pullNext();
    const name = session.reader?.name ?? '';
    const second = await pullNext(first.position);
    expect(session.reader?.name).toBe(name);
    await manager.consumers.delete(stream, name);
    const third = await pullNext(second.position);
    expect([first, second, third].flatMap(({ records }) => records.map(({ id }) => id))).toEqual([
      `${stream}:1`,
      `${stream}:2`,
      `${stream}:3`,
    ]);
    await nats.close?.(session);
    await manager.streams.delete(stream);
  });
});

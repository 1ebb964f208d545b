import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSockets } from '../../../adapters/node/sockets.ts';
import { createNatsSink, type NatsOptions } from '../../../connectors/sinks/nats.ts';
import { nats } from '../../../connectors/sources/nats.ts';
import { fromObject } from '../../../event/create.ts';
import type { Source } from '../../../mesh/connector/source.ts';
import type { AttemptResult, Sink } from '../../../mesh/sink.ts';
import { contextOf, pullOnce } from '../../conformance/driver-source.ts';
import { describeSink, type Item } from '../../conformance/sink.ts';
import { nodeContext } from './context.ts';

const url = process.env['TULLE_TEST_NATS_URL'] ?? '';
if (url === '') console.log('The sink nats: skipped, TULLE_TEST_NATS_URL names no server (npm run test:connectors).');

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
    const stream = `sink${process.pid}x${streams}`;
    await manager.streams.add({ name: stream, subjects: [`${stream}.>`], ...more });
    return stream;
  }

  async function read(stream: string): Promise<readonly Record<string, unknown>[]> {
    const { records, poison } = await pullOnce(nats as Source, contextOf({ stream }, url), { records: 1_000 });
    expect(poison).toEqual([]);
    return records.map(({ dataJson, ...record }) => ({
      ...record,
      ...(dataJson === undefined ? {} : { data: JSON.parse(dataJson) as unknown }),
    }));
  }

  describeSink('nats', async () => {
    const stream = await createStream();
    return {
      sink: createNatsSink() as Sink,
      port,
      optionsFor: () => ({ secret: 'address', subject: `${stream}.{type}` }),
      secretsFor: (at) => ({ address: `nats://127.0.0.1:${at}` }),
      idempotent: true,
      arrived: async () => (await read(stream)).map(({ data }) => data as Item),
      close: async () => void (await manager.streams.delete(stream)),
    };
  });

  const events = [
    { specversion: '1.0', id: '1', source: '/s', type: 't.a', datacontenttype: 'application/json', data: { a: [1] } },
    {
      specversion: '1.0',
      id: '2',
      source: '/s',
      type: 't.*',
      subject: 'Zoë',
      datacontenttype: 'text/plain',
      data: 'hi',
    },
    { specversion: '1.0', id: '3', source: '/s', type: 't.>', datacontenttype: 'image/png', data_base64: 'AP+A' },
    { specversion: '1.0', id: '4', source: '/s', type: '..$JS' },
  ];

  async function deliver(
    options: Omit<NatsOptions, 'secret'>,
    these: readonly object[] = events,
  ): Promise<readonly AttemptResult[]> {
    const sink = createNatsSink();
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
    const stream = await createStream();
    const results = await deliver({ subject: `${stream}.{type}`, content });
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    const expected = events.map(({ specversion: _specversion, ...event }) => event);
    expect((await read(stream)).toSorted((one, other) => (String(one['id']) < String(other['id']) ? -1 : 1))).toEqual(
      expected,
    );
    const { state } = await manager.streams.info(stream, { subjects_filter: '>' });
    expect(Object.keys(state.subjects ?? {}).toSorted()).toEqual(
      [`${stream}._._.$JS`, `${stream}.t._`, `${stream}.t.a`].toSorted(),
    );
    await manager.streams.delete(stream);
  });

  it('leaves out a repetition, but not the same id of another source', async () => {
    const stream = await createStream();
    const [event] = events;
    const other = { ...event, source: '/other' };
    await deliver({ subject: `${stream}.a` }, [event as object, other, event as object]);
    expect((await read(stream)).map(({ source }) => String(source)).toSorted()).toEqual(['/other', '/s']);
    await manager.streams.delete(stream);
  });

  it('tells what will never be taken from what may be taken later', async () => {
    const [event] = events;
    const [nobody] = await deliver({ subject: 'nobody.listens' }, [event as object]);
    expect(nobody).toMatchObject({
      ok: false,
      failure: 'response',
      code: 503,
      reason: expect.stringContaining('no stream'),
    });
    const small = await createStream({ max_msg_size: 1_000 });
    const large = { ...event, id: 'l', data: 'x'.repeat(2_000) };
    const results = await deliver({ subject: `${small}.a` }, [large, event as object]);
    expect(results[0]).toMatchObject({ ok: false, code: 413 });
    expect(results[1]).toMatchObject({ ok: true });
    const huge = { ...event, id: 'h', data: 'x'.repeat(1_048_500) };
    const [most, next] = await deliver({ subject: `${small}.a` }, [huge, { ...event, id: 'n' }]);
    expect(most).toMatchObject({ ok: false, code: 413, reason: expect.stringContaining('1048576 bytes') });
    expect(next).toMatchObject({ ok: true });
    await manager.streams.delete(small);
  });

  it('sends to whoever listens', async () => {
    const subscription = connection.subscribe('core.>', { max: 1 });
    await connection.flush();
    const [event] = events;
    expect(await deliver({ subject: 'core.{type}', jetstream: false }, [event as object])).toMatchObject([
      { ok: true },
    ]);
    for await (const message of subscription) {
      expect(message.subject).toBe('core.t.a');
      expect(message.headers?.get('ce-id')).toBe('1');
      expect(message.json()).toEqual({ a: [1] });
    }
  });

  it('is only sent where the operator says', () => {
    const sink = createNatsSink();
    const check = (subject: string) => () => sink.check?.({ secret: 's', subject }, { allowPrivateTargets: true });
    for (const subject of ['{type}', '$JS.API.x', 'a.*', 'a.>', 'a b', 'a.{Type}', 'a.{', 'a.}']) {
      expect(check(subject)).toThrow(expect.objectContaining({ code: 'target_invalid', place: '/subject' }));
    }
    for (const subject of ['a', 'a.{type}', 'a.{subject}.b.{id}']) expect(check(subject)).not.toThrow();
  });
});

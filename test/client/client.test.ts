import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudEvent } from 'cloudevents';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClient } from '../../client/client.ts';
import { collect } from '../../client/collect.ts';
import { TulleRequestError } from '../../client/error.ts';
import { verifySignature } from '../../client/signature.ts';
import { adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';
import { temporaryFolder } from '../cli/tulle.ts';

/** The client against the Node platform in a process of its own, and a target that hears what is delivered. */
describe('the client', { timeout: 30_000 }, () => {
  let folder: string;
  let node: RunningNode;
  let target: Server;
  let client: ReturnType<typeof createClient>;
  const received: { headers: IncomingMessage['headers']; body: string }[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder();
    node = await startNode({ TULLE_DATA: folder, TULLE_MASTER_KEY: btoa('master-key-of-the-test-suite-032') });
    client = createClient({ url: `${node.url}/`, key: adminKey });
    target = createServer((request, response) => {
      let body = '';
      request.on('data', (data: Buffer) => (body += data.toString()));
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        if (request.url === '/gone') {
          response.writeHead(400).end();
          return;
        }
        const reply = { specversion: '1.0', id: 'p', source: '/prices', type: 'order.priced', data: { price: 20 } };
        response.setHeader('content-type', 'application/cloudevents+json');
        response.end(JSON.stringify(reply));
      });
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
    await client.admin.change({
      why: 'the tests of the client',
      edits: [
        { put: { kind: 'bus', name: 'shop', record: 'all' } },
        { put: { kind: 'archive', bus: 'shop', name: 'orders', filter: { pattern: { type: ['order.created'] } } } },
        {
          put: {
            kind: 'rule',
            bus: 'shop',
            name: 'to-prices',
            filter: { pattern: { type: ['order.created'] } },
            targets: [{ name: 'prices', http: { url, reply: true } }],
          },
        },
        {
          put: {
            kind: 'rule',
            bus: 'shop',
            name: 'to-nobody',
            filter: { pattern: { type: ['order.lost'] } },
            targets: [{ name: 'nobody', http: { url: `${url}/gone` } }],
          },
        },
      ],
    });
  }, 30_000);
  afterAll(async () => {
    await node.stop('SIGTERM');
    target.close();
    await rm(folder, { recursive: true, force: true });
  });

  const order = { source: '/shop', type: 'order.created', data: { item: 'tea' } };

  it('publishes an event with an id of its own, one of the package cloudevents, and bytes', async () => {
    const made = await client.publish(order, { bus: 'shop' });
    expect(made).toMatchObject({ accepted: 1, events: [{ matched: 1 }] });
    expect(made.events[0]?.id).toMatch(/^[0-9a-f-]{36}$/);

    const foreign = new CloudEvent({ ...order, id: 'c-1', time: '2026-01-01T00:00:00Z', traceid: 'abc' });
    const binary = { ...order, id: 'b-1', datacontenttype: 'application/octet-stream', data: new Uint8Array([1, 2]) };
    const two = await client.publish([foreign, binary], { bus: 'shop' });
    expect(two.events.map(({ id }) => id)).toEqual(['c-1', 'b-1']);
    await vi.waitFor(() => {
      expect(received.find(({ headers }) => headers['ce-id'] === 'c-1')?.headers['ce-traceid']).toBe('abc');
      expect(received.find(({ headers }) => headers['ce-id'] === 'b-1')?.body).toBe('\u0001\u0002');
    }, 5_000);
  });

  it('splits what is more than a request takes, in its order', async () => {
    const progress: number[] = [];
    const events = Array.from({ length: 2_001 }, (_, index) => ({ source: '/shop', type: 'many', id: `m-${index}` }));
    const { accepted, events: answered } = await client.publish(events, {
      bus: 'shop',
      onProgress: (count) => progress.push(count),
    });
    expect([accepted, progress]).toEqual([2_001, [1_000, 2_000, 2_001]]);
    expect(answered.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    const large = Array.from({ length: 6 }, (_, id) => ({ source: '/s', type: 'many', id, data: 'ü'.repeat(500_000) }));
    await expect(
      client.publish(
        large.map((event) => ({ ...event, id: String(event.id) })),
        { bus: 'shop' },
      ),
    ).resolves.toMatchObject({ accepted: 6 });
  });

  it('waits for the outcome, and for a reply', async () => {
    await expect(client.publishAndWait(order, { bus: 'shop', wait: 10 })).resolves.toMatchObject({
      ended: true,
      deliveries: [{ rule: 'to-prices', status: 'delivered' }],
    });
    await expect(client.request({ ...order, id: 'r-1' }, { bus: 'shop', wait: 10 })).resolves.toMatchObject({
      type: 'order.priced',
      causationid: 'r-1',
      data: { price: 20 },
    });
    const lost = client.request({ ...order, type: 'order.unknown' }, { bus: 'shop', wait: 10 });
    await expect(lost).rejects.toMatchObject({ status: 502, code: 'reply_missing' });
  });

  it('reads and writes configuration, with versions that guard against lost changes', async () => {
    const { admin } = client;
    const place = { bus: 'shop', name: 'to-prices' };
    const { version, document } = await admin.get('rules', place);
    const next = await admin.put(
      'rules',
      place,
      { ...document, description: 'asks' },
      { version, why: 'it needs a name' },
    );
    expect(next.version).toBeGreaterThan(version);
    await expect(admin.put('rules', place, document, { version })).rejects.toMatchObject({ code: 'version_conflict' });
    const [newest] = await collect(admin.history('rules', place));
    expect(newest).toMatchObject({ version: next.version, by: 'operator', why: 'it needs a name' });
    expect((await collect(admin.list('rules', 'shop'))).map((one) => one.document.name)).toEqual([
      'to-nobody',
      'to-prices',
    ]);
    await admin.put('secrets', { name: 'pii' }, { value: 'a secret of sixteen bytes or more' }, { version: 0 });
    await admin.delete('secrets', { name: 'pii' });
    await expect(admin.get('secrets', { name: 'pii' })).rejects.toMatchObject({ status: 404, code: 'not_found' });
    const [change] = await collect(admin.changes());
    expect((await admin.readChange(change?.change ?? 0)).entries).toMatchObject([{ action: 'deleted', name: 'pii' }]);
    expect((await collect(admin.status())).map(({ bus }) => bus)).toEqual(['shop']);
  });

  it('says what was refused, where, and how to mend it', async () => {
    const refused = await client.admin.put('buses', { name: 'x' }, { shrads: 2 }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TulleRequestError);
    expect(refused).toMatchObject({
      status: 400,
      code: 'resource_invalid',
      place: '/shrads',
      request: 'PUT /v1/admin/buses/x',
      mend: expect.stringContaining('Did you mean shards?') as string,
    });
    const nowhere = createClient({ url: 'http://127.0.0.1:1', key: 'k', retry: { attempts: 2, baseMs: 1 } });
    await expect(nowhere.publish(order)).rejects.toMatchObject({ status: 0, code: 'unreachable' });
  });

  it('makes keys that work, and revokes them', async () => {
    const { id, key } = await client.admin.keys.create({ role: 'publisher', buses: ['shop'], description: 'till' });
    const publisher = createClient({ url: node.url, key });
    await expect(publisher.publish(order, { bus: 'shop' })).resolves.toMatchObject({ accepted: 1 });
    await expect(publisher.bus('shop').books()).rejects.toMatchObject({ status: 403 });
    expect((await collect(client.admin.keys.list())).map(({ document }) => document.id)).toEqual([id]);
    await client.admin.keys.revoke(id);
    expect(await collect(client.admin.keys.list())).toEqual([]);
  });

  it('follows events, sends dead letters again, and replays', async () => {
    const bus = client.bus('shop');
    const lost = { ...order, type: 'order.lost' };
    await client.publishAndWait({ ...lost, id: 'l-1' }, { bus: 'shop', wait: 20 });
    await client.publishAndWait({ ...lost, id: 'l-2' }, { bus: 'shop', wait: 20 });
    expect((await bus.trace('l-1')).events[0]?.rules[0]).toMatchObject({ rule: 'to-nobody', planned: true });
    expect((await collect(bus.events({ id: 'l-1' }))).length).toBe(1);
    const letters = await collect(bus.deadLetters.list({ rule: 'to-nobody' }));
    expect(letters.map(({ eventId }) => eventId)).toEqual(['l-2', 'l-1']);
    expect(await bus.deadLetters.get(letters[0]?.id ?? '')).toMatchObject({ event: { id: 'l-2' } });
    await bus.deadLetters.redrive(letters[0]?.id ?? '');
    await expect(collect(bus.deadLetters.redriveAll({ event: 'l-1' }))).resolves.toMatchObject([{ redriven: 1 }]);
    await vi.waitFor(async () => {
      expect((await bus.books()).pending).toBe(0);
      expect((await collect(bus.deliveries({ status: 'redriven' }))).length).toBe(2);
    }, 5_000);
    const purged = await collect(bus.deadLetters.purgeAll({ rule: 'to-nobody' }));
    expect(purged.reduce((sum, page) => sum + page.purged, 0)).toBe(2);
    expect((await bus.targets()).map(({ target }) => target)).toEqual(['nobody', 'prices']);

    await bus.replays.start('again', { archive: 'orders', from: '2026-01-01T00:00:00Z', rules: ['to-prices'] });
    await vi.waitFor(async () => expect((await bus.replays.get('again')).progress.replayed).toBeGreaterThan(0), 5_000);
    expect((await bus.replays.cancel('again')).state).toMatch(/cancelled|completed/);
    expect((await bus.replays.list()).map(({ name }) => name)).toEqual(['again']);
    await bus.replays.delete('again');
  }, 30_000);

  it('verifies what Tulle signs', async () => {
    const value = `whsec_${btoa('a signing secret of 24 bytes')}`;
    const { admin } = client;
    await admin.put('secrets', { name: 'signing' }, { value });
    const place = { bus: 'shop', name: 'to-prices' };
    const { document } = await admin.get('rules', place);
    const [one] = document['targets'] as [{ http: object }];
    await admin.put('rules', place, {
      ...document,
      targets: [{ ...one, http: { ...one.http, signing: { secret: 'signing' } } }],
    });
    await client.publishAndWait({ ...order, id: 's-1' }, { bus: 'shop', wait: 10 });
    const message = received.find(({ headers }) => headers['ce-id'] === 's-1');
    if (message === undefined) throw new Error('nothing was delivered');
    const other = `whsec_${btoa('another secret of 24 bytes!!')}`;
    await expect(verifySignature(message, { secrets: [other, value] })).resolves.toMatchObject({
      id: message.headers['webhook-id'],
    });
    await expect(verifySignature(message, { secrets: other })).rejects.toThrow('No signature fits.');
  });
});

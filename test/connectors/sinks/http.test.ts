import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpOptions, http } from '../../../connectors/sinks/http.ts';
import { fromObject } from '../../../event/create.ts';
import { TulleError } from '../../../event/error.ts';
import type { Delivery } from '../../../mesh/sink.ts';
import { nodeContext } from './context.ts';

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (response: ServerResponse, request: IncomingMessage, body: string) => void;

const nothing: Received = { method: '', url: '', headers: {}, body: '' };

const servers: (() => void)[] = [];
afterEach(() => {
  for (const close of servers.splice(0)) close();
});

async function target(answer: Answer = (response) => response.writeHead(204).end()) {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      received.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(response, request, body);
    });
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in?x=1`, received };
}

function delivery(id = 'e1', changes: Record<string, unknown> = {}): Delivery {
  const event = fromObject({
    specversion: '1.0',
    id,
    source: '/shop',
    type: 'order.created',
    subject: 'Zoë',
    data: { total: 12.5 },
    ...changes,
  });
  return { event, id: `msg_${id}`, attempt: 1 };
}

async function deliverOne(options: HttpOptions, context = nodeContext(), one = delivery()) {
  const [result] = await http.deliver([one], options, context);
  if (!result) throw new Error('no result');
  return result;
}

describe('what is sent', () => {
  it('is a CloudEvent in binary mode by default', async () => {
    const { url, received } = await target();
    const result = await deliverOne({ url, headers: { 'X-Api-Key': 'k-123' } });
    expect(result).toMatchObject({ ok: true, code: 204 });
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      method: 'POST',
      url: '/in?x=1',
      body: '{"total":12.5}',
      headers: {
        'content-type': 'application/json',
        'ce-specversion': '1.0',
        'ce-id': 'e1',
        'ce-source': '/shop',
        'ce-type': 'order.created',
        'ce-subject': 'Zo%C3%AB',
        'x-api-key': 'k-123',
        'user-agent': 'Tulle/0.1',
      },
    });
  });

  it('is the JSON text of the event in structured mode', async () => {
    const { url, received } = await target();
    const one = delivery();
    await deliverOne({ url, content: 'structured' }, nodeContext(), one);
    expect(received[0]?.headers['content-type']).toMatch(/^application\/cloudevents\+json/);
    expect(received[0]?.body).toBe(one.event.json);
  });

  it('is the payload alone in raw mode', async () => {
    const { url, received } = await target();
    await deliverOne({ url, content: 'raw' });
    expect(received[0]?.body).toBe('{"total":12.5}');
    expect(Object.keys(received[0]?.headers ?? {}).filter((name) => name.startsWith('ce-'))).toEqual([]);
  });

  it('is bytes where the event has bytes, and nothing where it has no payload', async () => {
    const { url, received } = await target();
    await deliverOne({ url }, nodeContext(), delivery('b', { data: undefined, data_base64: 'aGFsbG8=' }));
    await deliverOne({ url }, nodeContext(), delivery('n', { data: undefined }));
    expect(received.map(({ body }) => body)).toEqual(['hallo', '']);
    expect(received[1]?.headers['content-type']).toBeUndefined();
  });

  it('is one request for many events in batched mode, with a result for each', async () => {
    const { url, received } = await target();
    const options: HttpOptions = { url, content: 'batch', batchSize: 2 };
    expect(http.batchSize(options)).toBe(2);
    const results = await http.deliver([delivery('a'), delivery('b'), delivery('c')], options, nodeContext());
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(received).toHaveLength(2);
    expect(received[0]?.headers['content-type']).toMatch(/^application\/cloudevents-batch\+json/);
    const sent = received.flatMap(({ body }) => JSON.parse(body) as { id: string }[]);
    expect(sent.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('is one request for each event otherwise', async () => {
    const { url, received } = await target();
    expect(http.batchSize({ url })).toBe(1);
    const results = await http.deliver([delivery('a'), delivery('b')], { url }, nodeContext());
    expect(results).toHaveLength(2);
    expect(new Set(received.map(({ headers }) => headers['ce-id']))).toEqual(new Set(['a', 'b']));
  });
});

describe('signing', () => {
  const secret = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;
  const secrets = { get: (name: string) => Promise.resolve(name === 'shop' ? secret : undefined) };

  it.each(['binary', 'structured', 'raw', 'batch'] as const)(
    'is verified by a receiver in %s mode',
    async (content) => {
      const { url, received } = await target();
      const options: HttpOptions = { url, content, signing: { secret: 'shop' } };
      await http.deliver([delivery('a')], options, nodeContext({ secrets }));
      const [{ headers, body } = nothing] = received;
      expect(headers['webhook-id']).toBe('msg_a');
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toBeTruthy();
    },
  );

  it('gives a batch an id that is the same for the same events only', async () => {
    const { url, received } = await target();
    const options: HttpOptions = { url, content: 'batch', signing: { secret: 'shop' } };
    const [a, b, c] = [delivery('a'), delivery('b'), delivery('c')];
    for (const events of [
      [a, b],
      [a, b],
      [a, c],
    ])
      await http.deliver(events, options, nodeContext({ secrets }));
    const ids = received.map(({ headers }) => headers['webhook-id']);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
  });

  it('sends nothing when the secret is missing', async () => {
    const { url, received } = await target();
    const result = await deliverOne({ url, signing: { secret: 'other' } }, nodeContext({ secrets }));
    expect(result).toMatchObject({ ok: false, failure: 'refused', reason: expect.stringContaining('other') });
    expect(received).toEqual([]);
  });
});

describe('what comes back', () => {
  it('is read with its reason and Retry-After', async () => {
    const { url } = await target((response) => response.writeHead(503, { 'retry-after': '7' }).end('try\nlater'));
    expect(await deliverOne({ url })).toMatchObject({
      ok: false,
      failure: 'response',
      code: 503,
      retryAfterMs: 7000,
      reason: 'the target answered 503: try later',
    });
  });

  it('is a failure when it is a redirect, which is not followed', async () => {
    const { url: other, received } = await target();
    const { url } = await target((response) => response.writeHead(307, { location: other }).end());
    expect(await deliverOne({ url })).toMatchObject({ ok: false, failure: 'response', code: 307 });
    expect(received).toEqual([]);
  });

  it('is read up to 16 KB, however much the target sends', async () => {
    let written = 0;
    const { url } = await target((response) => {
      response.writeHead(500);
      const timer = setInterval(() => {
        written += 65_536;
        response.write('x'.repeat(65_536));
      }, 1);
      response.on('close', () => clearInterval(timer));
    });
    const result = await deliverOne({ url, timeoutSeconds: 5 });
    expect(result).toMatchObject({ ok: false, failure: 'response', code: 500 });
    expect(result.latencyMs).toBeLessThan(4000);
    expect(written).toBeLessThan(10_000_000);
  });

  it('does not repeat the configured headers that the target echoes', async () => {
    const { url } = await target((response, request) =>
      response.writeHead(400).end(JSON.stringify(request.headers['authorization'])),
    );
    const result = await deliverOne({ url, headers: { authorization: 'Bearer s3cret-token' } });
    expect(JSON.stringify(result)).not.toContain('s3cret-token');
  });

  it('is a timeout when nothing comes in time', async () => {
    const { url } = await target(() => {});
    const result = await deliverOne({ url, timeoutSeconds: 0.1 });
    expect(result).toMatchObject({ ok: false, failure: 'timeout', reason: 'no answer within 0.1 s' });
  });

  it('keeps the status when only the body does not come to its end', async () => {
    const drip: (status: number) => Answer = (status) => (response) => {
      response.writeHead(status);
      response.write('a');
    };
    const accepted = await target(drip(200));
    const failed = await target(drip(500));
    expect(await deliverOne({ url: accepted.url, timeoutSeconds: 0.2 })).toMatchObject({ ok: true, code: 200 });
    expect(await deliverOne({ url: failed.url, timeoutSeconds: 0.2 })).toMatchObject({ ok: false, code: 500 });
  });

  it('is a network failure when the connection breaks or is refused', async () => {
    const { url } = await target((_response, request) => request.socket.destroy());
    expect(await deliverOne({ url })).toMatchObject({ ok: false, failure: 'network' });
    const refused = await deliverOne({ url: 'http://127.0.0.1:59999/' });
    expect(refused).toMatchObject({ ok: false, failure: 'network', reason: expect.stringMatching(/ECONNREFUSED/) });
  });
});

describe('what is refused', () => {
  const closed = { allowPrivateTargets: false };

  it('is a private target, at delivery too', async () => {
    const { url, received } = await target();
    const result = await deliverOne({ url }, nodeContext({ policy: closed }));
    expect(result).toMatchObject({ ok: false, failure: 'refused' });
    expect(received).toEqual([]);
  });

  it.each<[HttpOptions, string]>([
    [{ url: 'http://10.0.0.1/' }, '/url'],
    [{ url: 'https://example.com/', headers: { Host: 'x' } }, '/headers/Host'],
    [{ url: 'https://example.com/', batchSize: 10 }, '/batchSize'],
    [{ url: 'https://example.com/', content: 'batch', reply: true }, '/reply'],
  ])('is %j', (options, place) => {
    expect(() => http.check?.(options, closed)).toThrow(expect.objectContaining({ code: 'target_invalid', place }));
    expect(() => http.check?.(options, closed)).toThrow(TulleError);
  });
});

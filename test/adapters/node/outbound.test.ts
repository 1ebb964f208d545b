import { createServer, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutbound, type Outbound } from '../../../adapters/node/outbound.ts';
import type { PostRequest } from '../../../mesh/ports/runtime.ts';

let target: Server;
let port = 0;
let requests: { method: string | undefined; headers: Record<string, unknown>; body: string }[] = [];
const open: Outbound[] = [];

beforeAll(async () => {
  target = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      requests.push({ method: request.method, headers: request.headers, body });
      if (request.url === '/redirect') response.writeHead(307, { location: '/' }).end('elsewhere');
      else if (request.url === '/busy') response.writeHead(503, { 'retry-after': '7' }).end('busy');
      else if (request.url === '/large') response.end('x'.repeat(5_000_000));
      else if (request.url === '/drip') response.writeHead(200).write('begun');
      else if (request.url === '/hang') response.on('close', () => {});
      else if (request.url === '/break') response.destroy();
      else response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  port = (target.address() as AddressInfo).port;
});

afterAll(async () => {
  await Promise.all(open.map((outbound) => outbound.close()));
  target.closeAllConnections();
  target.close();
});

function create(options: Parameters<typeof createOutbound>[0]): Outbound {
  const outbound = createOutbound(options);
  open.push(outbound);
  requests = [];
  return outbound;
}

function toRequest(path: string, more: Partial<PostRequest> = {}): PostRequest {
  return {
    url: `http://127.0.0.1:${port}${path}`,
    headers: { 'content-type': 'text/plain', 'x-name': 'value' },
    body: 'Grüße',
    timeoutMs: 2_000,
    answerBytes: 16_384,
    ...more,
  };
}

describe('a POST of Node', () => {
  it('sends headers and body as they are, and answers the status', async () => {
    const { post } = create({ allowPrivateTargets: true });
    expect(await post(toRequest('/'))).toEqual({ status: 204, retryAfter: undefined, text: '' });
    await post(toRequest('/', { body: new TextEncoder().encode('bytes') }));
    await post(toRequest('/', { body: null }));
    expect(requests.map(({ body }) => body)).toEqual(['Grüße', 'bytes', '']);
    expect(requests[0]).toMatchObject({ method: 'POST', headers: { 'x-name': 'value', 'content-length': '7' } });
  });

  it('follows no redirect, and hands on what a busy target asks for', async () => {
    const { post } = create({ allowPrivateTargets: true });
    expect(await post(toRequest('/redirect'))).toMatchObject({ status: 307, text: 'elsewhere' });
    expect(requests).toHaveLength(1);
    expect(await post(toRequest('/busy'))).toEqual({ status: 503, retryAfter: '7', text: 'busy' });
  });

  it('reads the start of a large answer only', async () => {
    const { post } = create({ allowPrivateTargets: true });
    const { status, text } = await post(toRequest('/large', { answerBytes: 1_000 }));
    expect(status).toBe(200);
    expect(text).toHaveLength(1_000);
  });

  it('takes the status for an answer when the body never ends', async () => {
    const { post } = create({ allowPrivateTargets: true });
    expect(await post(toRequest('/drip', { timeoutMs: 200 }))).toMatchObject({ status: 200, text: 'begun' });
  });

  it('rejects with a timeout where nothing comes, and with the reason where the connection breaks', async () => {
    const { post } = create({ allowPrivateTargets: true });
    await expect(post(toRequest('/hang', { timeoutMs: 200 }))).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(post(toRequest('/break'))).rejects.toThrow(/other side closed|socket/i);
    await expect(post(toRequest('/', { url: 'http://127.0.0.1:9/' }))).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('the guard where Node dials', () => {
  /** Each look-up answers the next list, the last one again and again. */
  function resolver(...answers: readonly string[][]): { lookup: LookupFunction; asked: () => number } {
    let asked = 0;
    return {
      asked: () => asked,
      lookup: (_hostname, _options, callback) => {
        const addresses = answers[Math.min(asked++, answers.length - 1)] ?? [];
        callback(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      },
    };
  }

  it.each([
    [['127.0.0.1']],
    [['10.0.0.1']],
    [['169.254.169.254']],
    [['::1']],
    [['::ffff:10.0.0.1']],
    [['::ffff:127.0.0.1']],
    [['fe80::1%eth0']],
    [['64:ff9b::a00:1']],
    [['93.184.216.34', '10.0.0.1']],
    [['2606:2800:220:1::1', '::1']],
    [[]],
  ])('refuses a name that leads to %j, by post and by fetch', async (addresses) => {
    const { lookup } = resolver(addresses);
    const { post, fetch } = create({ allowPrivateTargets: false, lookup });
    const url = `http://name.example:${port}/`;
    await expect(post(toRequest('/', { url }))).rejects.toThrow(/not public|no address/);
    const failed = await fetch(new Request(url, { method: 'POST', body: 'x' })).catch((error: unknown) => error);
    expect(String((failed as Error).cause)).toMatch(/not public|no address/);
    expect(requests).toEqual([]);
  });

  it.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0'])('refuses the address %s itself', async (host) => {
    const { post } = create({ allowPrivateTargets: false });
    await expect(post(toRequest('/', { url: `http://${host}:${port}/` }))).rejects.toThrow(/not public/);
    expect(requests).toEqual([]);
  });

  it('asks again for every connection, so that a name that moves inside is refused then', async () => {
    // Nothing answers at the public address: what counts is whom it tries to reach.
    const { lookup, asked } = resolver(['192.88.98.1'], ['127.0.0.1']);
    const { post } = create({ allowPrivateTargets: false, lookup });
    const url = `http://rebinding.example:${port}/`;
    await expect(post(toRequest('/', { url, timeoutMs: 100 }))).rejects.toThrow();
    await expect(post(toRequest('/', { url, timeoutMs: 15_000 }))).rejects.toThrow(/not public/);
    expect(asked()).toBeGreaterThan(1);
    expect(requests).toEqual([]);
  }, 20_000);

  it('dials the address that was judged', async () => {
    const { lookup, asked } = resolver(['127.0.0.1'], ['10.0.0.1']);
    const { post } = create({ allowPrivateTargets: true, lookup });
    await post(toRequest('/', { url: `http://name.example:${port}/` }));
    expect(requests).toHaveLength(1);
    expect(asked()).toBe(1);
  });
});

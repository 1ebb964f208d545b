import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type NodeServer, startServer } from '../../../adapters/node/server.ts';

const open: NodeServer[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});

async function start(
  fetch: (request: Request) => Promise<Response>,
  admission?: { requests: number; bytes: number; unknownBytes: number },
): Promise<NodeServer> {
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    fetch,
    ...(admission === undefined ? {} : { admission }),
  });
  open.push(server);
  return server;
}

/** Sends bytes as they are; answers everything that comes until the connection ends or is quiet. */
function raw(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

describe('requests on which two servers could differ', () => {
  const head = 'POST /v1/events HTTP/1.1\r\nHost: mesh.example\r\n';
  const chunked = '0\r\n\r\n';

  it.each([
    ['a length beside chunks', `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`],
    ['chunks beside a length', `${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${chunked}`],
    ['two lengths', `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`],
    ['two lengths in one line', `${head}Content-Length: 5, 5\r\n\r\nhello`],
    ['a length with a sign', `${head}Content-Length: +5\r\n\r\nhello`],
    ['a length that is none', `${head}Content-Length: 5x\r\n\r\nhello`],
    ['a folded header line', `${head}X-Folded: one\r\n two\r\nContent-Length: 5\r\n\r\nhello`],
    ['a space before the colon', `${head}Content-Length : 5\r\n\r\nhello`],
    ['chunked that is not last', `${head}Transfer-Encoding: chunked, gzip\r\n\r\n${chunked}`],
    ['chunked twice', `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked, x\r\n\r\n${chunked}`],
    ['a chunk size that is none', `${head}Transfer-Encoding: chunked\r\n\r\nz\r\nhello\r\n0\r\n\r\n`],
    ['a line feed alone', `POST /v1/events HTTP/1.1\nHost: mesh.example\nContent-Length: 5\n\nhello`],
    ['NUL in a header', `${head}X-Nul: a\0b\r\nContent-Length: 5\r\n\r\nhello`],
    ['no host', 'POST /v1/events HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello'],
    ['two hosts', `${head}Host: other.example\r\nContent-Length: 5\r\n\r\nhello`],
  ])('are refused: %s', async (_what, text) => {
    let reached = 0;
    const server = await start(async (request) => {
      await request.arrayBuffer();
      reached += 1;
      return new Response('taken');
    });
    const answer = await raw(server.url, text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain('taken');
    expect(reached).toBe(0);
  });

  it('end where their length says: what follows is the next request', async () => {
    const bodies: string[] = [];
    const server = await start(async (request) => {
      bodies.push(await request.text());
      return new Response(null, { status: 202 });
    });
    await raw(
      server.url,
      `${head}Content-Length: 5\r\n\r\nhello${head}Content-Length: 3\r\nConnection: close\r\n\r\nyou`,
    );
    expect(bodies).toEqual(['hello', 'you']);
  });
});

describe('the server', () => {
  it('takes headers as long as attributes of events may be, and answers 431 to longer ones', async () => {
    const server = await start(async (request) => new Response(String(request.headers.get('ce-long')?.length)));
    const response = await fetch(server.url, { headers: { 'ce-long': 'x'.repeat(65_536) } });
    expect(await response.text()).toBe('65536');
    expect((await fetch(server.url, { headers: { 'ce-long': 'x'.repeat(140_000) } })).status).toBe(431);
  });

  it('answers 503 with Retry-After when it works on as much as it can hold, and takes requests again afterwards', async () => {
    const waiting: (() => void)[] = [];
    const server = await start(
      async () => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return new Response('done');
      },
      { requests: 10, bytes: 1_000, unknownBytes: 900 },
    );
    const post = (body: string): Promise<Response> => fetch(server.url, { method: 'POST', body });
    const first = post('x'.repeat(600));
    while (waiting.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    const refused = await post('x'.repeat(600));
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ code: 'unavailable' });
    waiting.shift()?.();
    expect(await (await first).text()).toBe('done');
    const next = post('x'.repeat(600));
    while (waiting.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    waiting.shift()?.();
    expect((await next).status).toBe(200);
  });

  it('says that it is ready, until it is being shut down', async () => {
    const server = await start(async () => new Response('no'));
    expect(await (await fetch(`${server.url}/readyz`)).json()).toEqual({ status: 'ready' });
  });

  it('answers what it has begun before it closes, and takes nothing new', async () => {
    let answer: (() => void) | undefined;
    const server = await start(async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      return new Response('whole');
    });
    const under = fetch(server.url);
    while (answer === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    const closing = server.close(5_000);
    await expect(fetch(server.url)).rejects.toThrow();
    answer();
    const response = await under;
    expect(await response.text()).toBe('whole');
    expect(response.headers.get('connection')).toBe('close');
    await closing;
  });

  it('does not wait longer than it was told to', async () => {
    const server = await start(() => new Promise(() => {}));
    const under = fetch(server.url).catch(() => 'broken off');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.close(100);
    expect(await under).toBe('broken off');
  });
});

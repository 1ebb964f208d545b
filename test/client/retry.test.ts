import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient } from '../../client/client.ts';
import { PublishError } from '../../client/publish.ts';
import { retryDelayMs } from '../../client/retry.ts';
import { readRetryAfter } from '../../client/transport.ts';

/** What stands between a client and Tulle: answers in turn, the last one again and again. */
type Answer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | 'hang up';

describe('requests that fail', () => {
  let server: Server;
  const bodies: string[] = [];
  afterEach(() => {
    bodies.length = 0;
    server.closeAllConnections();
    server.close();
  });

  async function answering(...answers: readonly Answer[]) {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (data: Buffer) => (body += data.toString()));
      request.on('end', () => {
        const answer = answers[Math.min(bodies.length, answers.length - 1)] ?? 'hang up';
        bodies.push(body);
        if (answer === 'hang up') request.socket.destroy();
        else response.writeHead(answer.status, answer.headers).end(answer.body ?? '{"accepted":1,"events":[]}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return createClient({ url, key: 'k', retry: { attempts: 4, baseMs: 1, longestMs: 2_000 } });
  }

  it.for([
    ['a key over two lines', { url: 'http://127.0.0.1:1', key: 'one\nSECRET' }],
    ['a password in the address', { url: 'http://me:SECRET@127.0.0.1:1', key: 'k' }],
  ] as const)('are not made with %s, which nobody is shown', ([, options]) => {
    server = createServer();
    const create = (): unknown => createClient(options);
    expect(create).toThrow(expect.objectContaining({ code: 'request_invalid' }));
    expect(create).not.toThrow(/SECRET/);
  });

  const event = { source: '/s', type: 't' };

  it('are sent again with the same id of the event', async () => {
    const client = await answering('hang up', { status: 502 }, { status: 429 }, { status: 202 });
    await expect(client.publish(event)).resolves.toMatchObject({ accepted: 1 });
    expect(bodies).toHaveLength(4);
    expect(new Set(bodies).size).toBe(1);
  });

  it('wait as long as Retry-After says, and not at all where that is too long', async () => {
    const client = await answering({ status: 503, headers: { 'retry-after': '1' } }, { status: 202 });
    const start = performance.now();
    await client.publish(event);
    expect(performance.now() - start).toBeGreaterThanOrEqual(1_000);
    server.close();
    const other = await answering({ status: 503, headers: { 'retry-after': '3600' } });
    bodies.length = 0;
    await expect(other.publish(event)).rejects.toMatchObject({ status: 503, retryAfter: 3_600 });
    expect(bodies).toHaveLength(1);
  });

  it('are not sent again where they are refused, or may have been done', async () => {
    const client = await answering({ status: 400 });
    await expect(client.publish(event)).rejects.toMatchObject({ status: 400, code: 'unknown' });
    expect(bodies).toHaveLength(1);
    server.close();
    const other = await answering('hang up');
    bodies.length = 0;
    await expect(other.admin.keys.create({ role: 'viewer', buses: ['*'] })).rejects.toMatchObject({ status: 0 });
    expect(bodies).toHaveLength(1);
    server.close();
    const late = await answering({ status: 504, body: '{"code":"reply_late"}' });
    bodies.length = 0;
    await expect(late.request(event, { wait: 1 })).rejects.toMatchObject({ code: 'reply_late' });
    expect(bodies).toHaveLength(1);
  });

  it('tell which of many events were accepted', async () => {
    const client = await answering({ status: 202, body: '{"accepted":1000,"events":[]}' }, { status: 400 });
    const many = Array.from({ length: 1_001 }, () => event);
    const error: unknown = await client.publish(many).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PublishError);
    expect(error).toMatchObject({ accepted: { accepted: 1_000 }, cause: { status: 400 } });
  });

  it('pause for longer each time, with full jitter', () => {
    const options = { attempts: 5, baseMs: 100, longestMs: 1_000 };
    expect([1, 2, 3, 9].map((made) => retryDelayMs(options, made, 0, () => 1))).toEqual([100, 200, 400, 1_000]);
    expect(retryDelayMs(options, 1, 0.5, () => 0)).toBe(500);
    expect(retryDelayMs(options, 1, 2)).toBeUndefined();
    expect(readRetryAfter('Thu, 01 Jan 1970 00:00:10 GMT', 4_000)).toBe(6);
    expect(readRetryAfter('soon', 0)).toBeUndefined();
  });
});

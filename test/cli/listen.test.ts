import { type CloudEvent, HTTP } from 'cloudevents';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { toBinary } from '../../cli/listen/forward.ts';
import { verifySignature } from '../../client/signature.ts';
import { adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';
import { run } from './run.ts';
import { freePort, root, temporaryFolder } from './tulle.ts';

const secret = `whsec_${btoa('a secret of twenty-four bytes')}`;

describe('tulle listen', { timeout: 60_000 }, () => {
  let folder: string;
  let node: RunningNode;
  let env: Record<string, string>;
  let port: number;
  let receiver: Server;
  const received: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder();
    node = await startNode({ TULLE_DATA: join(folder, 'data') });
    env = { TULLE_URL: node.url, TULLE_ADMIN_KEY: adminKey };
    const answer = await fetch(`${node.url}/v1/admin/buses/default`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: '{ "record": "all" }',
    });
    expect(answer.status).toBe(201);
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (data: Buffer) => (body += data.toString()));
      request.on('end', () => {
        received.push({ path: request.url ?? '', headers: request.headers, body });
        response.writeHead(request.headers['ce-id'] === 'refused' ? 500 : 204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    ({ port } = receiver.address() as AddressInfo);
  }, 30_000);
  afterAll(async () => {
    receiver.close();
    await node.stop('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });

  function start(...words: readonly string[]) {
    const child = spawn(process.execPath, ['cli/main.ts', 'listen', ...words], {
      cwd: root,
      env: Object.assign({}, process.env, env, { TULLE_SIGNING_SECRET: secret }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (data: Buffer) => (said.stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (said.stderr += data.toString()));
    return { child, said, ended: once(child, 'close') as Promise<[number | null]> };
  }

  const publish = (id: string, type = 'order.paid', data: unknown = { total: 12 }) =>
    run(env, ['publish', '--source', '/shop', '--type', type, '--id', id, '--data', JSON.stringify(data)]);

  it('forwards what comes in as a CloudEvent, signed, and says what became of it', async () => {
    const filter = '{ "pattern": { "data": { "total": [{ "numeric": [">", 10] }] } } }';
    const { child, said, ended } = start(String(port), '--path', '/hooks', '--filter', filter, '--json');
    await vi.waitFor(() => expect(said.stderr).toContain('Forwarding events'), 20_000);
    await publish('small', 'order.paid', { total: 5 });
    await publish('order-1');
    await publish('refused');
    await vi.waitFor(() => expect(said.stdout.trim().split('\n')).toHaveLength(2), 20_000);
    expect(
      said.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([
      { id: 'order-1', type: 'order.paid', status: 204, ok: true },
      { id: 'refused', status: 500, ok: false },
    ]);
    const [first] = received;
    expect(first).toMatchObject({
      path: '/hooks',
      body: '{"total":12}',
      headers: { 'ce-type': 'order.paid', 'ce-id': 'order-1' },
    });
    await verifySignature({ body: first?.body ?? '', headers: first?.headers ?? {} }, { secrets: secret });
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
    expect(said.stderr).toContain('2 events forwarded, 1 of them not taken.');
  });

  it('publishes and forwards numbers as they were written', async () => {
    received.length = 0;
    const { said, ended } = start(String(port), '--limit', '1');
    await vi.waitFor(() => expect(said.stderr).toContain('Forwarding events'), 20_000);
    const data = '{"id":18446744073709551615,"share":0.12345678901234567}';
    expect(await run(env, ['publish', '--source', '/s', '--type', 't', '--id', 'exact', '--data', data])).toMatchObject(
      { code: 0 },
    );
    expect((await ended)[0]).toBe(0);
    expect(received).toMatchObject([{ body: data }]);
  });

  it('shows that nobody listens, and goes on', async () => {
    const { said, ended } = start(String(await freePort()), '--limit', '1');
    await vi.waitFor(() => expect(said.stderr).toContain('Forwarding events'), 20_000);
    await publish('order-2');
    expect((await ended)[0]).toBe(0);
    expect(said.stdout).toMatch(/\torder.paid\torder-2\t→ nobody listens there\t\d+ ms\n/);
  });

  it('leaves nothing behind when it is killed', async () => {
    const before = await run(env, ['audit', 'list', '--json']);
    const { child, said, ended } = start(String(port));
    await vi.waitFor(() => expect(said.stderr).toContain('Forwarding events'), 20_000);
    child.kill('SIGKILL');
    await ended;
    expect(await run(env, ['audit', 'list', '--json'])).toEqual(before);
    expect((await run(env, ['rules', 'list'])).stdout).toBe('');
  });

  it('is refused for what is no port, and for a key that may not see data', async () => {
    expect(await run(env, ['listen', 'x'])).toMatchObject({ code: 2 });
    expect(await run(env, ['listen', '3000', '--path', 'x'])).toMatchObject({ code: 2 });
    const made = await run(env, ['keys', 'create', '--role', 'viewer', '-b', '*', '--json']);
    const { key } = JSON.parse(made.stdout) as { key: string };
    const viewer = { TULLE_URL: node.url, TULLE_KEY: key };
    expect(await run(viewer, ['listen', '3000'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('403') as string,
    });
  });
});

describe('a forwarded event', () => {
  it.each([
    { data: { a: 1 } },
    { data: 'text', datacontenttype: 'text/plain' },
    { data: 'a JSON string' },
    { data_base64: btoa('bytes'), datacontenttype: 'application/octet-stream' },
    { subject: 'a "Käse" 100 % 🧀', data: null },
    {},
  ])('is read back by the SDK of CloudEvents: %j', (more) => {
    const event = { specversion: '1.0', id: '1', source: '/s', type: 't', ...more };
    const { headers, body } = toBinary(event);
    const read = HTTP.toEvent({
      headers,
      body: typeof body === 'string' ? body : body.toString('latin1'),
    }) as CloudEvent;
    expect(read).toMatchObject({ id: '1', source: '/s', type: 't' });
    for (const value of Object.values(headers)) expect(value).toMatch(/^[ -~]*$/);
    if ('subject' in more) expect(decodeURIComponent(read.subject ?? '')).toBe(more.subject);
  });
});

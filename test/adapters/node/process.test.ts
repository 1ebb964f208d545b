import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteDocuments } from '../../../adapters/node/documents.ts';
import { createNodeSql } from '../../../adapters/node/sql.ts';
import { createChanges } from '../../../admin/changes/changes.ts';
import { admin, adminKey, failToStart, type RunningNode, startNode } from './main.ts';

let folder = '';
let target: Server;
let targetUrl = '';
let received: string[] = [];
let answer: (id: string) => number | Promise<number> = () => 204;
const running: RunningNode[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tulle-process-'));
  received = [];
  answer = () => 204;
  target = createServer((request, response) => {
    const id = String(request.headers['ce-id']);
    request.resume().on('end', () => {
      received.push(id);
      void Promise.resolve(answer(id)).then((status) => response.writeHead(status).end());
    });
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  targetUrl = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop('SIGKILL')));
  target.closeAllConnections();
  target.close();
  rmSync(folder, { recursive: true });
});

async function start(): Promise<RunningNode> {
  const node = await startNode({ TULLE_DATA: folder });
  running.push(node);
  return node;
}

async function prepare(url: string): Promise<void> {
  await admin(url, 'PUT', '/v1/admin/buses/default', {});
  await admin(url, 'PUT', '/v1/admin/buses/default/rules/all', {
    filter: { pattern: { source: ['/shop'] } },
    targets: [{ name: 'hook', http: { url: targetUrl } }],
  });
}

async function publish(url: string, ids: readonly string[]): Promise<number> {
  const events = ids.map((id) => ({ specversion: '1.0', id, source: '/shop', type: 'order.created', data: { id } }));
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(events),
  });
  await response.arrayBuffer();
  return response.status;
}

/** As a process that dies right after a change was made. */
async function commitWithoutCarryingOut(key: string, document: object): Promise<void> {
  const sql = createNodeSql(join(folder, 'documents.sqlite'));
  const documents = createSqliteDocuments(sql);
  const dying: typeof documents = {
    ...documents,
    put: (name, ...rest) =>
      name === key ? Promise.reject(new Error('the process is dead')) : documents.put(name, ...rest),
  };
  const runtime = {
    now: Date.now,
    random: Math.random,
    fetch,
    pause: () => Promise.resolve(),
    waitUntil: (work: Promise<unknown>) => void work.catch(() => undefined),
  };
  await createChanges(dying, runtime).commit({ tenant: 'default', by: 'operator' }, (staging) =>
    staging.put(key, document),
  );
  await sql.close();
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition() && tries < 500; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(condition()).toBe(true);
}

describe('the Node process', () => {
  it('finishes a change that a crash left half done as soon as it starts', { timeout: 30_000 }, async () => {
    const first = await start();
    await prepare(first.url);
    await first.stop('SIGTERM');
    await commitWithoutCarryingOut('rule/default/default/later', {
      kind: 'rule',
      name: 'later',
      bus: 'default',
      enabled: true,
      filter: { pattern: { source: ['/later'] } },
      steps: [],
      targets: [{ name: 'hook', http: { url: targetUrl } }],
    });
    const second = await start();
    const names = async (): Promise<unknown> => {
      const headers = { authorization: `Bearer ${adminKey}` };
      const response = await fetch(`${second.url}/v1/admin/buses/default/rules`, { headers });
      return ((await response.json()) as { items: { document: { name: string } }[] }).items.map(
        ({ document }) => document.name,
      );
    };
    await expect.poll(names, { timeout: 10_000 }).toEqual(['all', 'later']);
  });

  it('answers publishers who wait when it is told to end, and keeps their events', { timeout: 30_000 }, async () => {
    const node = await start();
    await prepare(node.url);
    answer = () => 503;
    const waiting = fetch(`${node.url}/v1/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${adminKey}`,
        'content-type': 'application/cloudevents+json',
        prefer: 'wait=60',
      },
      body: JSON.stringify({ specversion: '1.0', id: 'e1', source: '/shop', type: 'order.created' }),
    });
    await expect.poll(() => received, { timeout: 10_000 }).toContain('e1');
    await node.stop('SIGTERM');
    const response = await waiting;
    expect(response.status).toBe(202);
    expect(response.headers.has('preference-applied')).toBe(false);
    answer = () => 204;
    await start();
    await expect.poll(() => received.length, { timeout: 15_000 }).toBeGreaterThan(1);
  });

  it('says where it listens, delivers, and goes on with everything after a restart', async () => {
    const first = await start();
    expect(first.output()).toMatch(/^Tulle listens on http:\/\/127\.0\.0\.1:\d+\n$/);
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    await prepare(first.url);
    answer = (id) => (id === 'later' && received.filter((known) => known === id).length < 2 ? 503 : 204);
    expect(await publish(first.url, ['now', 'later'])).toBe(202);
    await until(() => received.length >= 2);
    expect(await first.stop('SIGTERM')).toBe(0);

    // Nothing is called: what waited for its retry is due by itself.
    const second = await start();
    await until(() => received.filter((id) => id === 'later').length === 2);
    expect(received.filter((id) => id === 'now')).toHaveLength(1);
    const history = await admin(second.url, 'GET', '/v1/buses/default/deliveries?event=later&status=retrying');
    expect(history).toMatchObject({ deliveries: [{ attempt: 1, code: 503 }] });
    expect(await second.stop('SIGINT')).toBe(0);
  }, 30_000);

  it('settles what is out before it ends, and repeats nothing of it', async () => {
    const first = await start();
    await prepare(first.url);
    const { promise, resolve } = Promise.withResolvers<number>();
    answer = () => promise;
    expect(await publish(first.url, ['slow'])).toBe(202);
    await until(() => received.length === 1);
    const ended = first.stop('SIGTERM');
    await new Promise((done) => setTimeout(done, 200));
    expect(first.process.exitCode).toBeNull();
    resolve(204);
    expect(await ended).toBe(0);

    const second = await start();
    await new Promise((done) => setTimeout(done, 300));
    expect(received).toEqual(['slow']);
    await second.stop('SIGTERM');
  }, 30_000);

  it('has its folder for itself', async () => {
    const first = await start();
    const second = await failToStart({ TULLE_ADMIN_KEY: adminKey, TULLE_DATA: folder, PORT: '0' });
    expect(second.code).toBe(1);
    expect(second.said).toMatch(/^Another process is working in .*TULLE_DATA/);
    await first.stop('SIGTERM');
  }, 30_000);

  it('does not start without an operator key that is long enough', async () => {
    for (const env of [{}, { TULLE_ADMIN_KEY: 'short' }]) {
      const { code, said } = await failToStart({ TULLE_DATA: folder, PORT: '0', ...env });
      expect(code).toBe(1);
      expect(said).toMatch(/^TULLE_ADMIN_KEY is .*\n$/);
    }
  }, 30_000);

  it('calls no private address unless it is told that it may', async () => {
    const node = await startNode({ TULLE_DATA: folder, TULLE_ALLOW_PRIVATE_TARGETS: 'false' });
    running.push(node);
    await expect(prepare(node.url)).rejects.toThrow(/target_invalid/);
  }, 30_000);
});

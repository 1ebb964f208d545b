import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NodeProcess, startProcess } from '../../adapters/node/process.ts';

const adminKey = 'operator-key-for-tests-0123456789';
const seconds = 1_000;

interface Task {
  readonly state: string;
  readonly reason: string;
  readonly worker?: string;
  readonly totals: { readonly records: number; readonly quarantined: number };
  readonly transitions: readonly { readonly state: string; readonly reason: string }[];
}

describe('connectors on Node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-connectors-'));
  const arrived = new Map<string, number>();
  const items: object[] = [];
  let mode: 'fine' | 'broken' | 'garbage' = 'fine';
  let node: NodeProcess;
  let url = '';

  // One server is the API that is pulled from and the target that is delivered to.
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://here');
    if (pathname === '/target') {
      const id = String(request.headers['ce-id']);
      arrived.set(id, (arrived.get(id) ?? 0) + 1);
      request.resume().on('end', () => response.writeHead(204).end());
    } else if (mode === 'broken') {
      response.writeHead(503).end();
    } else if (mode === 'garbage') {
      response.end('<html>');
    } else {
      const at = Number(searchParams.get('cursor') ?? 0);
      const page = items.slice(at, at + 10);
      response.end(JSON.stringify({ items: page, next: page.length === 0 ? null : at + page.length }));
    }
  });

  async function admin(method: string, path: string, body?: object): Promise<{ status: number; json: never }> {
    const response = await fetch(`${node.url}/v1/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: (text === '' ? undefined : JSON.parse(text)) as never };
  }

  async function taskOf(connector: string): Promise<Task> {
    const { json } = await admin('GET', `/buses/default/connectors/${connector}/tasks`);
    return (json as { items: Task[] }).items[0] as Task;
  }

  async function until(what: () => Promise<boolean> | boolean): Promise<void> {
    await expect.poll(what, { timeout: 20 * seconds, interval: 100 }).toBe(true);
  }

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    node = await startProcess({
      settings: {
        adminKey,
        host: '127.0.0.1',
        port: 0,
        dataFolder: folder,
        secretsFolder: undefined,
        allowPrivateTargets: true,
        shutdownMs: 5 * seconds,
        connectorTasks: 10,
      },
      functions: [],
      env: {},
      onFailure(error) {
        throw error;
      },
    });
    await admin('PUT', '/buses/default', {});
    await admin('PUT', '/buses/default/rules/all', {
      filter: { pattern: { source: [{ prefix: '/' }] } },
      targets: [{ name: 'counter', http: { url: `${url}/target` } }],
    });
  });

  afterAll(async () => {
    await node.stop();
    server.close().closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  const connector = (more: object = {}): object => ({
    source: {
      http: {
        url: `${url}/items`,
        records: 'items',
        id: 'id',
        paging: { cursor: { parameter: 'cursor', field: 'next' } },
      },
    },
    schedule: { every: '1s' },
    ...more,
  });

  it('pull, publish and deliver, and set aside what is no event', { timeout: 60 * seconds }, async () => {
    items.push(...Array.from({ length: 35 }, (_, index) => ({ id: `r${index}` })), { name: 'without an id' });
    expect((await admin('PUT', '/buses/default/connectors/feed', connector())).status).toBe(201);
    await until(() => arrived.size === 35);
    items.push({ id: 'later' });
    await until(() => arrived.has('later'));
    await until(async () => (await taskOf('feed')).totals.records === 36);
    expect(await taskOf('feed')).toMatchObject({ state: 'running', totals: { quarantined: 1 } });
    const { json } = await admin('GET', '/buses/default/connectors/feed/quarantine');
    expect((json as { items: object[] }).items).toEqual([
      expect.objectContaining({ reason: 'the record has no id', record: '{"name":"without an id"}' }),
    ]);
    const [{ id }] = (json as { items: [{ id: string }] }).items;
    expect((await admin('DELETE', `/buses/default/connectors/feed/quarantine/${id}`)).status).toBe(204);
  });

  it('say why they fail, and go on when they can', { timeout: 60 * seconds }, async () => {
    mode = 'broken';
    await until(async () => (await taskOf('feed')).state === 'failing');
    expect((await taskOf('feed')).reason).toBe('the API answered 503');
    mode = 'garbage';
    await admin('POST', '/buses/default/connectors/feed/run');
    await until(async () => (await taskOf('feed')).reason === 'the answer of the API is no JSON');
    mode = 'fine';
    items.push({ id: 'after' });
    await admin('POST', '/buses/default/connectors/feed/run');
    await until(() => arrived.has('after'));
    await until(async () => (await taskOf('feed')).state === 'running');
  });

  it('are paused and resumed', { timeout: 60 * seconds }, async () => {
    await admin('POST', '/buses/default/connectors/feed/pause');
    // Its worker learns of it with its next heartbeat, or when it stores a pull.
    await until(async () => (await taskOf('feed')).worker === undefined);
    expect((await taskOf('feed')).state).toBe('paused');
    items.push({ id: 'waiting' });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(arrived.has('waiting')).toBe(false);
    await admin('POST', '/buses/default/connectors/feed/resume');
    await until(() => arrived.has('waiting'));
  });

  it('start again from the beginning when they are told to', { timeout: 60 * seconds }, async () => {
    const before = arrived.get('r0') ?? 0;
    expect((await admin('POST', '/buses/default/connectors/feed/restart', { position: 'no' })).status).toBe(400);
    const { status, json } = await admin('POST', '/buses/default/connectors/feed/restart', { position: { nex: '1' } });
    expect([status, (json as { place: string }).place]).toEqual([400, '/position/nex']);
    expect((await admin('POST', '/buses/default/connectors/feed/restart', {})).status).toBe(200);
    await until(() => (arrived.get('r0') ?? 0) === before + 1);
  });

  it('come to an end when they are to run once', { timeout: 60 * seconds }, async () => {
    await admin('PUT', '/buses/default/connectors/once', connector({ mode: 'once', event: { source: '/once' } }));
    await until(async () => (await taskOf('once')).state === 'completed');
  });

  it('begin anew when they are deleted and made again at once', { timeout: 60 * seconds }, async () => {
    const before = arrived.get('r1') ?? 0;
    expect((await admin('DELETE', '/buses/default/connectors/feed')).status).toBe(204);
    expect((await admin('PUT', '/buses/default/connectors/feed', connector())).status).toBe(201);
    await until(() => (arrived.get('r1') ?? 0) === before + 1);
    const { transitions } = await taskOf('feed');
    const at = transitions.findIndex(({ state }) => state === 'deleted');
    expect(transitions.slice(at, at + 2)).toMatchObject([
      { state: 'deleted', reason: 'its connector was deleted' },
      { state: 'created', reason: 'the connector was created' },
    ]);
  });

  it('leave when they are deleted', { timeout: 60 * seconds }, async () => {
    expect((await admin('DELETE', '/buses/default/connectors/feed')).status).toBe(204);
    expect(await taskOf('feed')).toMatchObject({ state: 'deleted', reason: 'its connector was deleted' });
    expect((await admin('GET', '/buses/default/connectors/nobody/tasks')).status).toBe(404);
    await new Promise((resolve) => setTimeout(resolve, 6 * seconds));
    items.push({ id: 'never' });
    await new Promise((resolve) => setTimeout(resolve, 2 * seconds));
    expect(arrived.has('never')).toBe(false);
  });

  it.for<[string, object, string]>([
    ['a source that there is not', { source: { telepathy: {} } }, '/source/telepathy'],
    [
      'options that the source has not',
      { source: { http: { url: 'https://x.example/', adress: 1 } } },
      '/source/http/adress',
    ],
    ['a schedule that never comes', { schedule: { cron: '0 0 31 2 *' } }, '/schedule/cron'],
    ['a time zone that is none', { schedule: { cron: '0 8 * * *', timeZone: 'Mars/Base' } }, '/schedule/timeZone'],
    ['a division of what cannot be divided', { parallelism: 2 }, '/source/http'],
  ])('are refused with %s', async ([, more, place]) => {
    const { status, json } = await admin('PUT', '/buses/default/connectors/other', connector(more));
    expect([status, (json as { place?: string }).place]).toEqual([400, place]);
  });
});

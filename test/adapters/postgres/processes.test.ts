import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { admin, adminKey, type RunningNode, startNode } from '../node/main.ts';
import { openTestDatabase, postgresUrl, type TestDatabase } from './schema.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let database: TestDatabase;
let target: Server;
let targetUrl = '';
let received: string[] = [];
let answer: (id: string) => number | Promise<number> = () => 204;
let running: RunningNode[] = [];

describe.skipIf(postgresUrl === '')('several Node processes on one Postgres', () => {
  beforeEach(async () => {
    database = await openTestDatabase(2);
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
    await Promise.all(running.map((node) => node.stop('SIGKILL')));
    running = [];
    target.closeAllConnections();
    target.close();
    await database.drop();
  });

  it.each([2, 4])('%i of them deliver what any of them takes, each event once', async (count) => {
    const nodes = await start(count);
    await prepare(nodes[0]);
    await untilAll(nodes, async (node) => (await publish(node, ['first'])) === 202);
    await until(() => received.length === count);
    received.length = 0;
    const ids = Array.from({ length: 200 }, (_, index) => `e${index}`);
    await Promise.all(ids.map((id, index) => publish(nodes[index % count], [id])));
    await until(() => received.length >= ids.length);
    await pause(500);
    expect(received.toSorted()).toEqual(ids.toSorted());
    const books = await admin(nodes[1]?.url ?? '', 'GET', '/v1/buses/default/books');
    expect(books).toMatchObject({ planned: 200 + count, delivered: 200 + count, pending: 0, balanced: true });
  });

  it('a rule that one of them publishes is used by the others a moment later', async () => {
    const [one, other] = await start(2);
    await prepare(one);
    await until(async () => (await publish(other, ['warm'])) === 202);
    await rule(one, 'second');
    const changed = performance.now();
    let matched = 0;
    for (let tries = 0; matched < 2 && tries < 100; tries++) {
      matched = await matchedBy(other, `m${tries}`);
      if (matched < 2) await pause(20);
    }
    expect(matched).toBe(2);
    // Without a word it would be five seconds.
    expect(performance.now() - changed).toBeLessThan(4_000);
  });

  it('loses no change when two of them change a bus at once', async () => {
    const nodes = await start(2);
    await prepare(nodes[0]);
    const names = Array.from({ length: 12 }, (_, index) => `rule-${index}`);
    await Promise.all(names.map((name, index) => rule(nodes[index % 2], name)));
    const { items } = (await admin(nodes[0]?.url ?? '', 'GET', '/v1/admin/buses/default/rules')) as {
      items: { document: { name: string } }[];
    };
    expect(items.map(({ document }) => document.name)).toEqual(expect.arrayContaining(names));
    await until(async () => (await matchedBy(nodes[0], 'a')) === 13 && (await matchedBy(nodes[1], 'b')) === 13);
  });

  it('keeps the order of a key whichever of them it is published to', async () => {
    const nodes = await start(3);
    await prepare(nodes[0], { ordering: 'partitionkey' });
    await untilAll(nodes, async (node) => (await matchedBy(node, 'warm')) === 1);
    let refusals = 2;
    const taken: string[] = [];
    answer = (id) => {
      if (id === 'o7' && refusals-- > 0) return 503;
      if (id.startsWith('o')) taken.push(id);
      return 204;
    };
    const ids = Array.from({ length: 30 }, (_, index) => `o${index}`);
    for (const [index, id] of ids.entries()) await publish(nodes[index % 3], [id], { partitionkey: 'k' });
    await until(() => taken.length >= ids.length, 30_000);
    expect(taken).toEqual(ids);
  });

  it('what one of them had when it was killed is delivered by another within seconds', async () => {
    const [one, other] = await start(2);
    await prepare(one);
    let isDead = false;
    const { promise: never } = Promise.withResolvers<number>();
    answer = () => (isDead ? 204 : never);
    expect(await publish(one, ['orphan'])).toBe(202);
    await until(() => received.length === 1);
    isDead = true;
    const killed = performance.now();
    await one?.stop('SIGKILL');
    await until(() => received.length === 2, 20_000);
    expect(received).toEqual(['orphan', 'orphan']);
    expect(performance.now() - killed).toBeLessThan(15_000);
    await until(async () => {
      const history = await admin(other?.url ?? '', 'GET', '/v1/buses/default/deliveries?event=orphan');
      return JSON.stringify(history).includes('delivered');
    });
  });

  it('a publisher who waits hears of what another process delivers', async () => {
    const nodes = await start(2);
    await prepare(nodes[0]);
    await untilAll(nodes, async (node) => (await matchedBy(node, 'warm')) === 1);
    // Refused once: the retry is anybody's.
    answer = (id) => (id.startsWith('w') && received.filter((known) => known === id).length < 2 ? 503 : 204);
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const response = await send(nodes[index % 2], [`w${index}`], {}, { prefer: 'wait=20' });
        return `${response.status} ${await response.text()}`;
      }),
    );
    expect(statuses.filter((text) => text.includes('delivered'))).toHaveLength(8);
  });

  it('leaves what it has not begun to the others when it is stopped', async () => {
    const [one] = await start(2);
    await prepare(one);
    await publish(
      one,
      Array.from({ length: 500 }, (_, index) => `s${index}`),
    );
    expect(await one?.stop('SIGTERM')).toBe(0);
    await until(() => received.length >= 500);
    expect(new Set(received).size).toBe(500);
    expect(await database.run('SELECT id FROM process')).toHaveLength(1);
  });
});

async function start(count: number): Promise<RunningNode[]> {
  const env = { TULLE_POSTGRES_URL: postgresUrl, TULLE_POSTGRES_SCHEMA: database.schema };
  running = await Promise.all(Array.from({ length: count }, () => startNode(env)));
  return running;
}

async function prepare(node: RunningNode | undefined, target: object = {}): Promise<void> {
  await admin(node?.url ?? '', 'PUT', '/v1/admin/buses/default', {});
  await rule(node, 'all', target);
}

async function rule(node: RunningNode | undefined, name: string, target: object = {}): Promise<void> {
  await admin(node?.url ?? '', 'PUT', `/v1/admin/buses/default/rules/${name}`, {
    filter: { pattern: { source: ['/shop'] } },
    targets: [{ name: 'hook', http: { url: targetUrl }, ...target }],
  });
}

async function send(
  node: RunningNode | undefined,
  ids: readonly string[],
  more: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const events = ids.map((id) => ({
    specversion: '1.0',
    id,
    source: '/shop',
    type: 'order.created',
    data: {},
    ...more,
  }));
  return fetch(`${node?.url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/cloudevents-batch+json', ...headers },
    body: JSON.stringify(events),
  });
}

async function publish(node: RunningNode | undefined, ids: readonly string[], more: object = {}): Promise<number> {
  const response = await send(node, ids, more);
  await response.arrayBuffer();
  return response.status;
}

/** By how many rules. */
async function matchedBy(node: RunningNode | undefined, id: string): Promise<number> {
  const response = await send(node, [id], {});
  if (response.status !== 202) return 0;
  return ((await response.json()) as { events: { matched: number }[] }).events[0]?.matched ?? 0;
}

async function until(condition: () => boolean | Promise<boolean>, milliseconds = 20_000): Promise<void> {
  await expect.poll(condition, { timeout: milliseconds, interval: 20 }).toBe(true);
}

async function untilAll(
  nodes: readonly RunningNode[],
  condition: (node: RunningNode) => Promise<boolean>,
): Promise<void> {
  for (const node of nodes) await until(() => condition(node));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { taskKeys } from '../../admin/tasks/task-document.ts';
import { createDynamoDocuments } from '../../adapters/aws/documents.ts';
import { createObjects } from '../../adapters/aws/objects.ts';
import { createPacker } from '../../adapters/aws/packed.ts';
import { createTable } from '../../adapters/aws/table.ts';
import type { LambdaRunner } from '../../cli/lambda/runner.ts';
import { templateFile } from '../../cli/lambda/template.ts';
import type { Documents } from '../../mesh/ports/documents.ts';
import { admin } from '../adapters/node/main.ts';
import { adminKey, startPackaged } from './start.ts';
import { startTarget, type Target } from './target.ts';

interface Task {
  readonly state: string;
  readonly reason: string;
  readonly position?: unknown;
  readonly totals: { readonly records: number };
}

const soon = { timeout: 20_000, interval: 50 };

describe('connectors on Lambda', () => {
  let runner: LambdaRunner;
  let target: Target;
  let url = '';
  /** How many records of which number were asked for. */
  const asked: number[] = [];
  /** The page at which the API hangs. */
  let hangsAt: number | undefined;
  let items = 0;

  const api = createServer((request, response) => {
    const cursor = Number(new URL(request.url ?? '/', 'http://here').searchParams.get('cursor') ?? 0);
    asked.push(cursor);
    if (cursor === hangsAt) return;
    const page = Array.from({ length: Math.min(10, items - cursor) }, (_, index) => ({ id: `r${cursor + index}` }));
    response.end(JSON.stringify({ items: page, next: page.length === 0 ? null : cursor + page.length }));
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/items`;
    target = await startTarget();
    runner = await startPackaged(inject('packageFolder'), { log: () => undefined });
    await ask('PUT', '/v1/admin/buses/default', {});
    await ask('PUT', '/v1/admin/buses/default/rules/all', {
      filter: { pattern: { source: [{ prefix: '/feeds' }] } },
      targets: [{ name: 'crm', http: { url: `${target.url}/crm` } }],
    });
  });

  afterAll(async () => {
    await runner.stop();
    await target.stop();
    api.closeAllConnections();
    api.close();
  });

  function ask(method: string, path: string, body?: unknown): Promise<unknown> {
    return admin(runner.url, method, path, body, adminKey);
  }

  async function taskOf(connector: string): Promise<Task> {
    const { items: tasks } = (await ask('GET', `/v1/admin/buses/default/connectors/${connector}/tasks`)) as {
      items: Task[];
    };
    return tasks[0] as Task;
  }

  const arrived = (): Set<string | undefined> => new Set(target.received.map(({ headers }) => headers['ce-id']));
  const numbered = (from: number, to: number): Set<string> =>
    new Set(Array.from({ length: to - from }, (_, index) => `r${from + index}`));

  function documents(): Documents {
    const { dynamo, s3 } = runner.clients;
    const table = createTable({ name: String(runner.template.resolve({ Ref: 'Table' })), client: async () => dynamo });
    const bucket = String(runner.template.resolve({ Ref: 'Bodies' }));
    return createDynamoDocuments({ table, packer: createPacker(createObjects({ bucket, client: async () => s3 })) });
  }

  it('pull and publish in the invocation of every minute', async () => {
    items = 25;
    await ask('PUT', '/v1/admin/buses/default/connectors/feed', {
      source: {
        http: { url, records: 'items', id: 'id', paging: { cursor: { parameter: 'cursor', field: 'next' } } },
      },
      schedule: { every: '1s' },
      event: { source: '/feeds/one' },
    });
    await runner.tick();
    await vi.waitFor(() => expect(arrived()).toEqual(numbered(0, 25)), soon);
    expect(await taskOf('feed')).toMatchObject({ totals: { records: 25 } });
  });

  it('go on from the stored position when an invocation was killed', async () => {
    items = 60;
    hangsAt = 45;
    asked.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const killed = runner.tick().catch(() => 'killed');
    await vi.waitFor(() => expect(asked).toContain(45), soon);
    runner.functions.get('tick')?.killWorking();
    expect(await killed).toBe('killed');
    expect(await taskOf('feed')).toMatchObject({ totals: { records: 45 } });

    // The time after which somebody silent has lost its tasks is over.
    const store = documents();
    const { items: workers } = await store.list(taskKeys.workers);
    expect(workers).toHaveLength(1);
    for (const { key, value, version } of workers) await store.put(key, { ...(value as object), lastSeen: 0 }, version);

    hangsAt = undefined;
    asked.length = 0;
    await runner.tick();
    await vi.waitFor(() => expect(arrived()).toEqual(numbered(0, 60)), soon);
    // No record of a pull that was stored was asked for again.
    expect(Math.min(...asked)).toBe(45);
    expect(await taskOf('feed')).toMatchObject({ totals: { records: 60 } });
  });
});

describe('an invocation that has no time left', () => {
  const seconds = 8;
  let folder: string;
  let runner: LambdaRunner;
  const hanging = createServer(() => undefined);

  beforeAll(async () => {
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    folder = await mkdtemp(join(tmpdir(), 'tulle-short-'));
    await cp(inject('packageFolder'), folder, { recursive: true });
    const file = join(folder, templateFile);
    const template = JSON.parse(await readFile(file, 'utf8')) as {
      Resources: { TickLambdaFunction: { Properties: { Timeout: number } } };
    };
    template.Resources.TickLambdaFunction.Properties.Timeout = seconds;
    await writeFile(file, JSON.stringify(template));
    runner = await startPackaged(folder, { log: () => undefined });
  });

  afterAll(async () => {
    await runner.stop();
    hanging.closeAllConnections();
    hanging.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('cuts a pull off, says so, and gives the task back', async () => {
    const ask = (method: string, path: string, body?: unknown) => admin(runner.url, method, path, body, adminKey);
    await ask('PUT', '/v1/admin/buses/default', {});
    await ask('PUT', '/v1/admin/buses/default/connectors/slow', {
      source: { http: { url: `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/`, id: 'id' } },
      schedule: { every: '1s' },
    });
    const started = Date.now();
    await runner.tick();
    expect(Date.now() - started).toBeLessThan(seconds * 1_000);
    const { items } = (await ask('GET', '/v1/admin/buses/default/connectors/slow/tasks')) as { items: object[] };
    expect(items).toMatchObject([
      { state: 'failing', reason: expect.stringMatching(/^the source did not answer within [12]/) as string },
    ]);
    expect(items[0]).not.toHaveProperty('worker');
  });
});

import { createExecutionContext, createScheduledController } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import worker from '../../../adapters/cloudflare/worker.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const adminKey = 'admin-key-of-the-test-suite';
const items = Array.from({ length: 25 }, (_, index) => ({ id: `r${index}` }));
let delivered: string[];

beforeEach(() => {
  delivered = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    const { hostname, searchParams } = new URL(request.url);
    if (hostname === 'target.example.com') {
      delivered.push(request.headers.get('ce-id') ?? '');
      return new Response(null, { status: 204 });
    }
    const at = Number(searchParams.get('cursor') ?? 0);
    const page = items.slice(at, at + 10);
    return Response.json({ items: page, next: page.length === 0 ? null : at + page.length });
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function send(method: string, path: string, body?: unknown): Promise<Response> {
  return exports.default.fetch(`https://mesh.test/v1/admin/buses${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

interface Task {
  readonly state: string;
  readonly worker?: string;
  readonly totals: { readonly records: number };
}

async function taskOf(connector: string): Promise<Task> {
  const { items: tasks } = (await (await send('GET', `/feeds/connectors/${connector}/tasks`)).json()) as {
    items: Task[];
  };
  return tasks[0] as Task;
}

describe('connectors on Workers', () => {
  it('run in the scheduled invocations, each from where the last one stopped', { timeout: 60_000 }, async () => {
    await send('PUT', '/feeds', {});
    await send('PUT', '/feeds/rules/all', {
      filter: { pattern: { type: ['tulle.http.record'] } },
      targets: [{ name: 'all', http: { url: 'https://target.example.com/' } }],
    });
    const put = await send('PUT', '/feeds/connectors/orders', {
      source: {
        http: {
          url: 'https://api.example.com/items',
          records: 'items',
          id: 'id',
          paging: { cursor: { parameter: 'cursor', field: 'next' } },
        },
      },
      schedule: { every: '1s' },
    });
    expect(put.status).toBe(201);
    await worker.scheduled(
      createScheduledController({ scheduledTime: new Date(), cron: '* * * * *' }),
      env,
      createExecutionContext(),
    );
    expect(await taskOf('orders')).toMatchObject({ state: 'created', totals: { records: 25 } });
    expect((await taskOf('orders')).worker).toBeUndefined();
    await vi.waitFor(() => expect(delivered).toHaveLength(25), 10_000);

    items.push({ id: 'new' });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await worker.scheduled(
      createScheduledController({ scheduledTime: new Date(), cron: '* * * * *' }),
      env,
      createExecutionContext(),
    );
    await vi.waitFor(() => expect(delivered).toContain('new'), 10_000);
    expect(new Set(delivered).size).toBe(delivered.length);
  });

  it('refuse a source that nobody runs there', { timeout: 60_000 }, async () => {
    const put = await send('PUT', '/feeds/connectors/rows', {
      source: { kafka: { secret: 'x', topic: 'orders' } },
    });
    expect(put.status).toBe(400);
  });
});

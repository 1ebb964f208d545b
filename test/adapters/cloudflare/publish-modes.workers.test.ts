import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const adminKey = 'admin-key-of-the-test-suite';
const reply = { specversion: '1.0', id: 'r1', source: '/crm', type: 'order.priced', data: { price: 7 } };

let answer: (request: Request) => Response;

beforeEach(() => {
  answer = () => new Response(null, { status: 204 });
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => answer(new Request(input, init)));
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a publisher who waits, on Workers', () => {
  it('is told the outcome of every delivery, whatever shards and lanes they are in', async () => {
    await createBus('wait', { shards: 4 });
    const events = Array.from({ length: 20 }, (_, index) => event(`e${index}`, { partitionkey: `k${index}` }));
    const response = await publish('wait', events, { prefer: 'wait=20' });
    expect(response.headers.get('preference-applied')).toBe('wait=20');
    expect(response.status).toBe(200);
    const { events: told } = (await response.json()) as Answer;
    const delivered = { rule: 'all', status: 'delivered', attempts: 1, code: 204 };
    expect(told).toHaveLength(20);
    for (const { deliveries } of told) {
      expect(deliveries).toEqual([
        { ...delivered, target: 'crm' },
        { ...delivered, target: 'ordered' },
      ]);
    }
  }, 60_000);

  it('is told where they stand when the time is over', async () => {
    await createBus('late', {});
    answer = () => new Response('no', { status: 503 });
    const response = await publish('late', event('e1'), { prefer: 'wait=1' });
    expect(response.status).toBe(202);
    const { events } = (await response.json()) as Answer;
    expect(events[0]?.deliveries).toMatchObject([{ target: 'crm', status: 'retrying' }, { target: 'ordered' }]);
  }, 60_000);

  it('is told of a dead letter when that is on disk', async () => {
    await createBus('dead', {});
    answer = () => new Response('secret', { status: 400 });
    const response = await publish('dead', event('e1'), { prefer: 'wait=10' });
    expect(response.status).toBe(200);
    const { events } = (await response.json()) as Answer;
    expect(events[0]?.deliveries).toMatchObject([{ status: 'dead-lettered', code: 400, reason: 'answered 400' }, {}]);
    const log = env.LOG.getByName('default/dead/0');
    expect((await log.listDeadLetters({ filter: {}, order: 'newest', limit: 10 })).items).toHaveLength(2);
  }, 60_000);

  it('has the reply of a target', async () => {
    await createBus('ask', {});
    answer = () => Response.json(reply, { headers: { 'content-type': 'application/cloudevents+json' } });
    const response = await publish('ask', event('e1'), { prefer: 'wait=10, reply' });
    expect(response.status).toBe(200);
    expect(response.headers.get('ce-id')).toBe('r1');
    expect(response.headers.get('ce-causationid')).toBe('e1');
    expect(await response.json()).toEqual({ price: 7 });
  }, 60_000);
});

interface Answer {
  events: { deliveries: unknown[] }[];
}

async function createBus(bus: string, settings: object): Promise<void> {
  const http = { url: 'https://crm.example.com/hook', reply: true };
  const rule = {
    filter: { pattern: { source: ['/shop'] } },
    targets: [
      { name: 'crm', http },
      { name: 'ordered', http: { url: http.url }, ordering: 'partitionkey' },
    ],
  };
  for (const [path, body] of [
    [`/v1/admin/buses/${bus}`, settings],
    [`/v1/admin/buses/${bus}/rules/all`, rule],
  ] as const) {
    const response = await send('PUT', path, 'application/json', body);
    if (!response.ok) throw new Error(await response.text());
  }
}

function publish(bus: string, body: object, headers: Record<string, string>): Promise<Response> {
  const type = `application/cloudevents${Array.isArray(body) ? '-batch' : ''}+json`;
  return send('POST', `/v1/buses/${bus}/events`, type, body, headers);
}

function send(
  method: string,
  path: string,
  type: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  return exports.default.fetch(`https://mesh.test${path}`, {
    method,
    headers: { ...headers, authorization: `Bearer ${adminKey}`, 'content-type': type },
    body: JSON.stringify(body),
  });
}

function event(id: string, more: object = {}): object {
  return { specversion: '1.0', id, source: '/shop', type: 'order.created', data: {}, ...more };
}

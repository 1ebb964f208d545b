import { exports } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';

const adminKey = 'admin-key-of-the-test-suite';

describe('the Worker and schemas', () => {
  it('holds events against a registered schema, inside requests', async () => {
    await put('/schemas/worker-order', { type: 'worker.order' });
    const schema = { required: ['id'], properties: { id: { type: 'string', pattern: String.raw`^\p{L}-\d+$` } } };
    await put('/schemas/worker-order/versions/1', schema);
    await put('/buses/worker-strict', { schemas: 'enforce' });
    expect((await publish('worker-strict', { id: 'é-1' })).status).toBe(202);
    const refused = await publish('worker-strict', { id: '1' });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ code: 'schema_mismatch', place: '/data/id' });
    const incompatible = await send('PUT', '/schemas/worker-order/versions/2', { ...schema, required: ['id', 'a'] });
    expect(incompatible.status).toBe(409);
  });

  it('learns schemas behind its answers', async () => {
    await put('/buses/worker-learning', { discovery: true });
    expect((await publish('worker-learning', { amount: 1.5 })).status).toBe(202);
    await vi.waitFor(async () => {
      const response = await send('GET', '/buses/worker-learning/discovered');
      expect(await response.json()).toMatchObject({
        items: [{ document: { type: 'worker.order', schema: { properties: { amount: { type: 'number' } } } } }],
      });
    }, 5_000);
  });
});

async function put(path: string, body: object): Promise<void> {
  const response = await send('PUT', path, body);
  if (!response.ok) throw new Error(await response.text());
}

function send(method: string, path: string, body?: object): Promise<Response> {
  return exports.default.fetch(`https://mesh.test/v1/admin${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function publish(bus: string, data: object): Promise<Response> {
  return exports.default.fetch(`https://mesh.test/v1/buses/${bus}/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({ specversion: '1.0', id: '1', source: '/worker', type: 'worker.order', data }),
  });
}

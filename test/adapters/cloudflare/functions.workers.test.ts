import { exports } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGeoFence } from '../../../examples/functions/geo-fence.ts';
import { createOpenApiEnrichment } from '../../../examples/functions/openapi-enrichment.ts';
import { defineFunction } from '../../../functions/compute/define-function.ts';
import { createServices } from '../../../adapters/cloudflare/services.ts';
import { createHarness, createEvent, withRule } from '../../mesh/harness.ts';

const adminKey = 'admin-key-of-the-test-suite';
let received: { readonly headers: Headers; readonly body: string }[];

beforeEach(() => {
  received = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    received.push({ headers: request.headers, body: await request.text() });
    return new Response(null, { status: 204 });
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function send(method: string, path: string, body?: unknown, type = 'application/json'): Promise<Response> {
  return exports.default.fetch(`https://mesh.test${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

describe('a function in another Worker', () => {
  beforeEach(async () => {
    await send('PUT', '/v1/admin/buses/default', {});
    const put = await send('PUT', '/v1/admin/functions/score', { runs: { service: 'FUNCTION_SCORE' } });
    expect(put.ok).toBe(true);
  });

  it('runs on the way from publisher to target', async () => {
    await send('PUT', '/v1/admin/buses/scored', {});
    const rule = await send('PUT', '/v1/admin/buses/scored/rules/all', {
      filter: { pattern: { source: ['/shop'] } },
      steps: [{ compute: 'score' }],
      targets: [{ name: 'bank', http: { url: 'https://bank.example.com/' } }],
    });
    expect(rule.ok).toBe(true);
    const event = createEvent('e1', { data: { amount: 5_000 } });
    const published = await send('POST', '/v1/buses/scored/events', event, 'application/cloudevents+json');
    expect(published.status).toBe(202);
    await vi.waitFor(() => expect(received).toHaveLength(1), 5_000);
    expect(received[0]?.headers.get('ce-type')).toBe('payment.scored');
    expect(received[0]?.body).toBe('{"amount":5000,"score":"high"}');
  });

  it('answers on its own, and its failures are told', async () => {
    const call = (data: unknown) =>
      send('POST', '/v1/functions/score', createEvent('e1', { data }), 'application/cloudevents+json');
    const answer = await call({ amount: 5 });
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { id: 'e1', type: 'payment.scored', data: { amount: 5, score: 'low' } },
    ]);
    const busy = await call({ answer: 503 });
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '9']);
    expect((await call({ answer: 400 })).status).toBe(422);
    expect((await call({ answer: 204 })).status).toBe(204);
  });

  it('is refused where there is no such binding, and where one is not meant for functions', async () => {
    for (const service of ['FUNCTION_NONE', 'DOCUMENTS', 'SNAPSHOTS', 'LOG', 'TULLE_ADMIN_KEY']) {
      const refused = await send('PUT', '/v1/admin/functions/other', { runs: { service } });
      expect([refused.status, await refused.json()]).toMatchObject([400, { place: '/runs/service' }]);
    }
    const lambda = await send('PUT', '/v1/admin/functions/other', { runs: { lambda: 'x' } });
    expect(await lambda.json()).toMatchObject({ detail: expect.stringContaining('cannot invoke Lambdas') });
    expect(createServices({ FUNCTION_TEXT: 'not a service' })('FUNCTION_TEXT')).toBeUndefined();
  });
});

describe('functions of the bundle, inside workerd', () => {
  it('fence vehicles in, ask APIs, and reach nothing inside', async () => {
    const document = {
      openapi: '3.0.3',
      servers: [{ url: 'https://fleet.example.com' }],
      paths: {
        '/cars/{id}': {
          get: {
            operationId: 'car',
            parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
          },
        },
      },
    };
    const inside = defineFunction({
      name: 'inside',
      handler: async (event, { fetch }) => ({ ...event, data: await (await fetch('http://169.254.169.254/')).text() }),
    });
    const late = defineFunction({ name: 'late', handler: () => new Promise(() => undefined) });
    const bundle = [
      createGeoFence([{ name: 'depot', circle: { latitude: 0, longitude: 180, radiusMeters: 5_000 } }]),
      createOpenApiEnrichment({ document, operationId: 'car', parameters: { id: 'data.vehicle' }, at: 'data.car' }),
      inside,
      late,
    ];
    const harness = createHarness({ functions: { bundle } });
    harness.answer = ({ url }) =>
      url === 'https://fleet.example.com/cars/7'
        ? Response.json({ plate: 'M-TU 7' })
        : new Response(null, { status: 204 });
    await withRule(harness, { steps: [{ compute: 'geo-fence' }, { compute: 'openapi-enrichment' }] });
    await withRule(harness, { steps: [{ compute: 'inside' }] }, 'inside');
    await harness.publish(createEvent('e1', { data: { vehicle: '7', latitude: 0.01, longitude: -179.99 } }));
    await harness.drain();
    const [, delivered] = harness.received;
    expect(JSON.parse(delivered?.body ?? '')).toEqual({
      vehicle: '7',
      latitude: 0.01,
      longitude: -179.99,
      fences: ['depot'],
      car: { plate: 'M-TU 7' },
    });
    const [dead] = await harness.deliveries('status=dead-lettered&event=e1');
    expect(dead).toMatchObject({ rule: 'inside', reason: expect.stringContaining('The target URL is refused') });

    await harness.admin('PUT', '/v1/admin/functions/late', { timeout: '1s' });
    await withRule(harness, { filter: { pattern: { type: ['late'] } }, steps: [{ compute: 'late' }] }, 'late');
    await harness.publish(createEvent('e2', { type: 'late', source: '/other' }));
    await harness.drain();
    expect((await harness.deliveries('event=e2'))[0]).toMatchObject({
      status: 'retrying',
      reason: expect.stringContaining('not done within 1 s'),
    });
    expect(harness.reported).toEqual([]);
  });
});

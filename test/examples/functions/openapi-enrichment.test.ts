import { describe, expect, it } from 'vitest';
import { createOpenApiEnrichment, type EnrichmentOptions } from '../../../examples/functions/openapi-enrichment.ts';
import { createGuardedFetch } from '../../../mesh/functions/guarded-fetch.ts';
import { createBench, failureOf } from '../../functions/compute/host.ts';

const document = {
  openapi: '3.1.0',
  info: { title: 'Fleet', version: '1' },
  servers: [{ url: 'https://{region}.fleet.example.com/v2/', variables: { region: { default: 'eu' } } }],
  security: [{ key: [] }],
  paths: {
    '/vehicles/{vin}/trips/{day}': {
      parameters: [{ $ref: '#/components/parameters/vin' }],
      get: {
        operationId: 'findTrips',
        parameters: [
          { name: 'day', in: 'path', required: true, schema: { type: 'string', format: 'date' } },
          { name: 'limit', in: 'query', schema: { type: 'integer', maximum: 100 } },
          { name: 'tag', in: 'query', schema: { type: 'array', items: { $ref: '#/components/schemas/Tag' } } },
          { name: 'field', in: 'query', explode: false, schema: { type: 'array' } },
          { name: 'X-Trace', in: 'header', schema: { type: 'string' } },
          { name: 'Authorization', in: 'header', required: true, schema: { type: 'string' } },
        ],
      },
      post: { operationId: 'addTrip', requestBody: { required: true, content: {} } },
    },
    '/vehicles/{vin}': {
      get: {
        operationId: 'getVehicle',
        parameters: [{ $ref: '#/components/parameters/vin' }],
        security: [{ both: [], key: [] }, { token: [] }],
      },
      delete: { operationId: 'scrapVehicle', parameters: [{ name: 'c', in: 'cookie', schema: {} }] },
      head: { operationId: 'styled', parameters: [{ name: 'c', in: 'query', style: 'deepObject', schema: {} }] },
    },
    '/search': {
      get: {
        operationId: 'search',
        servers: [{ url: 'https://search.example.com' }],
        parameters: [{ name: 'q', in: 'query', required: true, schema: { type: 'string' } }],
        security: [{ query: [] }],
      },
      put: { operationId: 'open', security: [] },
    },
  },
  components: {
    parameters: {
      vin: { name: 'vin', in: 'path', required: true, schema: { $ref: '#/components/schemas/Vin' } },
    },
    schemas: { Vin: { type: 'string', maxLength: 17 }, Tag: { type: 'string', maxLength: 10 } },
    securitySchemes: {
      key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      query: { type: 'apiKey', in: 'query', name: 'key' },
      token: { type: 'http', scheme: 'Bearer' },
    },
  },
};

const vehicle: EnrichmentOptions = {
  document,
  operationId: 'getVehicle',
  parameters: { vin: 'data.vehicle.vin' },
  at: 'data.vehicle.details',
};

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

/** Runs the enrichment against an API that the test is; every request passes the real guard. */
async function enrich(
  options: EnrichmentOptions,
  data: unknown,
  answer: () => Response = () => Response.json({ ok: 1 }),
) {
  const asked: Asked[] = [];
  const guarded = createGuardedFetch({
    policy: { allowPrivateTargets: false },
    runtime: {
      async fetch({ method, url, headers }) {
        asked.push({ method, url, headers });
        return answer();
      },
    },
  });
  const { run } = createBench({ fetch: guarded, secret: async (name) => `secret-of-${name}` });
  const [event] = await run(createOpenApiEnrichment(options), { data, subject: 'car 7' });
  return { asked, data: (event as { data: unknown }).data };
}

const vin = 'WVWZZZ1JZXW000001';

describe('OpenAPI enrichment', () => {
  it('asks what the description says and puts the answer at its place', async () => {
    const { asked, data } = await enrich(vehicle, { vehicle: { vin, speed: 3 }, other: [1] }, () =>
      Response.json({ make: 'VW', model: 'Golf' }),
    );
    expect(asked.map(({ method, url }) => [method, url])).toEqual([
      ['GET', `https://eu.fleet.example.com/v2/vehicles/${vin}`],
    ]);
    expect(asked[0]?.headers.get('accept')).toBe('application/json');
    expect(data).toEqual({ vehicle: { vin, speed: 3, details: { make: 'VW', model: 'Golf' } }, other: [1] });
  });

  it('sends parameters of every kind, encoded', async () => {
    const parameters = {
      vin: 'data.vin',
      day: 'data.day',
      limit: 'data.limit',
      tag: 'data.tags',
      field: 'data.fields',
      'X-Trace': 'subject',
    };
    const data = { vin: 'a/b?c#d', day: '2026-11-21', limit: 10, tags: ['x y', '&='], fields: ['a', 'b,c'] };
    const { asked } = await enrich({ document, operationId: 'findTrips', parameters, at: 'data.trips' }, data);
    expect(asked[0]?.url).toBe(
      'https://eu.fleet.example.com/v2/vehicles/a%2Fb%3Fc%23d/trips/2026-11-21' +
        '?limit=10&tag=x%20y&tag=%26%3D&field=a,b%2Cc',
    );
    expect(asked[0]?.headers.get('x-trace')).toBe('car 7');
  });

  it('leaves out what is optional and not there', async () => {
    const parameters = { vin: 'data.vin', day: 'data.day', limit: 'data.limit', tag: 'data.deep.tags' };
    const options = { document, operationId: 'findTrips', parameters, at: 'data.deep.er.trips' };
    const { asked, data } = await enrich(options, { vin, day: '2026-11-21', limit: null });
    expect(asked[0]?.url).toMatch(/2026-11-21$/);
    expect(data).toMatchObject({ deep: { er: { trips: { ok: 1 } } } });
  });

  it.each([
    ['getVehicle', { vin: 'data.vin' }, 'authorization', 'Bearer secret-of-fleet'],
    ['findTrips', { vin: 'data.vin', day: 'data.day' }, 'x-api-key', 'secret-of-fleet'],
    ['search', { q: 'data.vin' }, undefined, '&key=secret-of-fleet'],
  ])('sends the secret of %s where its security scheme says', async (operationId, parameters, header, expected) => {
    const options = { document, operationId, parameters, at: 'data.found', secret: 'fleet' };
    const { asked } = await enrich(options, { vin, day: '2026-11-21' });
    const [first] = asked;
    if (header === undefined) expect(first?.url.endsWith(expected)).toBe(true);
    else expect(first?.headers.get(header)).toBe(expected);
  });

  it.each([
    ['missing', {}, 'nothing for the parameter vin'],
    ['of another type', { vehicle: { vin: 7 } }, 'does not fit its schema'],
    ['too long for a referenced schema', { vehicle: { vin: 'x'.repeat(18) } }, 'does not fit its schema'],
    ['a way out of the path', { vehicle: { vin: '..' } }, 'made of dots'],
    ['empty', { vehicle: { vin: '' } }, 'empty'],
    ['an object', { vehicle: { vin: { a: 1 } } }, 'does not fit its schema'],
  ])('asks nothing when a parameter is %s', async (_name, data, reason) => {
    const error = await failureOf(enrich(vehicle, data, () => expect.fail('the API was asked')));
    expect(error.code).toBe('step_failed');
    expect(error.message).toContain(reason);
  });

  it('lets an event go on when there is nothing about it, or fails where that is asked for', async () => {
    const missing = () => new Response('{}', { status: 404 });
    const data = { vehicle: { vin } };
    expect((await enrich(vehicle, data, missing)).data).toEqual(data);
    expect((await failureOf(enrich({ ...vehicle, notFound: 'fail' }, data, missing))).message).toContain(
      'answered 404',
    );
  });

  it('is tried again while the API is busy or away, as late as it says', async () => {
    const data = { vehicle: { vin } };
    const busy = (status: number, retryAfter?: string) => () =>
      new Response('', { status, ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }) });
    expect(await failureOf(enrich(vehicle, data, busy(429, '30')))).toMatchObject({
      code: 'function_unavailable',
      retryAfter: 30,
    });
    const at = new Date(Date.UTC(2026, 10, 21, 12) + 90_000).toUTCString();
    expect(await failureOf(enrich(vehicle, data, busy(503, at)))).toMatchObject({ retryAfter: 90 });
    expect(await failureOf(enrich(vehicle, data, busy(500)))).toMatchObject({ code: 'function_unavailable' });
    expect((await failureOf(enrich(vehicle, data, busy(401)))).code).toBe('step_failed');
  });

  it('fails when the answer is no JSON, or has no place', async () => {
    const data = { vehicle: { vin } };
    expect((await failureOf(enrich(vehicle, data, () => new Response('<html>')))).code).toBe('step_failed');
    const options = { ...vehicle, at: 'data.vehicle.vin.details' };
    expect((await failureOf(enrich(options, data))).message).toContain('has no place');
  });

  it('does not reach inside, whatever the document says', async () => {
    const inside = { ...document, servers: [{ url: 'http://169.254.169.254/' }] };
    const error = await failureOf(enrich({ ...vehicle, document: inside }, { vehicle: { vin } }));
    expect(error.message).toContain('refused');
  });

  it.each<[string, Partial<EnrichmentOptions>, string]>([
    ['an unknown operation', { operationId: 'none' }, 'getVehicle'],
    ['an unknown parameter', { parameters: { vin: 'data.vin', make: 'data.make' } }, 'no parameter make'],
    ['a required parameter that is mapped to nothing', { parameters: {} }, 'needs vin'],
    ['an operation that needs a body', { operationId: 'addTrip' }, 'body'],
    ['a cookie', { operationId: 'scrapVehicle', parameters: {} }, 'cookie'],
    ['a style that is not supported', { operationId: 'styled', parameters: {} }, 'deepObject'],
    ['an attribute as the place', { at: 'subject' }, 'no path into the data'],
    ['a place that is no name', { at: 'data.__proto__' }, 'no path into the data'],
    ['a secret without a scheme', { operationId: 'open', parameters: {}, secret: 'x' }, 'security scheme'],
    ['another version', { document: { ...document, openapi: '2.0' } }, 'OpenAPI 3'],
    ['no server', { document: { ...document, servers: [] } }, 'server'],
    [
      'a reference out of the document',
      { document: { ...document, paths: { '/a': { $ref: 'https://x.example/' } } } },
      'leads nowhere',
    ],
  ])('is refused with %s', (_name, changes, reason) => {
    expect(() => createOpenApiEnrichment({ ...vehicle, ...changes })).toThrow(reason);
  });
});

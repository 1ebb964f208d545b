import { describe, expect, it } from 'vitest';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { defineFunction } from '../../functions/compute/define-function.ts';
import type { FunctionSupport } from '../../mesh/functions/support.ts';
import type { Documents } from '../../mesh/ports/documents.ts';
import { createHarness, ruleBody, statusesOf } from './harness.ts';

const bundle = [defineFunction({ name: 'geo-fence', handler: (event) => event })];
const support: FunctionSupport = {
  bundle,
  service: (name) => (name === 'FUNCTION_FAR' ? { fetch: async () => new Response(null) } : undefined),
  lambda: { invoke: async () => 'null' },
};

const calling = (name: unknown) => ({ ...ruleBody, steps: [{ compute: name }] });

describe('functions', () => {
  it('are stored with their defaults, and read back', async () => {
    const { call } = createHarness({ functions: support });
    const created = await call('PUT', '/functions/geo-fence', { body: {} });
    expect([created.status, created.headers.get('etag')]).toEqual([201, '"1"']);
    const document = { kind: 'function', name: 'geo-fence', runs: 'bundle', timeout: '10s', secrets: [] };
    expect(created.json).toEqual(document);
    expect((await call('GET', '/functions/geo-fence')).json).toEqual(document);
    expect((await call('GET', '/functions')).json).toEqual({ items: [{ version: 1, document }] });
    expect((await call('PUT', '/functions/geo-fence', { body: {} })).headers.get('etag')).toBe('"1"');
  });

  it.each([
    ['the bundle', { runs: 'bundle', secrets: ['api-key'], timeout: '30s', description: 'Fences' }],
    ['another Worker', { runs: { service: 'FUNCTION_FAR' } }],
    ['another Worker, structured', { runs: { service: 'FUNCTION_FAR', content: 'structured' } }],
    ['a Lambda', { runs: { lambda: 'arn:aws:lambda:eu-west-1:123456789012:function:fence' } }],
    ['an endpoint', { runs: { http: 'https://fence.example.com/', signing: 'fence-key' } }],
  ])('may run in %s', async (_name, body) => {
    const { call } = createHarness({ functions: support });
    const { status, json } = await call('PUT', '/functions/geo-fence', { body });
    expect([status, json]).toMatchObject([201, body]);
  });

  it.each<[string, unknown, string]>([
    ['an unknown word', { runs: 'cloud' }, '/runs'],
    ['no place', { runs: {} }, '/runs'],
    ['two places', { runs: { lambda: 'a', http: 'https://fence.example.com/' } }, '/runs'],
    ['an unknown place', { runs: { container: 'x' } }, '/runs/container'],
    ['a service that is not bound', { runs: { service: 'FUNCTION_NEAR' } }, '/runs/service'],
    ['a private address', { runs: { http: 'http://169.254.169.254/' } }, '/runs/http'],
    ['a URL that is none', { runs: { http: 'fence' } }, '/runs/http'],
    ['a Lambda over HTTP', { runs: { lambda: 'a', content: 'binary' } }, '/runs/content'],
    ['a signed service', { runs: { service: 'FUNCTION_FAR', signing: 'key' } }, '/runs/signing'],
    ['secrets outside of the bundle', { runs: { service: 'FUNCTION_FAR' }, secrets: ['a'] }, '/secrets'],
    ['too long a time', { timeout: '31s' }, '/timeout'],
    ['a secret twice', { secrets: ['a', 'a'] }, '/secrets'],
    ['a secret with another alphabet', { secrets: ['A_B'] }, '/secrets/0'],
    ['another name', { name: 'other' }, '/name'],
    ['an unknown member', { run: 'bundle' }, '/run'],
  ])('are refused with %s', async (_name, body, place) => {
    const { call } = createHarness({ functions: support });
    const { status, json } = await call('PUT', '/functions/geo-fence', { body });
    expect([status, json['place']]).toEqual([400, place]);
    expect(json['mend'] ?? json['detail']).toBeDefined();
  });

  it('are refused where this platform cannot run them, with the reason', async () => {
    const { call } = createHarness();
    for (const [name, runs, place, reason] of [
      ['geo-fence', 'bundle', '/runs', 'no function geo-fence in the bundle'],
      ['far', { service: 'FUNCTION_FAR' }, '/runs/service', 'this platform has no service bindings'],
      ['far', { lambda: 'fence' }, '/runs/lambda', 'this platform cannot invoke Lambdas'],
    ] as const) {
      const { json } = await call('PUT', `/functions/${name}`, { body: { runs } });
      expect(json).toMatchObject({ code: 'resource_invalid', place, detail: expect.stringContaining(reason) });
    }
  });

  it('reach every snapshot of the tenant, and leave it when they are deleted', async () => {
    const { call, snapshots } = createHarness({ functions: support });
    for (const bus of ['a', 'b']) await call('PUT', `/buses/${bus}`, { body: {} });
    expect(await snapshots.get('default', 'a')).not.toHaveProperty('functions');
    await call('PUT', '/functions/far', { body: { runs: { http: 'https://far.example.com/' }, timeout: '3s' } });
    const settings = { name: 'far', runs: { http: 'https://far.example.com/' }, timeoutSeconds: 3, secrets: [] };
    for (const bus of ['a', 'b']) expect((await snapshots.get('default', bus))?.functions).toEqual([settings]);
    expect((await call('DELETE', '/functions/far')).status).toBe(204);
    for (const bus of ['a', 'b']) expect(await snapshots.get('default', bus)).not.toHaveProperty('functions');
    expect((await call('DELETE', '/functions/far')).status).toBe(404);
  });

  it('take an admin of every bus; a viewer of every bus may read', async () => {
    const { call, keyFor } = createHarness({ functions: support });
    await call('PUT', '/functions/geo-fence', { body: {} });
    const attempts = [
      ['GET', '/functions', undefined],
      ['GET', '/functions/geo-fence', undefined],
      ['PUT', '/functions/geo-fence', {}],
      ['DELETE', '/functions/geo-fence', undefined],
    ] as const;
    for (const [role, buses, expected] of [
      ['admin', ['*'], [200, 200, 200, 204]],
      ['viewer', ['*'], [200, 200, 403, 403]],
      ['admin', ['orders'], [403, 403, 403, 403]],
      ['publisher', ['*'], [403, 403, 403, 403]],
    ] as const) {
      await call('PUT', '/functions/geo-fence', { body: {} });
      const key = await keyFor(role, buses);
      const statuses = [];
      for (const [method, path, body] of attempts) statuses.push((await call(method, path, { body, key })).status);
      expect([role, buses, statuses]).toEqual([role, buses, expected]);
    }
  });

  it('keep to versions and preconditions', async () => {
    const { call } = createHarness({ functions: support });
    const create = () => call('PUT', '/functions/geo-fence', { body: {}, headers: { 'if-none-match': '*' } });
    expect(statusesOf([await create(), await create()])).toEqual([201, 409]);
    const old = { 'if-match': '"1"' };
    expect((await call('PUT', '/functions/geo-fence', { body: { timeout: '5s' }, headers: old })).status).toBe(200);
    expect((await call('PUT', '/functions/geo-fence', { body: { timeout: '6s' }, headers: old })).status).toBe(409);
    expect((await call('DELETE', '/functions/geo-fence', { headers: old })).status).toBe(409);
    expect((await call('DELETE', '/functions/geo-fence', { headers: { 'if-match': '"2"' } })).status).toBe(204);
  });

  it('are at most 100, and together small enough for every snapshot', async () => {
    const { call, documents } = createHarness({ functions: support });
    const far = (path: string) => ({ runs: { http: `https://far.example.com/${path}` } });
    const long = 'x'.repeat(990);
    let stored = 0;
    for (; stored < 100; stored += 1) {
      if ((await call('PUT', `/functions/f${stored}`, { body: far(long) })).status === 413) break;
    }
    expect(stored).toBeGreaterThan(60);
    expect(stored).toBeLessThan(80);
    for (let index = 0; index < 100; index += 1) {
      await documents.put(`function/default/f${index}`, {
        name: `f${index}`,
        runs: 'bundle',
        timeout: '1s',
        secrets: [],
      });
    }
    const refused = await call('PUT', '/functions/one-more', { body: far('') });
    expect([refused.status, refused.json['code']]).toEqual([409, 'limit_reached']);
  });
});

describe('a rule with the step compute', () => {
  it('may call what is in the bundle and what has a document', async () => {
    const { call } = createHarness({ functions: support });
    await call('PUT', '/buses/cars', { body: {} });
    await call('PUT', '/functions/far', { body: { runs: { service: 'FUNCTION_FAR' } } });
    expect((await call('PUT', '/buses/cars/rules/one', { body: calling('geo-fence') })).status).toBe(201);
    expect((await call('PUT', '/buses/cars/rules/two', { body: calling({ function: 'far' }) })).status).toBe(201);
  });

  it('is refused where it calls what is not there, with all other faults', async () => {
    const { call } = createHarness({ functions: support });
    await call('PUT', '/buses/cars', { body: {} });
    const unknown = await call('PUT', '/buses/cars/rules/one', { body: calling('geo-fense') });
    expect(unknown.json).toMatchObject({
      code: 'step_invalid',
      place: '/steps/0/compute',
      mend: expect.stringContaining('geo-fence'),
    });
    const steps = [{ compute: 'none' }, { compute: { functoin: 'x' } }, { redact: {} }];
    const { json } = await call('PUT', '/buses/cars/rules/one', { body: { ...ruleBody, steps, shrads: 1 } });
    const places = (json['errors'] as unknown as { place: string }[]).map(({ place }) => place);
    expect(places).toEqual(expect.arrayContaining(['/shrads', '/steps/0/compute', expect.stringMatching('^/steps/1')]));
    for (const name of ['Geo', 7, null, {}, { function: '' }, [], 'a'.repeat(64), 'constructor']) {
      expect((await call('PUT', '/buses/cars/rules/one', { body: calling(name) })).json['code']).toMatch(/_invalid$/);
    }
  });

  it('keeps the document of its function from being deleted', async () => {
    const { call } = createHarness({ functions: support });
    for (const bus of ['cars', 'trucks']) await call('PUT', `/buses/${bus}`, { body: {} });
    await call('PUT', '/functions/far', { body: { runs: { service: 'FUNCTION_FAR' } } });
    await call('PUT', '/buses/trucks/rules/one', { body: calling('far') });
    const refused = await call('DELETE', '/functions/far');
    expect([refused.status, refused.json]).toMatchObject([
      409,
      { code: 'in_use', detail: 'The rule one on the bus trucks calls the function far.' },
    ]);
    await call('DELETE', '/buses/trucks/rules/one');
    expect((await call('DELETE', '/functions/far')).status).toBe(204);
  });

  it('never outlives its function, whichever of two requests comes first', async () => {
    for (const before of [undefined, ruleBody]) {
      for (let delay = 0; delay < 24; delay += 1) {
        const memory = createMemoryDocuments();
        let ticks = 0;
        // Every storage call of one request waits, so that the requests meet at ever different points.
        const slow = <Result>(work: () => Promise<Result>): Promise<Result> =>
          ticks++ === delay ? new Promise((resolve) => setTimeout(resolve, 5)).then(work) : work();
        const documents: Documents = {
          get: (key) => slow(() => memory.get(key)),
          put: (key, value, version) => slow(() => memory.put(key, value, version)),
          delete: (key, version) => slow(() => memory.delete(key, version)),
          list: (prefix, options) => slow(() => memory.list(prefix, options)),
        };
        const { call, failures } = createHarness({ documents, functions: support });
        ticks = 1_000;
        await call('PUT', '/buses/cars', { body: {} });
        await call('PUT', '/functions/far', { body: { runs: { service: 'FUNCTION_FAR' } } });
        if (before !== undefined) await call('PUT', '/buses/cars/rules/one', { body: before });
        ticks = 0;
        const answers = await Promise.all([
          call('PUT', '/buses/cars/rules/one', { body: calling('far') }),
          call('DELETE', '/functions/far'),
        ]);
        const rule = await call('GET', '/buses/cars/rules/one');
        const isCalled = rule.status === 200 && JSON.stringify(rule.json['steps']).includes('far');
        const isThere = (await call('GET', '/functions/far')).status === 200;
        expect([delay, isCalled && !isThere]).toEqual([delay, false]);
        if (before !== undefined) expect(rule.status).toBe(200);
        expect(answers.every(({ status }) => status < 500)).toBe(true);
        expect(failures).toEqual([]);
      }
    }
  });
});

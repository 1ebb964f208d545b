import { describe, expect, it } from 'vitest';
import { createHarness, type Harness } from './harness.ts';

const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string' }, total: { type: 'number' } },
};

async function withSchema(more: object = {}): Promise<Harness> {
  const harness = createHarness();
  await harness.call('PUT', '/schemas/order-created', { body: { type: 'order.created', ...more } });
  return harness;
}

describe('schemas', () => {
  it('are stored, listed and deleted', async () => {
    const { call } = createHarness();
    const created = await call('PUT', '/schemas/order-created', { body: { type: 'order.created', source: '/shop' } });
    expect([created.status, created.headers.get('etag')]).toEqual([201, '"1"']);
    const document = {
      kind: 'schema',
      name: 'order-created',
      type: 'order.created',
      source: '/shop',
      compatibility: 'backward',
      versions: [],
    };
    expect(created.json).toEqual(document);
    expect((await call('GET', '/schemas')).json).toEqual({ items: [{ version: 1, document }] });
    expect((await call('DELETE', '/schemas/order-created')).status).toBe(204);
    expect((await call('GET', '/schemas/order-created')).status).toBe(404);
  });

  it('get version after version, and a version never changes', async () => {
    const { call } = await withSchema();
    const first = await call('PUT', '/schemas/order-created/versions/1', { body: schema });
    expect(first.status).toBe(201);
    expect(first.json).toEqual({ name: 'order-created', version: 1, created: '2030-01-01T00:00:00.000Z', schema });
    expect((await call('PUT', '/schemas/order-created/versions/1', { body: schema })).status).toBe(200);
    const other = await call('PUT', '/schemas/order-created/versions/1', { body: true });
    expect(other.json).toMatchObject({ code: 'version_conflict', mend: 'Add version 2.' });
    const gap = await call('PUT', '/schemas/order-created/versions/3', { body: true });
    expect(gap.json).toMatchObject({ code: 'version_conflict', detail: 'The next version is 2.' });
    expect((await call('PUT', '/schemas/order-created/versions/2', { body: true })).status).toBe(201);
    expect((await call('GET', '/schemas/order-created/versions/latest')).json).toMatchObject({
      version: 2,
      schema: true,
    });
    expect((await call('GET', '/schemas/order-created/versions/1')).json).toEqual(first.json);
    expect((await call('GET', '/schemas/order-created/versions/9')).status).toBe(404);
    const read = (await call('GET', '/schemas/order-created')).json;
    expect(read['versions']).toHaveLength(2);
    expect((await call('PUT', '/schemas/order-created', { body: read })).status).toBe(200);
  });

  it.each([
    ['backward', { ...schema, required: ['id', 'total'] }, '/required', 'data of the version before may not fit'],
    ['forward', { ...schema, required: [] }, '/required', 'data of the new version may not fit'],
    ['full', { ...schema, required: [] }, '/required', 'forward compatible'],
    ['backward', { ...schema, properties: { id: { type: 'integer' } } }, '/properties/id/type', 'string'],
  ])('refuse a version that is not %s compatible, with the place', async (compatibility, next, place, detail) => {
    const { call } = await withSchema({ compatibility });
    await call('PUT', '/schemas/order-created/versions/1', { body: schema });
    const answer = await call('PUT', '/schemas/order-created/versions/2', { body: next });
    expect(answer.status).toBe(409);
    expect(answer.json).toMatchObject({ code: 'schema_incompatible', place });
    expect(answer.json['detail']).toContain(detail);
    await call('PUT', '/schemas/order-created', { body: { type: 'order.created', compatibility: 'none' } });
    expect((await call('PUT', '/schemas/order-created/versions/2', { body: next })).status).toBe(201);
  });

  it.each<[string, unknown, string, string]>([
    ['a keyword with a faulty argument', { required: 'id' }, 'schema_invalid', '/required'],
    ['an unknown type', { properties: { a: { type: 'text' } } }, 'schema_invalid', '/properties/a/type'],
    ['a reference to nowhere', { $ref: '#/$defs/a' }, 'schema_invalid', '/$ref'],
    ['a reference to elsewhere', { $ref: 'https://example.com/a.json' }, 'schema_invalid', '/$ref'],
    ['an unknown dialect', { $schema: 'http://json-schema.org/draft-04/schema#' }, 'schema_invalid', '/$schema'],
    ['look-ahead', { pattern: '(?=a)' }, 'schema_invalid', '/pattern'],
    ['a pattern of another dialect', { pattern: String.raw`\Aa\Z` }, 'schema_invalid', '/pattern'],
    ['a keyword of the other draft', { additionalItems: false }, 'schema_invalid', '/additionalItems'],
    ['a check without end', { $ref: '#' }, 'schema_invalid', ''],
    ['text', '"x"', 'schema_invalid', ''],
    ['a large schema', { description: 'x'.repeat(70_000) }, 'too_large', ''],
  ])('refuse %s', async (_name, body, code, place) => {
    const { call } = await withSchema();
    const answer = await call('PUT', '/schemas/order-created/versions/1', { body });
    expect(answer.json).toMatchObject({ code, ...(code === 'too_large' ? {} : { place }) });
  });

  it('are one a type and source', async () => {
    const { call } = await withSchema();
    expect((await call('PUT', '/schemas/other', { body: { type: 'order.created' } })).json).toMatchObject({
      code: 'in_use',
    });
    expect((await call('PUT', '/schemas/other', { body: { type: 'order.created', source: '/eu' } })).status).toBe(201);
  });

  it('reach the snapshots of the buses that look at them', async () => {
    const { call, snapshots } = await withSchema();
    await call('PUT', '/buses/strict', { body: { schemas: 'enforce', unknownTypes: 'refuse' } });
    await call('PUT', '/buses/loose', { body: {} });
    await call('PUT', '/schemas/order-created/versions/1', { body: schema });
    const strict = await snapshots.get('default', 'strict');
    expect(strict?.settings).toMatchObject({ schemas: 'enforce', unknownTypes: 'refuse' });
    expect(strict?.schemas).toEqual([
      { name: 'order-created', type: 'order.created', versions: [{ version: 1, schema }] },
    ]);
    expect((await snapshots.get('default', 'loose'))?.schemas).toBeUndefined();
  });

  it('take no more room than there is beside the rules', async () => {
    const { call } = createHarness();
    let answer;
    for (let index = 0; index < 10; index += 1) {
      await call('PUT', `/schemas/s${index}`, { body: { type: `t${index}` } });
      answer = await call('PUT', `/schemas/s${index}/versions/1`, { body: { description: 'x'.repeat(60_000) } });
      if (answer.status !== 201) break;
    }
    expect(answer?.json).toMatchObject({ code: 'too_large', detail: expect.stringContaining('they may take 300000') });
  });

  it('belong to the tenant: they take a key for all buses', async () => {
    const { call, keyFor } = await withSchema();
    const some = await keyFor('admin', ['orders']);
    expect((await call('GET', '/schemas', { key: some })).status).toBe(403);
    const viewer = await keyFor('viewer', ['*']);
    expect((await call('GET', '/schemas', { key: viewer })).status).toBe(200);
    expect((await call('PUT', '/schemas/order-created/versions/1', { key: viewer, body: true })).status).toBe(403);
  });
});

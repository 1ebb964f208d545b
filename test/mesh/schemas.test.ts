import { describe, expect, it } from 'vitest';
import { createEvent, createHarness, type Harness } from './harness.ts';

const schema = {
  type: 'object',
  required: ['amount'],
  properties: { amount: { type: 'number', minimum: 0 }, note: { type: 'string' } },
  additionalProperties: false,
};

async function withBus(settings: object): Promise<Harness> {
  const harness = createHarness();
  await harness.admin('PUT', '/v1/admin/buses/default', settings);
  await harness.admin('PUT', '/v1/admin/schemas/order-created', { type: 'order.created' });
  await harness.admin('PUT', '/v1/admin/schemas/order-created/versions/1', schema);
  return harness;
}

async function publish(harness: Harness, event: unknown): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await harness.publish(event);
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

const faulty = createEvent('e2', { data: { amount: -1, secret: 'hunter2' } });

describe('a bus with schemas: enforce', () => {
  it('takes what fits and refuses what does not, with every place and no value', async () => {
    const harness = await withBus({ schemas: 'enforce' });
    expect((await publish(harness, createEvent())).status).toBe(202);
    const { status, json } = await publish(harness, faulty);
    expect(status).toBe(422);
    expect(json).toMatchObject({
      code: 'schema_mismatch',
      errors: [
        { place: '/data/amount', detail: 'amount must be at least 0.' },
        { place: '/data/secret', detail: 'secret is not known here.' },
      ],
    });
    expect(JSON.stringify(json)).not.toContain('hunter2');
    expect(harness.reported).toEqual([]);
  });

  it('refuses a batch as a whole, and says which event', async () => {
    const harness = await withBus({ schemas: 'enforce' });
    const { status, json } = await publish(harness, [createEvent(), faulty]);
    expect(status).toBe(422);
    expect(json).toMatchObject({ place: '/1/data/amount', detail: expect.stringContaining('1 of the batch') });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no data', { data: undefined }, '/data'],
    ['text', { data: 'amount=1', datacontenttype: 'text/plain' }, '/data'],
    ['bytes that are no JSON', { data: undefined, data_base64: 'AAEC' }, '/data'],
    [
      'a version that there is not',
      { dataschema: 'https://x/v1/admin/schemas/order-created/versions/7' },
      '/dataschema',
    ],
  ])('refuses %s', async (_name, more, place) => {
    const harness = await withBus({ schemas: 'enforce' });
    expect(await publish(harness, createEvent('e1', more))).toMatchObject({ status: 422, json: { place } });
  });

  it('refuses a member that is named twice: whoever reads it may take the other', async () => {
    const harness = await withBus({ schemas: 'enforce' });
    const text = JSON.stringify(createEvent()).replace('"amount":12.5', '"amount":12.5,"amount":-1');
    expect(await publish(harness, text)).toMatchObject({ status: 422, json: { place: '/data' } });
    const base64 = btoa('{"amount":12.5,"amount":-1}');
    const event = createEvent('e1', { data: undefined, data_base64: base64, datacontenttype: 'application/json' });
    expect(await publish(harness, event)).toMatchObject({ status: 422, json: { place: '/data' } });
  });

  it('reads JSON that came as bytes', async () => {
    const harness = await withBus({ schemas: 'enforce' });
    const of = (data: object): unknown =>
      createEvent('e1', {
        data: undefined,
        data_base64: btoa(JSON.stringify(data)),
        datacontenttype: 'application/json',
      });
    expect((await publish(harness, of({ amount: 1 }))).status).toBe(202);
    expect((await publish(harness, of({ amount: 'x' }))).status).toBe(422);
  });

  it('goes by the latest version, or by the one that dataschema names', async () => {
    const harness = await withBus({ schemas: 'enforce' });
    const second = { ...schema, properties: { ...schema.properties, extra: true } };
    await harness.admin('PUT', '/v1/admin/schemas/order-created/versions/2', second);
    const event = (more: object): unknown => createEvent('e1', { data: { amount: 1, extra: 1 }, ...more });
    const dataschema = (version: number): object => ({
      dataschema: `https://tulle.example/v1/admin/schemas/order-created/versions/${version}`,
    });
    expect((await publish(harness, event({}))).status).toBe(202);
    expect((await publish(harness, event(dataschema(2)))).status).toBe(202);
    expect((await publish(harness, event(dataschema(1)))).status).toBe(422);
    expect((await publish(harness, event({ dataschema: 'https://elsewhere.example/x' }))).status).toBe(202);
  });

  it('goes by the schema of the source where there is one', async () => {
    const harness = await withBus({ schemas: 'enforce' });
    await harness.admin('PUT', '/v1/admin/schemas/eu', { type: 'order.created', source: '/eu' });
    await harness.admin('PUT', '/v1/admin/schemas/eu/versions/1', { required: ['vat'] });
    expect((await publish(harness, createEvent('e1', { source: '/eu' }))).status).toBe(422);
    expect((await publish(harness, createEvent('e1', { source: '/eu', data: { vat: 1 } }))).status).toBe(202);
    expect((await publish(harness, createEvent())).status).toBe(202);
  });

  it('takes types without a schema, unless it is told not to', async () => {
    const other = createEvent('e1', { type: 'user.created' });
    expect((await publish(await withBus({ schemas: 'enforce' }), other)).status).toBe(202);
    const strict = await withBus({ schemas: 'enforce', unknownTypes: 'refuse' });
    expect(await publish(strict, other)).toMatchObject({ status: 422, json: { place: '/type' } });
  });
});

describe('a bus with schemas: warn', () => {
  it('takes everything, and says what does not fit', async () => {
    const harness = await withBus({ schemas: 'warn' });
    const { status, json } = await publish(harness, [createEvent(), faulty]);
    expect(status).toBe(202);
    expect(json['events']).toMatchObject([{ id: 'e1' }, { id: 'e2', warnings: [{ place: '/data/amount' }, {}] }]);
    expect((json['events'] as object[])[0]).not.toHaveProperty('warnings');
  });

  it('writes one line a minute to the log, without data', async () => {
    const harness = await withBus({ schemas: 'warn' });
    for (let index = 0; index < 5; index += 1) await publish(harness, faulty);
    expect(harness.reported).toHaveLength(1);
    harness.now += 60_000;
    await publish(harness, faulty);
    expect(harness.reported).toHaveLength(2);
    expect(JSON.stringify(harness.reported)).not.toContain('hunter2');
  });
});

describe('a bus with discovery', () => {
  interface Discovered {
    readonly items: readonly { readonly document: { id: string; type: string; samples: number; schema: object } }[];
  }

  async function discovered(harness: Harness): Promise<Discovered['items']> {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const response = await harness.admin('GET', '/v1/admin/buses/default/discovered');
    return ((await response.json()) as Discovered).items;
  }

  it('learns the schema of each type, writes at most once a minute, and keeps no data', async () => {
    const harness = createHarness();
    await harness.admin('PUT', '/v1/admin/buses/default', { discovery: true });
    await publish(harness, createEvent('e1', { data: { amount: 1, name: 'hunter2' } }));
    const [first] = await discovered(harness);
    expect(first?.document).toMatchObject({ type: 'order.created', samples: 1 });
    await publish(harness, createEvent('e2', { data: { amount: 2.5 } }));
    expect(await discovered(harness)).toEqual([first]);
    harness.now += 60_000;
    await publish(harness, createEvent('e3', { data: { amount: 3, extra: [true] } }));
    const [second] = await discovered(harness);
    expect(second?.document.schema).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        amount: { type: 'number' },
        name: { type: 'string' },
        extra: { type: 'array', items: { type: 'boolean' } },
      },
      required: ['amount'],
    });
    expect(JSON.stringify(second)).not.toContain('hunter2');
    expect(harness.reported).toEqual([]);
  });

  it('has what it learnt adopted as a schema, version after version', async () => {
    const harness = createHarness();
    await harness.admin('PUT', '/v1/admin/buses/default', { discovery: true, schemas: 'enforce' });
    await publish(harness, createEvent());
    const [item] = await discovered(harness);
    const path = `/v1/admin/buses/default/discovered/${item?.document.id}`;
    const adopted = await harness.admin('POST', path, { name: 'order-created' });
    expect(adopted.status).toBe(201);
    const again = await harness.admin('POST', path, { name: 'order-created' });
    expect(await again.json()).toMatchObject({ versions: [{ version: 1 }] });
    expect(await adopted.json()).toMatchObject({ type: 'order.created', versions: [{ version: 1 }] });
    expect((await publish(harness, createEvent('e2', { data: { amount: 'x' } }))).status).toBe(422);
    expect((await publish(harness, createEvent('e3'))).status).toBe(202);
    expect((await harness.admin('DELETE', path)).status).toBe(204);
    expect(await discovered(harness)).toEqual([]);
  });

  it('forgets with its bus', async () => {
    const harness = createHarness();
    await harness.admin('PUT', '/v1/admin/buses/default', { discovery: true });
    await publish(harness, createEvent());
    expect(await discovered(harness)).toHaveLength(1);
    await harness.admin('DELETE', '/v1/admin/buses/default');
    await harness.admin('PUT', '/v1/admin/buses/default', {});
    expect(await discovered(harness)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { createHarness, type Harness, type Json, ruleBody } from './harness.ts';

const url = 'https://crm.example/hooks';
const grave = 'https://grave.example/';

describe('the dead-letter target of a target', () => {
  it('is stored with its defaults, and is a target of its own in the snapshot', async () => {
    const { call, snapshots } = await withBus();
    const targets = [{ name: 'crm', http: { url }, deadLetter: { http: { url: grave }, retry: { maxAttempts: 3 } } }];
    const { json } = await call('PUT', '/buses/orders/rules/crm', { body: { ...ruleBody, targets } });
    expect(json['targets']).toMatchObject([
      { deadLetter: { http: { url: grave }, retry: { preset: 'default', maxAttempts: 3, maxAge: '3d' } } },
    ]);
    expect((await snapshots.get('default', 'orders'))?.rules[0]?.targets).toMatchObject([
      { name: 'crm', kind: 'http', options: { url }, deadLetter: 'crm~dead' },
      { name: 'crm~dead', kind: 'http', options: { url: grave }, retry: { maxAttempts: 3 }, deadLettersOnly: true },
    ]);
    const again = await call('PUT', '/buses/orders/rules/crm', { body: json });
    expect(again.json).toEqual(json);
  });

  it.each([
    [{}, '/targets/0/deadLetter'],
    [{ http: { url: 'http://127.0.0.1/' } }, '/targets/0/deadLetter/http/url'],
    [{ http: { url: grave, nope: 1 } }, '/targets/0/deadLetter/http/nope'],
    [{ http: { url: grave }, name: 'x' }, '/targets/0/deadLetter/name'],
    [{ http: { url: grave }, paused: true }, '/targets/0/deadLetter/paused'],
    [{ http: { url: grave }, deadLetter: { http: { url } } }, '/targets/0/deadLetter/deadLetter'],
    [{ http: { url: grave }, retry: { maxAttempts: 0 } }, '/targets/0/deadLetter/retry/maxAttempts'],
    [{ http: { url: grave }, retry: { backoffDelay: 'PT1S' } }, '/targets/0/deadLetter/retry/backoffDelay'],
    [{ http: { url: grave, connection: 'nobody' } }, '/targets/0/deadLetter/http/connection'],
    ['text', '/targets/0/deadLetter'],
  ])('is refused with its place: %j', async (deadLetter, place) => {
    const { call } = await withBus();
    const body = { ...ruleBody, targets: [{ name: 'crm', http: { url }, deadLetter }] };
    const { status, json } = await call('PUT', '/buses/orders/rules/crm', { body });
    expect(status).toBe(400);
    const errors = (json['errors'] ?? [json]) as readonly Json[];
    expect(errors.map((fault) => fault['place'])).toContain(place);
  });

  it('keeps its connection from being deleted', async () => {
    const { call } = await withBus();
    const created = await call('PUT', '/connections/grave', { body: { bearer: { token: 'grave' } } });
    expect(created.json).toMatchObject({ name: 'grave' });
    const deadLetter = { http: { url: grave, connection: 'grave' } };
    const body = { ...ruleBody, targets: [{ name: 'crm', http: { url }, deadLetter }] };
    expect((await call('PUT', '/buses/orders/rules/crm', { body })).status).toBe(201);
    const refused = await call('DELETE', '/connections/grave');
    expect(refused.json).toMatchObject({ code: 'in_use' });
  });
});

async function withBus(): Promise<Harness> {
  const harness = createHarness();
  await harness.call('PUT', '/buses/orders', { body: {} });
  return harness;
}

import { describe, expect, it } from 'vitest';
import { createPublisher } from '../../admin/publisher.ts';
import { reseal } from '../../admin/reseal.ts';
import { createVault } from '../../mesh/connections/vault.ts';
import { createHarness, masterKey, ruleBody } from './harness.ts';

const marker = 'Marker-0123456789abcdef';
const body = { value: marker, description: 'signs' };

describe('secrets', () => {
  it('are stored encrypted, and never shown', async () => {
    const { call, documents, snapshots } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    const created = await call('PUT', '/secrets/pii', { body });
    const document = { kind: 'secret', name: 'pii', description: 'signs' };
    expect([created.status, created.json]).toEqual([201, document]);
    const read = await call('GET', '/secrets/pii');
    const list = await call('GET', '/secrets');
    expect([read.json, list.json]).toEqual([document, { items: [{ version: 2, document }] }]);
    const snapshot = await snapshots.get('default', 'orders');
    const stored = JSON.stringify([(await documents.list('', { limit: 1_000 })).items, snapshot]);
    expect(created.text + read.text + list.text + stored).not.toContain(marker);
    const owner = { tenant: 'default', kind: 'secret', name: 'pii' } as const;
    const sealed = snapshot?.secrets?.[0]?.sealed ?? '';
    expect(await createVault({ current: masterKey }).open(sealed, owner)).toBe(marker);
  });

  it('are not written again when nothing changes, and may be described without the value', async () => {
    const { call } = createHarness();
    await call('PUT', '/secrets/pii', { body });
    expect((await call('PUT', '/secrets/pii', { body })).headers.get('etag')).toBe('"1"');
    expect((await call('PUT', '/secrets/pii', { body: { description: 'x' } })).headers.get('etag')).toBe('"2"');
    expect((await call('PUT', '/secrets/pii', { body: { value: 'new', description: 'x' } })).headers.get('etag')).toBe(
      '"3"',
    );
  });

  it.each<[string, unknown, string]>([
    ['no value', {}, '/value'],
    ['an empty value', { value: '' }, '/value'],
    ['a line break', { value: `${marker}\n` }, '/value'],
    ['no text', { value: [marker] }, '/value'],
    ['an unknown member', { vlue: marker }, '/vlue'],
    ['another name', { value: marker, name: 'other' }, '/name'],
  ])('are refused with %s, without repeating it', async (_name, sent, place) => {
    const { status, json, text } = await createHarness().call('PUT', '/secrets/pii', { body: sent });
    expect([status, json['place']]).toEqual([400, place]);
    expect(text).not.toContain(marker);
  });

  it('are refused without a master key', async () => {
    const { call } = createHarness({ masterKeys: {} });
    expect((await call('PUT', '/secrets/pii', { body })).json['code']).toBe('credential_unavailable');
  });

  it.each([
    ['a signature', { targets: [{ name: 'a', http: { url: 'https://a.example.com/', signing: { secret: 'pii' } } }] }],
    ['a step', { steps: [{ redact: { paths: ['data.a'], with: { hash: { secret: 'pii' } } } }] }],
  ])('are not deleted while %s names them', async (_name, rule) => {
    const { call } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    await call('PUT', '/secrets/pii', { body });
    const created = await call('PUT', '/buses/orders/rules/one', { body: { ...ruleBody, ...rule } });
    expect(created.status).toBe(201);
    expect((await call('DELETE', '/secrets/pii')).json['code']).toBe('in_use');
    await call('DELETE', '/buses/orders/rules/one');
    expect((await call('DELETE', '/secrets/pii')).status).toBe(204);
  });

  it('are not deleted while a function names them', async () => {
    const { call } = createHarness();
    await call('PUT', '/secrets/pii', { body });
    await call('PUT', '/functions/far', { body: { runs: { http: 'https://fn.example.com/', signing: 'pii' } } });
    expect((await call('DELETE', '/secrets/pii')).json['code']).toBe('in_use');
  });
});

describe('a new master key', () => {
  const newKey = btoa('b'.repeat(32));

  it('takes everything over, former secrets too, without a change of what they are', async () => {
    const harness = createHarness();
    const { call, documents, live, snapshots, runtime, clock, failures } = harness;
    await call('PUT', '/buses/orders', { body: {} });
    await call('PUT', '/secrets/pii', { body });
    await call('PUT', '/connections/crm', { body: { bearer: { token: marker } } });
    for (const secret of [marker, 'the-second']) {
      await call('PUT', '/connections/signs', { body: { hmac: { header: 'x-sig', secret, overlap: '2h' } } });
    }
    await documents.put('secret/acme/moved', (await live.get('secret/default/pii'))?.value);
    const publisher = createPublisher({ documents, snapshots, runtime });
    const vault = createVault({ current: newKey, previous: masterKey });
    expect(await reseal({ documents: live, publisher, vault, runtime })).toBe(3);
    // The one that was moved to another tenant is reported, and stays.
    expect(failures).toMatchObject([{ code: 'credential_unavailable' }]);
    await documents.delete('secret/acme/moved');
    expect(await reseal({ documents: live, publisher, vault, runtime })).toBe(0);

    const { connections = [], secrets = [] } = (await snapshots.get('default', 'orders')) ?? {};
    const alone = createVault({ current: newKey });
    const open = (sealed: string | undefined, kind: 'connection' | 'secret', name: string) =>
      alone.open(sealed ?? '', { tenant: 'default', kind, name });
    expect(await open(secrets[0]?.sealed, 'secret', 'pii')).toBe(marker);
    expect(await open(connections[0]?.sealed, 'connection', 'crm')).toBe(marker);
    expect(await open(connections[1]?.sealed, 'connection', 'signs')).toBe('the-second');
    expect(await open(connections[1]?.former?.sealed, 'connection', 'signs')).toBe(marker);

    clock.now += 7_200_000;
    expect(await reseal({ documents: live, publisher, vault, runtime })).toBe(1);
    expect((await snapshots.get('default', 'orders'))?.connections?.[1]).not.toHaveProperty('former');
  });

  it('makes what the history has of deleted and replaced secrets unreadable, when the former one is let go', async () => {
    const { call, documents, live, snapshots, runtime } = createHarness();
    await call('PUT', '/connections/gone', { body: { bearer: { token: marker } } });
    await call('DELETE', '/connections/gone');
    await call('PUT', '/connections/crm', { body: { bearer: { token: marker } } });
    await call('PUT', '/connections/crm', { body: { bearer: { token: 'the-second' } } });
    const sealedAt = async (change: number): Promise<string> => {
      const stored = await documents.get(`change/default/${String(change).padStart(12, '0')}`);
      const { entries } = (stored?.value ?? {}) as { entries: [{ document: { sealed: string } }] };
      return entries[0].document.sealed;
    };
    const open = async (current: string, sealed: string, name: string): Promise<string> =>
      createVault({ current }).open(sealed, { tenant: 'default', kind: 'connection', name });
    expect(await open(masterKey, await sealedAt(1), 'gone')).toBe(marker);
    const publisher = createPublisher({ documents, snapshots, runtime });
    const vault = createVault({ current: newKey, previous: masterKey });
    expect(await reseal({ documents: live, publisher, vault, runtime })).toBe(1);
    await expect(open(newKey, await sealedAt(1), 'gone')).rejects.toMatchObject({ code: 'credential_unavailable' });
    await expect(open(newKey, await sealedAt(3), 'crm')).rejects.toMatchObject({ code: 'credential_unavailable' });
    const { value } = (await live.get('connection/default/crm')) ?? {};
    expect(await open(newKey, (value as { sealed: string }).sealed, 'crm')).toBe('the-second');
  });

  it('lets a secret that it cannot open be replaced, but not kept', async () => {
    const before = createHarness();
    await before.call('PUT', '/connections/crm', { body: { bearer: { token: marker } } });
    const { documents, snapshots } = before;
    const { call } = createHarness({ documents, snapshots, masterKeys: { current: newKey } });
    const kept = await call('PUT', '/connections/crm', { body: { bearer: {}, description: 'x' } });
    expect(kept.json).toMatchObject({ code: 'credential_unavailable', mend: expect.stringContaining('PREVIOUS') });
    expect((await call('PUT', '/connections/crm', { body: { bearer: { token: marker } } })).headers.get('etag')).toBe(
      '"2"',
    );
  });
});

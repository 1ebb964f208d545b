import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { sources } from '../../adapters/sources.ts';
import { documentKeys } from '../../admin/document-keys.ts';
import { quarantineKeys } from '../../admin/tasks/quarantine.ts';
import { defineFunction } from '../../functions/compute/define-function.ts';
import { createEvent, createHarness, type Harness, withRule } from '../mesh/harness.ts';

/** What is not called `crm` in it. */
export const known = {
  key: '0123456789abcdef',
  discovered: 'order-created',
  event: 'e1',
  deadLetter: '0-1',
  quarantined: 'q1',
  /** A bus that has nothing, and so may go. */
  emptyBus: 'empty',
  rule: 'all',
} as const;

/** A mesh with one of everything that the API tells of: documents, dead letters, tasks, a record that was set aside. */
export async function createFilledMesh(): Promise<Harness> {
  const documents = createMemoryDocuments();
  const harness = createHarness({
    documents,
    masterKeys: { current: btoa('master-key-of-the-test-suite-032') },
    functions: { bundle: [defineFunction({ name: 'crm', handler: (event) => event })] },
    sources,
  });
  const put = async (path: string, body: unknown): Promise<void> => {
    const answer = await harness.admin('PUT', path, body);
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  };
  harness.answer = () => new Response(null, { status: 400 });
  await withRule(harness);
  await put(`/v1/admin/buses/${known.emptyBus}`, {});
  await put('/v1/admin/buses/default/archives/crm', { filter: { pattern: { source: ['/shop'] } } });
  await put('/v1/admin/buses/default/connectors/crm', { source: { schedule: { cron: '0 8 * * *' } } });
  await put('/v1/admin/schemas/crm', { type: 'order.created' });
  await put('/v1/admin/schemas/crm/versions/1', { type: 'object' });
  await put('/v1/admin/functions/crm', {});
  await put('/v1/admin/tenants/crm', { quotas: { rules: 1 } });
  await put('/v1/admin/identities/crm', {
    issuer: 'https://login.example.com',
    audience: ['crm'],
    access: [{ claims: { groups: 'crm' }, role: 'viewer', buses: ['*'] }],
  });
  await put('/v1/admin/connections/crm', { bearer: { token: 'not-a-real-token' } });
  await put('/v1/admin/secrets/crm', { value: 'not-a-real-secret' });
  const at = '2026-01-31T12:00:00Z';
  const key = { kind: 'key', id: known.key, hash: '', role: 'viewer', buses: ['*'], created: at };
  await documents.put(documentKeys.key('default', known.key), key);
  await documents.put(documentKeys.discoveredType('default', 'default', known.discovered), {
    type: 'order.created',
    samples: 1,
    firstSeen: at,
    lastSeen: at,
    schema: { type: 'object' },
  });
  await documents.put(`${quarantineKeys.of('default', 'default', 'crm')}${known.quarantined}`, {
    at: Date.parse(at),
    partition: 0,
    reason: 'it has no id',
    record: '{"name":"Ada"}',
  });
  await harness.publish([createEvent('e1'), createEvent('e2'), createEvent('e3')]);
  await harness.drain();
  await put('/v1/buses/default/replays/crm', { archive: 'crm', from: 0 });
  return harness;
}

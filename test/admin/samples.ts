import type { DescribedOperation } from './openapi.ts';
import { known } from './filled-mesh.ts';
import { createEvent } from '../mesh/harness.ts';

/** How an operation is asked so that it does its work, at the mesh that is filled. */
export interface Sample {
  /** By the name of the part of the address. */
  readonly parts: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What is asked for is called `crm` where nothing else is said, and it is there. */
export function sampleOf({ operationId }: DescribedOperation, path: string): Sample {
  const { parts = {}, query = {}, body } = samples[operationId] ?? {};
  const listed = /\/([a-z-]+)\/\{id\}/.exec(path)?.[1] ?? '';
  const common: Readonly<Record<string, string | undefined>> = { ...places, id: ids[listed], ...parts };
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return { parts: Object.fromEntries(names.map((name) => [name, common[name] ?? 'crm'])), query, body };
}

const places = { bus: 'default', rule: known.rule, version: '1', change: '1' };

const ids: Readonly<Record<string, string>> = {
  keys: known.key,
  discovered: known.discovered,
  events: known.event,
  'dead-letters': known.deadLetter,
  quarantine: known.quarantined,
};

const event = createEvent('e9');
const key = { role: 'publisher', buses: ['*'] };
const rule = {
  filter: { pattern: { source: ['/shop'] } },
  targets: [{ name: 'crm', http: { url: 'https://crm.example.com/hook' } }],
};

const samples: Readonly<Record<string, Partial<Sample>>> = {
  postEvents: { body: event },
  postBusesEvents: { body: event },
  postFunctionsName: { body: event },
  postBusesFunctionsName: { body: event },
  putBusesReplaysName: { parts: { name: 'again' }, body: { archive: 'crm', from: 0 } },
  postBusesDeadLettersIdRedrive: { body: { event } },

  putAdminBusesBus: { body: { retention: '3d' } },
  deleteAdminBusesBus: { parts: { bus: known.emptyBus } },
  putAdminBusesArchivesArchive: { body: { filter: { pattern: { type: ['order.paid'] } } } },
  putAdminBusesConnectorsConnector: { body: { source: { schedule: { cron: '0 9 * * *' } } } },
  postAdminBusesConnectorsConnectorRestart: { body: {} },
  postAdminBusesConnectorsConnectorVerify: { body: { rule: 'crm', target: 'crm' } },
  putAdminBusesRulesRule: { body: { ...rule, description: 'to the CRM' } },
  postAdminBusesRulesTest: { body: { events: [event] } },
  putAdminConnectionsConnection: { body: { bearer: { token: 'not-a-real-token-either' } } },
  putAdminFunctionsFunction: { body: { description: 'of the bundle' } },
  putAdminIdentitiesIdentity: {
    body: {
      issuer: 'https://login.example.com',
      audience: ['crm'],
      access: [{ claims: { groups: 'crm' }, role: 'operator', buses: ['*'] }],
    },
  },
  putAdminSchemasSchema: { body: { type: 'order.created', description: 'of the shop' } },
  putAdminSchemasSchemaVersionsVersion: {
    parts: { version: '2' },
    body: { type: 'object', description: 'of an order' },
  },
  putAdminSecretsSecret: { body: { value: 'not-a-real-secret-either' } },
  postAdminBusesDiscoveredId: { body: { name: 'learnt', source: '/shop' } },
  postAdminChanges: { body: { edits: [{ put: { kind: 'rule', bus: 'default', name: 'crm', ...rule } }] } },
  postAdminKeys: { body: key },
  postAdminKeysIdRotate: { body: {} },
  putAdminTenantsTenant: { body: { quotas: { rules: 2 } } },
  deleteAdminTenantsTenant: { query: { confirm: 'crm' } },
  postAdminTenantsTenantKeys: { body: key },
};

/** What no sample can do here, and why. */
export const exceptions: Readonly<Record<string, string>> = {
  postAdminBusesConnectorsConnectorVerify: 'it compares two databases, and this mesh has none',
};

/** Those of which the table says something, for the test that holds it to the API. */
export const sampled = Object.keys(samples);

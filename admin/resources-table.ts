import { archiveResource } from './archives.ts';
import { busResource } from './buses.ts';
import { connectionResource } from './connections.ts';
import { connectorResource } from './connectors.ts';
import { functionResource } from './functions.ts';
import { identityResource } from './identities.ts';
import { toKeyView, type KeyDocument } from './resources/key.ts';
import type { Address, Resource } from './resource.ts';
import { ruleResource } from './rules.ts';
import { schemaResource } from './schemas.ts';
import { secretResource } from './secrets.ts';

/** Everything that a change set may hold: each needs at most those before it. */
export const resources: readonly Resource[] = [
  busResource,
  secretResource,
  connectionResource,
  functionResource,
  schemaResource,
  archiveResource,
  connectorResource,
  ruleResource,
  identityResource,
];

export function findResource(kind: unknown): Resource | undefined {
  return resources.find((resource) => resource.kind === kind);
}

/** What the key of a document says of it; `undefined` for what is no configuration. */
export function readKey(key: string): ({ readonly kind: string } & Address) | undefined {
  const [kind = '', tenant = '', ...rest] = key.split('/');
  if (kind === 'tenant') return { kind, bus: '', name: tenant };
  const resource = findResource(kind);
  if (kind !== 'key' && resource === undefined) return undefined;
  const [bus = '', name = ''] = resource?.scope === 'bus' ? rest : ['', rest[0]];
  return { kind, bus, name };
}

/** A stored document of any kind as it may be shown. */
export function showStored(kind: string, document: object): object {
  if (kind === 'key') return toKeyView(document as KeyDocument);
  return findResource(kind)?.show?.(document) ?? document;
}

import { TulleError } from '../event/error.ts';
import { operatorKeyId, requireAccess } from '../mesh/authentication.ts';
import type { Route } from '../mesh/route.ts';
import { archiveResource } from './archives.ts';
import { busList, busResource } from './buses.ts';
import { postChangeSet } from './change-sets.ts';
import { connectionResource } from './connections.ts';
import { connectorResource } from './connectors.ts';
import { discoveredAdoption, discoveredItem, discoveredList } from './discovered.ts';
import { functionResource } from './functions.ts';
import { changeItem, changeList } from './history.ts';
import { identityResource } from './identities.ts';
import { keyItem, keyList, keyRotation } from './keys.ts';
import { targetControls } from './pausing.ts';
import type { Resource } from './resource.ts';
import { resourceHistory, resourceItem, resourceList } from './resource-endpoint.ts';
import { requireName } from './resources/name.ts';
import { postRuleTest } from './rule-tests.ts';
import { ruleResource } from './rules.ts';
import { schemaResource, schemaVersionItem } from './schemas.ts';
import { secretResource } from './secrets.ts';
import type { Call, Handler, Methods, Services } from './services.ts';
import { statusList } from './status.ts';
import { quarantineItem, quarantineList, taskControls, taskList } from './tasks/endpoint.ts';
import { connectorVerification } from './tasks/verify.ts';
import { tenantChanges, tenantItem, tenantKeys, tenantList, tenantUsage } from './tenants.ts';

export interface AdminRoute extends Route {
  /** Is called for who may: see `requireRoute`. */
  readonly handler: Handler;
}

/** Everything that the control plane answers. What each takes and gives is in `operations.ts`. */
export function createAdminRoutes(services: Services): readonly AdminRoute[] {
  /** A list, its items, and what became of each. */
  function ofResource(list: string, resource: Resource): readonly AdminRoute[] {
    const scope = resource.scope === 'bus' || resource.isBus === true ? 'bus' : 'tenant';
    const item = `${list}/{${resource.kind}}`;
    return [
      ...(resource.isBus === true ? [] : toRoutes(list, scope, resourceList(services, resource))),
      ...toRoutes(item, scope, resourceItem(services, resource)),
      ...toRoutes(`${item}/history`, scope, resourceHistory(services, resource)),
    ];
  }

  const root = '/v1/admin';
  const bus = `${root}/buses/{bus}`;
  const connector = `${bus}/connectors/{connector}`;
  return [
    ...toRoutes(`${root}/buses`, 'visible', busList(services)),
    ...ofResource(`${root}/buses`, busResource),
    ...ofResource(`${bus}/archives`, archiveResource),
    ...ofResource(`${bus}/connectors`, connectorResource),
    ...toRoutes(`${connector}/tasks`, 'bus', taskList(services)),
    ...toOperations(connector, taskControls(services)),
    // It tells keys of rows.
    ...toRoutes(`${connector}/verify`, 'bus', connectorVerification(services), 'disclose'),
    ...toRoutes(`${connector}/quarantine`, 'bus', quarantineList(services), 'disclose'),
    ...toRoutes(`${connector}/quarantine/{id}`, 'bus', quarantineItem(services), 'operate'),
    ...ofResource(`${bus}/rules`, ruleResource),
    ...toOperations(`${bus}/rules/{rule}/targets/{target}`, targetControls(services)),
    // It changes nothing; what it needs besides, it asks for itself.
    {
      method: 'POST',
      path: `${bus}/rules:test`,
      permission: 'read',
      scope: 'bus',
      handler: (call) => postRuleTest(services, call),
    },
    ...toRoutes(`${bus}/discovered`, 'bus', discoveredList(services)),
    ...toRoutes(`${bus}/discovered/{id}`, 'bus', discoveredItem(services)),
    // What is adopted becomes a schema, and those belong to the tenant.
    ...toRoutes(`${bus}/discovered/{id}`, 'tenant', discoveredAdoption(services)),
    ...ofResource(`${root}/connections`, connectionResource),
    ...ofResource(`${root}/functions`, functionResource),
    ...ofResource(`${root}/identities`, identityResource),
    ...ofResource(`${root}/schemas`, schemaResource),
    ...toRoutes(`${root}/schemas/{schema}/versions/{version}`, 'tenant', schemaVersionItem(services)),
    ...ofResource(`${root}/secrets`, secretResource),
    ...toRoutes(`${root}/changes`, 'tenant', changeList(services)),
    // Each edit is for a bus of its own, and takes an admin of it where more than a dry run is asked for.
    ...toRoutes(`${root}/changes`, 'visible', { POST: (call) => postChangeSet(services, call) }, 'read'),
    ...toRoutes(`${root}/changes/{change}`, 'tenant', changeItem(services)),
    ...toRoutes(`${root}/keys`, 'tenant', keyList(services)),
    ...toRoutes(`${root}/keys/{id}`, 'tenant', keyItem(services)),
    ...toRoutes(`${root}/keys/{id}/rotate`, 'tenant', keyRotation(services)),
    ...toRoutes(`${root}/status`, 'visible', statusList(services)),
    ...toRoutes(`${root}/tenants`, 'installation', tenantList(services)),
    ...toRoutes(`${root}/tenants/{tenant}`, 'installation', tenantItem(services)),
    ...toRoutes(`${root}/tenants/{tenant}/changes`, 'installation', tenantChanges(services)),
    ...toRoutes(`${root}/tenants/{tenant}/keys`, 'installation', tenantKeys(services)),
    ...toRoutes(`${root}/tenants/{tenant}/usage`, 'installation', tenantUsage(services)),
  ];
}

/** Lets in whose role and buses the route asks for. @throws TulleError `permission_denied`, `request_invalid` */
export function requireRoute(
  { permission, scope }: Route,
  { principal, params }: Pick<Call, 'principal' | 'params'>,
): void {
  if (permission === 'none') return;
  const bus = {
    bus: () => requireName(params['bus'] ?? '', 'bus'),
    tenant: () => '*',
    visible: () => undefined,
    installation: () => '*',
  };
  requireAccess(principal, permission, bus[scope]());
  if (scope !== 'installation' || principal.keyId === operatorKeyId) return;
  throw new TulleError('permission_denied', "This needs the operator's own key.", {
    mend: 'Use the secret TULLE_ADMIN_KEY of the installation.',
  });
}

/** Reading takes a viewer, everything else changes the configuration, unless the route says what it takes. */
function toRoutes(
  path: string,
  scope: Route['scope'],
  methods: Methods,
  permission?: Route['permission'],
): readonly AdminRoute[] {
  return (Object.entries(methods) as [keyof Methods, Handler][]).map(([method, handler]) => ({
    method,
    path,
    permission: permission ?? (method === 'GET' ? 'read' : 'configure'),
    scope,
    handler,
  }));
}

/** What an operator may do to something of a bus, each with an address of its own. */
function toOperations(item: string, operations: Readonly<Record<string, Methods>>): readonly AdminRoute[] {
  return Object.entries(operations).flatMap(([name, methods]) =>
    toRoutes(`${item}/${name}`, 'bus', methods, 'operate'),
  );
}

import { TulleError } from '../event/error.ts';
import { requireAccess } from '../mesh/authentication.ts';
import type { Documents } from '../mesh/ports.ts';
import { admitRule, requireConnections, requireFunctions } from './admission.ts';
import { readJson } from './body.ts';
import { findUsableConnections } from './connections.ts';
import { documentKeys } from './document-keys.ts';
import { findFunctionNames } from './functions.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { readPrecondition, requirePrecondition, toETag } from './precondition.ts';
import { requireName } from './resources/name.ts';
import type { RuleDocument } from './resources/rule.ts';
import type { Call, Methods, Services } from './services.ts';
import { requireRoom } from './snapshot-builder.ts';
import { requireDocument, writeDocument } from './store.ts';

/** `/v1/admin/buses/{bus}/rules` */
export function ruleList({ documents }: Services): Methods {
  return {
    async GET({ principal, params, query }) {
      const bus = requireName(params['bus'] ?? '', 'bus');
      requireAccess(principal, 'viewer', bus);
      await requireBus(documents, principal.tenant, bus);
      const page = await listPage(documents, documentKeys.rules(principal.tenant, bus), readPageRequest(query));
      return Response.json(toList(page, ({ value, version }) => ({ version, document: value })));
    },
  };
}

/** `/v1/admin/buses/{bus}/rules/{rule}` */
export function ruleItem(services: Services): Methods {
  const { documents, publisher, sinks, policy } = services;
  return {
    async GET(call) {
      const { bus, name, key } = addressOf(call);
      requireAccess(call.principal, 'viewer', bus);
      await requireBus(documents, call.principal.tenant, bus);
      const { value, version } = await requireDocument(documents, key, `rule ${name} on the bus ${bus}`);
      return Response.json(value, { headers: { etag: toETag(version) } });
    },

    async PUT(call) {
      const { bus, name, key } = addressOf(call);
      requireAccess(call.principal, 'admin', bus);
      const { tenant } = call.principal;
      const precondition = readPrecondition(call.request.headers);
      const input = await readJson(call.request);
      const functions = await findFunctionNames(services, tenant);
      const connections = await findUsableConnections(documents, call.principal);
      const rule = admitRule(input, { bus, name }, { sinks, policy, functions, connections });
      let before: RuleDocument | undefined;
      const { document, version, created } = await writeDocument<RuleDocument>(documents, publisher, {
        tenant,
        bus,
        key,
        precondition,
        async build(present) {
          before = present;
          await requireBus(documents, tenant, bus);
          await requireRoom(documents, tenant, rule);
          return rule;
        },
        async confirm(stored) {
          // The bus may have gone between the look and the write: a rule never waits for a later bus of that name.
          if ((await documents.get(documentKeys.bus(tenant, bus))) === undefined) {
            await documents.delete(key, stored);
            await requireBus(documents, tenant, bus);
          }
          try {
            requireFunctions(rule, await findFunctionNames(services, tenant));
            requireConnections(rule, await findUsableConnections(documents, call.principal));
          } catch (error) {
            // A function or a connection went at the same time: the rule is again what it was.
            if (before === undefined) await documents.delete(key, stored);
            else await documents.put(key, before, stored);
            throw error;
          }
        },
      });
      return Response.json(document, { status: created ? 201 : 200, headers: { etag: toETag(version) } });
    },

    async DELETE(call) {
      const { bus, name, key } = addressOf(call);
      requireAccess(call.principal, 'admin', bus);
      const { tenant } = call.principal;
      await requireBus(documents, tenant, bus);
      const { version } = await requireDocument(documents, key, `rule ${name} on the bus ${bus}`);
      requirePrecondition(readPrecondition(call.request.headers), version);
      await publisher.change(tenant, bus, () => documents.delete(key, version));
      return new Response(null, { status: 204 });
    },
  };
}

function addressOf({ principal, params }: Call): { bus: string; name: string; key: string } {
  const bus = requireName(params['bus'] ?? '', 'bus');
  const name = requireName(params['rule'] ?? '', 'rule');
  return { bus, name, key: documentKeys.rule(principal.tenant, bus, name) };
}

/** @throws TulleError `bus_not_found` */
export async function requireBus(documents: Documents, tenant: string, bus: string): Promise<void> {
  if ((await documents.get(documentKeys.bus(tenant, bus))) !== undefined) return;
  throw new TulleError('bus_not_found', `There is no bus ${bus}.`, {
    mend: `Create it with PUT /v1/admin/buses/${bus}.`,
  });
}

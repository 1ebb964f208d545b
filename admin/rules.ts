import { admitRule, requireConnections, requireFunctions } from './admission.ts';
import { findUsableConnections } from './connections.ts';
import { documentKeys } from './document-keys.ts';
import { findFunctionNames } from './functions.ts';
import type { Resource } from './resource.ts';
import type { RuleDocument } from './resources/rule.ts';
import { requireRoom } from './snapshot-builder.ts';

/** `/v1/admin/buses/{bus}/rules/{rule}` */
export const ruleResource: Resource = {
  kind: 'rule',
  scope: 'bus',
  describe: ({ bus, name }) => `rule ${name} on the bus ${bus}`,
  prefix: documentKeys.rules,

  async admit(input, { services, principal, address, documents }) {
    const functions = await findFunctionNames(services, documents, principal.tenant);
    const connections = await findUsableConnections(documents, principal);
    return admitRule(input, address, { ...services, functions, connections });
  },

  async check(document, { services, principal, documents }) {
    const rule = document as RuleDocument;
    await requireRoom(documents, principal.tenant, rule);
    requireFunctions(rule, await findFunctionNames(services, documents, principal.tenant));
    requireConnections(rule, await findUsableConnections(documents, principal));
  },
};

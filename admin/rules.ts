import { admitRule, requireConnections, requireFunctions } from './admission.ts';
import { documentKeys } from './document-keys.ts';
import type { Resource } from './resource.ts';
import type { RuleDocument } from './resources/rule.ts';
import { requireRoom } from './snapshot-builder.ts';

/** `/v1/admin/buses/{bus}/rules/{rule}` */
export const ruleResource: Resource = {
  kind: 'rule',
  scope: 'bus',
  describe: ({ bus, name }) => `rule ${name} on the bus ${bus}`,
  prefix: documentKeys.rules,

  async admit(input, { services, address, world }) {
    const functions = await world.functions();
    const connections = await world.connections();
    return admitRule(input, address, { ...services, functions, connections });
  },

  async check(documents, order) {
    const rules = documents as readonly RuleDocument[];
    const functions = await order.world.functions();
    const connections = await order.world.connections();
    for (const rule of rules) {
      requireFunctions(rule, functions);
      requireConnections(rule, connections);
    }
    const [first] = rules;
    if (first !== undefined) await requireRoom(order.documents, order.principal.tenant, first);
  },
};

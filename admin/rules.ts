import { admitRule, requireConnections, requireFunctions } from './admission.ts';
import { documentKeys } from './document-keys.ts';
import type { Resource } from './resource.ts';
import type { RuleDocument } from './resources/rule.ts';
import { requireRoom } from './snapshot-builder.ts';
import { findDuplicates, findRuleWarnings } from './warnings.ts';

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
    if (first !== undefined) requireRoom(await order.world.rules(first.bus));
  },

  async warn(documents, { world }) {
    const rules = documents as readonly RuleDocument[];
    const [first] = rules;
    const all = first === undefined ? [] : await world.rules(first.bus);
    const duplicates = findDuplicates(
      rules,
      all.map(({ value }) => value as RuleDocument),
    );
    return rules.map((rule) => [...findRuleWarnings(rule), ...(duplicates.get(rule) ?? [])]);
  },
};

import { TulleError } from '../event/error.ts';
import { calledFunction } from '../functions/transform/compute.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import type { Resource } from './resource.ts';
import { admitFunction, type FunctionDocument } from './resources/function.ts';
import type { RuleDocument } from './resources/rule.ts';
import type { Services } from './services.ts';
import { requireFunctionRoom } from './snapshot-builder.ts';

/** `/v1/admin/functions/{name}`. Functions belong to the tenant, so they take an admin of every bus. */
export const functionResource: Resource = {
  kind: 'function',
  scope: 'tenant',
  describe: ({ name }) => `document of the function ${name}`,
  prefix: documentKeys.functions,
  most: { count: 100, plural: 'functions' },

  async admit(input, { services, address, world }) {
    const connections = await world.connections();
    return admitFunction(input, address.name, { support: services.functions, policy: services.policy, connections });
  },

  async check([first], { principal, documents }) {
    await requireFunctionRoom(documents, principal.tenant, first as FunctionDocument);
  },

  async checkRemoved({ principal, address, documents }) {
    await requireUnused(documents, principal.tenant, address.name);
  },
};

/** The functions that a rule of the tenant may call: those of the bundle and those with a document. */
export async function findFunctionNames(
  { functions }: Services,
  documents: Documents,
  tenant: string,
): Promise<Set<string>> {
  const names = new Set(functions.bundle?.map(({ name }) => name));
  const prefix = documentKeys.functions(tenant);
  for await (const { key } of walkDocuments(documents, prefix)) names.add(key.slice(prefix.length));
  return names;
}

/** @throws TulleError `in_use` where a rule calls the function, also where the bundle has one of that name. */
async function requireUnused(documents: Documents, tenant: string, name: string): Promise<void> {
  for await (const { value } of walkDocuments(documents, documentKeys.rules(tenant))) {
    const { bus, name: rule, steps } = value as RuleDocument;
    if (!steps.some((step) => calledFunction(step) === name)) continue;
    throw new TulleError('in_use', `The rule ${rule} on the bus ${bus} calls the function ${name}.`, {
      mend: 'Change or delete the rule first.',
    });
  }
}

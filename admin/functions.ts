import { TulleError } from '../event/error.ts';
import { calledFunction } from '../functions/transform/compute.ts';
import { requireAccess } from '../mesh/authentication.ts';
import type { Documents } from '../mesh/ports.ts';
import { readJson } from './body.ts';
import { requireCount } from './buses.ts';
import { findUsableConnections } from './connections.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { readPrecondition, requirePrecondition, toETag } from './precondition.ts';
import { admitFunction, type FunctionDocument } from './resources/function.ts';
import { requireName } from './resources/name.ts';
import type { RuleDocument } from './resources/rule.ts';
import type { Call, Methods, Services } from './services.ts';
import { requireFunctionRoom } from './snapshot-builder.ts';
import { requireDocument, writeDocument } from './store.ts';

/** `/v1/admin/functions`. Functions belong to the tenant, so they take an admin of every bus. */
export function functionList({ documents }: Services): Methods {
  return {
    async GET({ principal, query }) {
      requireAccess(principal, 'viewer', '*');
      const page = await listPage(documents, documentKeys.functions(principal.tenant), readPageRequest(query));
      return Response.json(toList(page, ({ value, version }) => ({ version, document: value })));
    },
  };
}

/** `/v1/admin/functions/{name}` */
export function functionItem({ documents, publisher, functions: support, policy }: Services): Methods {
  return {
    async GET(call) {
      requireAccess(call.principal, 'viewer', '*');
      const { name, key } = addressOf(call);
      const { value, version } = await requireDocument(documents, key, `document of the function ${name}`);
      return Response.json(value, { headers: { etag: toETag(version) } });
    },

    async PUT(call) {
      requireAccess(call.principal, 'admin', '*');
      const { name, key } = addressOf(call);
      const { tenant } = call.principal;
      const precondition = readPrecondition(call.request.headers);
      const input = await readJson(call.request);
      const connections = await findUsableConnections(documents, call.principal);
      const wanted = admitFunction(input, name, { support, policy, connections });
      const { document, version, created } = await writeDocument<FunctionDocument>(documents, publisher, {
        tenant,
        bus: '*',
        key,
        precondition,
        async build(present) {
          const prefix = documentKeys.functions(tenant);
          if (present === undefined) await requireCount(documents, prefix, functionsMax, 'functions');
          await requireFunctionRoom(documents, tenant, wanted);
          return wanted;
        },
      });
      return Response.json(document, { status: created ? 201 : 200, headers: { etag: toETag(version) } });
    },

    async DELETE(call) {
      requireAccess(call.principal, 'admin', '*');
      const { name, key } = addressOf(call);
      const { tenant } = call.principal;
      const { value, version } = await requireDocument(documents, key, `document of the function ${name}`);
      requirePrecondition(readPrecondition(call.request.headers), version);
      await requireUnused(documents, tenant, name);
      await publisher.change(tenant, '*', async () => {
        await documents.delete(key, version);
        try {
          // A rule may have come in between; it looks for its functions once more after its own write.
          await requireUnused(documents, tenant, name);
        } catch (error) {
          await documents.put(key, value, 0);
          throw error;
        }
      });
      return new Response(null, { status: 204 });
    },
  };
}

/** The functions that a rule of the tenant may call: those of the bundle and those with a document. */
export async function findFunctionNames({ documents, functions }: Services, tenant: string): Promise<Set<string>> {
  const names = new Set(functions.bundle?.map(({ name }) => name));
  const prefix = documentKeys.functions(tenant);
  for await (const { key } of walkDocuments(documents, prefix)) names.add(key.slice(prefix.length));
  return names;
}

const functionsMax = 100;

function addressOf({ principal, params }: Call): { name: string; key: string } {
  const name = requireName(params['function'] ?? '', 'function');
  return { name, key: documentKeys.function(principal.tenant, name) };
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

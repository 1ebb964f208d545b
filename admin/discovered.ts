import type { FromSchema } from 'json-schema-to-ts';
import { TulleError } from '../event/error.ts';
import { dialects } from '../functions/schema/dialect.ts';
import { readJson } from '../mesh/protocols/json-body.ts';
import { orderOf } from './change-order.ts';
import type { DiscoveredDocument } from './discovery.ts';
import { documentKeys } from './document-keys.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { readPrecondition, requirePrecondition } from './precondition.ts';
import { requireName } from './resources/name.ts';
import { addVersion, admitSchema, type SchemaDocument, schemaSchema, toSchemaView } from './resources/schema.ts';
import { answer, requireOnly, schemaResource } from './schemas.ts';
import type { Call, Methods, Services } from './services.ts';
import { requireSchemaRoom } from './snapshot-builder.ts';
import { requireCount } from './stage-edits.ts';
import { requireDocument } from './store.ts';
import { findFaults, throwFaults } from './validation.ts';

/** `/v1/admin/buses/{bus}/discovered`: what was learnt from the events of a bus with `discovery`. */
export function discoveredList({ documents }: Services): Methods {
  return {
    async GET({ principal, params, query }) {
      const bus = requireName(params['bus'] ?? '', 'bus');
      await requireDocument(documents, documentKeys.bus(principal.tenant, bus), `bus ${bus}`);
      const prefix = documentKeys.discovered(principal.tenant, bus);
      const page = await listPage(documents, prefix, readPageRequest(query));
      return Response.json(
        toList(page, ({ key, value, version }) => ({
          version,
          document: toView(key.slice(prefix.length), value as DiscoveredDocument),
        })),
      );
    },
  };
}

/** `/v1/admin/buses/{bus}/discovered/{id}`: DELETE forgets it. */
export function discoveredItem({ documents }: Services): Methods {
  return {
    async GET(call) {
      const { bus, id, key } = addressOf(call);
      const { value, version } = await requireDocument(documents, key, `discovered type ${id} on the bus ${bus}`);
      return answer(toView(id, value as DiscoveredDocument), version);
    },

    async DELETE(call) {
      const { bus, id, key } = addressOf(call);
      const { version } = await requireDocument(documents, key, `discovered type ${id} on the bus ${bus}`);
      requirePrecondition(readPrecondition(call.request.headers), version);
      await documents.delete(key, version);
      return new Response(null, { status: 204 });
    },
  };
}

/** The same address: POST adopts it into the registry. */
export function discoveredAdoption({ documents, publisher, runtime }: Services): Methods {
  return {
    async POST(call) {
      const { bus, id, key } = addressOf(call);
      const { tenant } = call.principal;
      const input = await readJson(call.request);
      throwFaults(findFaults(adoptionSchema, input));
      const { name, ...more } = input as FromSchema<typeof adoptionSchema>;
      const { value } = await requireDocument(documents, key, `discovered type ${id} on the bus ${bus}`);
      const { type, schema } = value as DiscoveredDocument;
      const { result, change } = await publisher.change(orderOf(call), async (staging) => {
        const schemaKey = documentKeys.schema(tenant, name);
        const present = (await staging.get(schemaKey))?.value as SchemaDocument | undefined;
        if (present === undefined && schemaResource.most !== undefined) {
          const { count, plural } = schemaResource.most;
          await requireCount(staging, documentKeys.schemas(tenant), count, plural);
        }
        if (present !== undefined && present.type !== type) throw otherType(name);
        const head = present ?? admitSchema({ name, type, ...more }, name);
        const added = addVersion(head, withDialect(schema), { now: runtime.now() });
        await requireOnly(staging, tenant, added);
        await requireSchemaRoom(staging, tenant, added);
        await staging.put(schemaKey, added);
        return added;
      });
      const version = change?.sequence ?? (await documents.get(documentKeys.schema(tenant, name)))?.version ?? 0;
      return answer(toSchemaView(result), version, true);
    },
  };
}

const { name, source, description, compatibility } = schemaSchema.properties;

export const adoptionSchema = {
  type: 'object',
  properties: { name, source, description, compatibility },
  required: ['name'],
  additionalProperties: false,
} as const;

function addressOf({ principal, params }: Call): { bus: string; id: string; key: string } {
  const bus = requireName(params['bus'] ?? '', 'bus');
  const id = requireName(params['id'] ?? '', 'id');
  return { bus, id, key: documentKeys.discoveredType(principal.tenant, bus, id) };
}

function otherType(name: string): TulleError {
  return new TulleError('in_use', `The schema ${name} is of another type.`, {
    place: '/name',
    mend: 'Choose another name.',
  });
}

function toView(id: string, document: DiscoveredDocument): object {
  return { id, ...document, schema: withDialect(document.schema) };
}

function withDialect(schema: DiscoveredDocument['schema']): object {
  return { $schema: dialects[0]?.uri, ...schema };
}

import { TulleError } from '../event/error.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import { readJson } from '../mesh/protocols/json-body.ts';
import { orderOf } from './change-order.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { readPrecondition, requirePrecondition, toETag } from './precondition.ts';
import type { Resource } from './resource.ts';
import { requireName } from './resources/name.ts';
import { addVersion, admitSchema, type SchemaDocument, type SchemaVersion, toSchemaView } from './resources/schema.ts';
import type { Call, Methods, Services } from './services.ts';
import { requireSchemaRoom } from './snapshot-builder.ts';
import { requireDocument } from './store.ts';

/** `/v1/admin/schemas/{schema}`. Schemas belong to the tenant, so they take an admin of every bus. */
export const schemaResource: Resource = {
  kind: 'schema',
  scope: 'tenant',
  describe: ({ name }) => `schema ${name}`,
  prefix: documentKeys.schemas,
  most: { count: 200, plural: 'schemas' },
  show: (document) => toSchemaView(document as SchemaDocument),

  async admit(input, { address, present }) {
    return admitSchema(input, address.name, present as SchemaDocument | undefined);
  },

  async restore(document, { present }) {
    const { versions } = document as SchemaDocument;
    const known = (present as SchemaDocument | undefined)?.versions ?? [];
    if (known.every(({ version }, index) => versions[index]?.version === version)) return document;
    throw new TulleError('request_invalid', 'A version of a schema never goes, not even to restore an older state.', {
      mend: 'Add the older schema as a new version.',
    });
  },

  async check(put, { principal: { tenant }, documents }) {
    const schemas = put as readonly SchemaDocument[];
    for (const schema of schemas) await requireOnly(documents, tenant, schema);
    const [first] = schemas;
    if (first !== undefined) await requireSchemaRoom(documents, tenant, first);
  },
};

/** `/v1/admin/schemas/{schema}/versions/{version}`; the body is the JSON Schema itself. */
export function schemaVersionItem({ documents, publisher, runtime }: Services): Methods {
  return {
    async GET(call) {
      const { name, key } = addressOf(call);
      const stored = await requireDocument(documents, key, `schema ${name}`);
      const { versions } = stored.value as SchemaDocument;
      const wanted = call.params['version'] === 'latest' ? versions.at(-1)?.version : readVersion(call);
      const found = versions.find(({ version }) => version === wanted);
      if (found === undefined) {
        throw new TulleError('not_found', `The schema ${name} has no such version.`, {
          mend: 'GET /v1/admin/schemas/{schema} lists them.',
        });
      }
      return answer(toVersionView(name, found), stored.version);
    },

    async PUT(call) {
      const { name, key } = addressOf(call);
      const { tenant } = call.principal;
      const wanted = readVersion(call);
      const precondition = readPrecondition(call.request.headers);
      const input = await readJson(call.request);
      let isNew = false;
      const { result, change } = await publisher.change(orderOf(call), async (staging) => {
        const stored = await staging.get(key);
        requirePrecondition(precondition, stored?.version ?? 0);
        if (stored === undefined) throw missing(name);
        const present = stored.value as SchemaDocument;
        const schema = addVersion(present, input, { version: wanted, now: runtime.now() });
        isNew = schema !== present;
        if (isNew) {
          await requireSchemaRoom(staging, tenant, schema);
          await staging.put(key, schema);
        }
        return { document: schema, version: stored.version };
      });
      const { document } = result;
      const version = change?.sequence ?? result.version;
      return answer(toVersionView(name, document.versions[wanted - 1]!), version, isNew);
    },
  };
}

export function answer(body: object, version: number, isNew = false): Response {
  return Response.json(body, { status: isNew ? 201 : 200, headers: { etag: toETag(version) } });
}

/** An event finds its schema by type and source: there is one for both. @throws TulleError `in_use` */
export async function requireOnly(documents: Documents, tenant: string, schema: SchemaDocument): Promise<void> {
  for await (const { value } of walkDocuments(documents, documentKeys.schemas(tenant))) {
    const other = value as SchemaDocument;
    if (other.name === schema.name || other.type !== schema.type || other.source !== schema.source) continue;
    throw new TulleError('in_use', `The type has the schema ${other.name} already.`, {
      place: '/type',
      mend: `Add a version to ${other.name}, delete it, or give a source to one of the two.`,
    });
  }
}

function addressOf({ principal, params }: Call): { name: string; key: string } {
  const name = requireName(params['schema'] ?? '', 'schema');
  return { name, key: documentKeys.schema(principal.tenant, name) };
}

/** @throws TulleError `request_invalid` */
function readVersion({ params }: Call): number {
  const version = params['version'] ?? '';
  if (/^[1-9][0-9]{0,8}$/.test(version)) return Number(version);
  throw new TulleError('request_invalid', 'The version in the address is not a number from 1 on.', {
    place: 'version',
    mend: 'Write it as in /versions/1.',
  });
}

function toVersionView(name: string, { version, created, schema }: SchemaVersion): object {
  return { name, version, created, schema };
}

function missing(name: string): TulleError {
  return new TulleError('not_found', `There is no schema ${name}.`, {
    mend: `Create it with PUT /v1/admin/schemas/${name} and the type of its events.`,
  });
}

import { TulleError } from '../event/error.ts';
import { requireAccess } from '../mesh/authentication.ts';
import type { Documents } from '../mesh/ports.ts';
import { readJson } from './body.ts';
import { requireCount } from './buses.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { listPage, readPageRequest, toList } from './paging.ts';
import { readPrecondition, requirePrecondition, toETag } from './precondition.ts';
import { requireName } from './resources/name.ts';
import { addVersion, admitSchema, type SchemaDocument, type SchemaVersion, toSchemaView } from './resources/schema.ts';
import type { Call, Methods, Services } from './services.ts';
import { requireSchemaRoom } from './snapshot-builder.ts';
import { requireDocument, writeDocument } from './store.ts';

/** `/v1/admin/schemas`. Schemas belong to the tenant, so they take an admin of every bus. */
export function schemaList({ documents }: Services): Methods {
  return {
    async GET({ principal, query }) {
      requireAccess(principal, 'viewer', '*');
      const page = await listPage(documents, documentKeys.schemas(principal.tenant), readPageRequest(query));
      return Response.json(
        toList(page, ({ value, version }) => ({ version, document: toSchemaView(value as SchemaDocument) })),
      );
    },
  };
}

/** `/v1/admin/schemas/{schema}` */
export function schemaItem({ documents, publisher }: Services): Methods {
  return {
    async GET(call) {
      requireAccess(call.principal, 'viewer', '*');
      const { name, key } = addressOf(call);
      const { value, version } = await requireDocument(documents, key, `schema ${name}`);
      return answer(toSchemaView(value as SchemaDocument), version);
    },

    async PUT(call) {
      requireAccess(call.principal, 'admin', '*');
      const { name, key } = addressOf(call);
      const { tenant } = call.principal;
      const precondition = readPrecondition(call.request.headers);
      const input = await readJson(call.request);
      const { document, version, created } = await writeDocument<SchemaDocument>(documents, publisher, {
        tenant,
        bus: '*',
        key,
        precondition,
        async build(present) {
          const schema = admitSchema(input, name, present);
          if (present === undefined) await requireCount(documents, documentKeys.schemas(tenant), schemasMax, 'schemas');
          await requireOnly(documents, tenant, schema);
          await requireSchemaRoom(documents, tenant, schema);
          return schema;
        },
      });
      return answer(toSchemaView(document), version, created);
    },

    async DELETE(call) {
      requireAccess(call.principal, 'admin', '*');
      const { name, key } = addressOf(call);
      const { version } = await requireDocument(documents, key, `schema ${name}`);
      requirePrecondition(readPrecondition(call.request.headers), version);
      await publisher.change(call.principal.tenant, '*', () => documents.delete(key, version));
      return new Response(null, { status: 204 });
    },
  };
}

/** `/v1/admin/schemas/{schema}/versions/{version}`; the body is the JSON Schema itself. */
export function schemaVersionItem({ documents, publisher, runtime }: Services): Methods {
  return {
    async GET(call) {
      requireAccess(call.principal, 'viewer', '*');
      const { name, key } = addressOf(call);
      const stored = await requireDocument(documents, key, `schema ${name}`);
      const { versions } = stored.value as SchemaDocument;
      const wanted = call.params['version'] === 'latest' ? versions.at(-1)?.version : readVersion(call);
      const found = versions.find(({ version }) => version === wanted);
      if (found === undefined) throw new TulleError('not_found', `The schema ${name} has no such version.`);
      return answer(toVersionView(name, found), stored.version);
    },

    async PUT(call) {
      requireAccess(call.principal, 'admin', '*');
      const { name, key } = addressOf(call);
      const { tenant } = call.principal;
      const wanted = readVersion(call);
      const precondition = readPrecondition(call.request.headers);
      const input = await readJson(call.request);
      let isNew = false;
      const { document, version } = await writeDocument<SchemaDocument>(documents, publisher, {
        tenant,
        bus: '*',
        key,
        precondition,
        async build(present) {
          if (present === undefined) throw missing(name);
          const schema = addVersion(present, input, { version: wanted, now: runtime.now() });
          isNew = schema !== present;
          if (isNew) await requireSchemaRoom(documents, tenant, schema);
          return schema;
        },
      });
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

export const schemasMax = 200;

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

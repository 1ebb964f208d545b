import type { FromSchema } from 'json-schema-to-ts';
import { TulleError } from '../../event/error.ts';
import { findIncompatibilities } from '../../functions/schema/compatibility/compatibility.ts';
import { canonicalText, isObject } from '../../functions/schema/json.ts';
import { compileSchema, type JsonSchema } from '../../functions/schema/schema.ts';
import type { EventSchema } from '../../mesh/snapshot.ts';
import { faultOf, fillDefaults, findFaults, throwFaults } from '../validation.ts';
import { differsFromAddress, withAddress } from './bus.ts';
import { descriptionSchema, nameSchema } from './name.ts';

export const schemaSchema = {
  type: 'object',
  properties: {
    kind: { const: 'schema', default: 'schema' },
    name: nameSchema,
    type: { type: 'string', minLength: 1, maxLength: 256, description: 'the type of the events' },
    source: { type: 'string', minLength: 1, maxLength: 1_024, description: 'the source of the events' },
    description: descriptionSchema,
    compatibility: {
      enum: ['none', 'backward', 'forward', 'full'],
      default: 'backward',
      description: 'what a new version owes to the one before it',
    },
  },
  required: ['name', 'type'],
  additionalProperties: false,
} as const;

export type SchemaHead = FromSchema<typeof schemaSchema>;

/** As it is stored: a version never changes, and none goes but with the schema. */
export type SchemaDocument = SchemaHead & { readonly versions: readonly SchemaVersion[] };

export interface SchemaVersion {
  readonly version: number;
  readonly created: string;
  readonly schema: JsonSchema;
}

export const versionsMax = 50;
export const schemaMaxBytes = 65_536;

/**
 * A schema as it is stored, from what was sent to the address of `name`. Versions come in one by one, but a document
 * that was read may be sent back as it was.
 * @throws TulleError `resource_invalid` with every fault
 */
export function admitSchema(input: unknown, name: string, present?: SchemaDocument): SchemaDocument {
  const { versions, ...rest } = isObject(input) ? { ...withName(input, name) } : { versions: undefined };
  const head = isObject(input) ? rest : input;
  const faults = findFaults(schemaSchema, head);
  const known = present === undefined ? [] : viewVersions(present);
  if (versions !== undefined && canonicalText(versions) !== canonicalText(known)) {
    const mend = `Add one with PUT /v1/admin/schemas/${name}/versions/${known.length + 1}.`;
    faults.push(faultOf('/versions', 'versions cannot be changed here.', mend));
  }
  throwFaults(faults);
  const schema = fillDefaults(schemaSchema, head) as SchemaHead;
  if (schema.name !== name) throwFaults([differsFromAddress('name', name)]);
  return { ...schema, versions: present?.versions ?? [] };
}

/** What is shown of it: versions are read one by one. */
export function toSchemaView(document: SchemaDocument): object {
  return { ...document, versions: viewVersions(document) };
}

/** What the mesh needs of it. */
export function toEventSchema({ name, type, source, versions }: SchemaDocument): EventSchema {
  return {
    name,
    type,
    ...(source === undefined ? {} : { source }),
    versions: versions.map(({ version, schema }) => ({ version, schema })),
  };
}

/**
 * The schema with one more version. One that is there already, the same, changes nothing.
 * @param version its number, the next one where it is absent
 * @throws TulleError `schema_invalid`, `schema_incompatible`, `too_large`, `version_conflict`, `limit_reached`
 */
export function addVersion(
  document: SchemaDocument,
  input: unknown,
  { version, now }: { readonly version?: number; readonly now: number },
): SchemaDocument {
  const latest = document.versions.at(-1);
  const next = (latest?.version ?? 0) + 1;
  const wanted = version ?? next;
  if (version === undefined && latest !== undefined && canonicalText(latest.schema) === canonicalText(input)) {
    return document;
  }
  const present = document.versions.find((candidate) => candidate.version === wanted);
  if (present !== undefined) {
    if (canonicalText(present.schema) === canonicalText(input)) return document;
    throw new TulleError('version_conflict', `Version ${wanted} is there, with another content; it never changes.`, {
      place: 'version',
      mend: `Add version ${next}.`,
    });
  }
  if (wanted !== next) {
    throw new TulleError('version_conflict', `The next version is ${next}.`, {
      place: 'version',
      mend: `Send it to the address of version ${next}.`,
    });
  }
  if (document.versions.length >= versionsMax) {
    throw new TulleError('limit_reached', `The schema has ${versionsMax} versions already.`, {
      mend: 'Register the next one under another name.',
    });
  }
  const schema = admitJsonSchema(input);
  if (latest !== undefined) requireCompatible(latest.schema, schema, document.compatibility);
  const created = new Date(now).toISOString();
  return { ...document, versions: [...document.versions, { version: next, created, schema }] };
}

/** @throws TulleError `schema_invalid` for what is no usable JSON Schema, `too_large` */
function admitJsonSchema(input: unknown): JsonSchema {
  const bytes = new TextEncoder().encode(JSON.stringify(input)).length;
  if (bytes > schemaMaxBytes) {
    throw new TulleError('too_large', `The schema takes ${bytes} bytes; it may take ${schemaMaxBytes}.`, {
      mend: 'Put repeated parts into $defs, and leave examples out.',
    });
  }
  if (typeof input !== 'boolean' && !isObject(input)) {
    throw new TulleError('schema_invalid', 'A JSON Schema is an object, or true or false.', {
      place: '',
      mend: 'Send the schema itself as the body.',
    });
  }
  const compiled = compileSchema(input, { strict: true });
  // A schema that refers to itself in place would refuse every event.
  const endless = [null, 0, '', [], {}].some((value) => compiled.validate(value)[0]?.keyword === '');
  if (!endless) return input;
  throw new TulleError('schema_invalid', 'A check against the schema would never end.', {
    place: '',
    mend: 'Let it refer to itself from members or items only.',
  });
}

/** @throws TulleError `schema_incompatible`; its place is in the new schema, references followed */
function requireCompatible(before: JsonSchema, after: JsonSchema, mode: SchemaHead['compatibility']): void {
  const [found] = findIncompatibilities(before, after, mode);
  if (found === undefined) return;
  const whose = found.direction === 'backward' ? 'of the version before' : 'of the new version';
  const other = found.direction === 'backward' ? 'the new one' : 'the version before';
  const doubt = found.undecided === true ? 'could be' : 'is';
  const detail = `The version ${doubt} not ${found.direction} compatible: data ${whose} may not fit ${other}.`;
  throw new TulleError('schema_incompatible', `${detail} ${found.detail}`, {
    place: found.place,
    mend: 'Take the change back, register another schema, or choose another compatibility: forward lets members be added.',
  });
}

function viewVersions({ versions }: SchemaDocument): readonly { version: number; created: string }[] {
  return versions.map(({ version, created }) => ({ version, created }));
}

function withName(input: object, name: string): Readonly<Record<string, unknown>> {
  return withAddress(input, { name }) as Readonly<Record<string, unknown>>;
}

import { dataBytes, dataContentType, dataValue } from '../event/data.ts';
import { isJsonMediaType } from '../event/attribute-formats.ts';
import { type ErrorItem, TulleError } from '../event/error.ts';
import type { Event } from '../event/event.ts';
import { newScan, scanJson } from '../event/json-scan.ts';
import { parseJson } from '../event/parse-json.ts';
import { type CompiledSchema, compileSchema } from '../functions/schema/schema.ts';
import type { EventSchema, Snapshot } from './snapshot.ts';

/** Holds events against the schemas of their types as they come in. */
export interface SchemaGate {
  /**
   * What is wrong with each event, in the order given; `undefined` where nothing is. With `schemas: warn` on the bus.
   * @throws TulleError `schema_mismatch` with `schemas: enforce`: one event that does not fit refuses all of them
   */
  review(events: readonly Event[], options?: { readonly batch?: boolean }): readonly Faults[];
}

export type Faults = readonly ErrorItem[] | undefined;

/** `undefined` for a bus that does not look at schemas. Each schema is compiled when an event first needs it. */
export function createSchemaGate({ settings, schemas = [] }: Snapshot): SchemaGate | undefined {
  const { schemas: mode, unknownTypes = 'allow' } = settings;
  if (mode === undefined) return undefined;
  const byType = new Map<string, EventSchema[]>();
  for (const schema of schemas) {
    const others = byType.get(schema.type);
    if (others === undefined) byType.set(schema.type, [schema]);
    else others.push(schema);
  }
  const compiled = new Map<unknown, CompiledSchema>();

  function findFaults(event: Event): Faults {
    const { type, source, dataschema } = event.attributes;
    const candidates = byType.get(type) ?? [];
    const schema =
      candidates.find((candidate) => candidate.source === source) ??
      candidates.find((candidate) => candidate.source === undefined);
    if (schema === undefined) return unknownTypes === 'allow' ? undefined : [unknownType];
    const version = versionOf(schema, dataschema);
    if (version === undefined) return [unknownVersion];
    return findDataFaults(event, compile(version.schema));
  }

  function compile(schema: EventSchema['versions'][number]['schema']): CompiledSchema {
    let check = compiled.get(schema);
    if (check === undefined) {
      check = compileSchema(schema);
      compiled.set(schema, check);
    }
    return check;
  }

  return {
    review(events, { batch = false } = {}) {
      const reviewed = events.map(findFaults);
      if (mode === 'enforce' && reviewed.some((faults) => faults !== undefined)) throw mismatch(reviewed, batch);
      return reviewed;
    },
  };
}

/** A refusal lists at most so many faults. */
const mostListed = 50;

/**
 * The version that `dataschema` names (`…/schemas/{name}/versions/{version}`, or the schema's own `$id`), otherwise the
 * latest; `undefined` for a version of this schema that there is not.
 */
function versionOf({ name, versions }: EventSchema, dataschema: unknown): EventSchema['versions'][number] | undefined {
  const latest = versions.at(-1);
  if (typeof dataschema !== 'string') return latest;
  const [, named, version] = /\/schemas\/([a-z0-9-]{1,63})\/versions\/([0-9]{1,9})$/.exec(dataschema) ?? [];
  if (named === name) return versions.find((candidate) => candidate.version === Number(version));
  return versions.find(({ schema }) => typeof schema === 'object' && schema['$id'] === dataschema) ?? latest;
}

function findDataFaults(event: Event, schema: CompiledSchema): Faults {
  if (event.data === undefined) return [noData];
  if (!isJsonMediaType(dataContentType(event) ?? '')) return [noJson];
  let value: unknown;
  let { duplicateKeys } = event;
  if (event.data.member === 'data') {
    value = dataValue(event);
  } else {
    try {
      const text = decoder.decode(dataBytes(event) as Uint8Array);
      const scan = newScan();
      scanJson(text, 0, scan);
      ({ duplicateKeys } = scan);
      value = parseJson(text);
    } catch {
      return [noJson];
    }
  }
  // Whoever reads the event may take another of the two.
  if (duplicateKeys) return [namedTwice];
  const faults = schema.validate(value);
  if (faults.length === 0) return undefined;
  return faults.map(({ detail, place, mend }) => faultOf(`/data${place}`, detail, mend));
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

function mismatch(reviewed: readonly Faults[], batch: boolean): TulleError {
  const errors: ErrorItem[] = [];
  for (const [index, faults = []] of reviewed.entries()) {
    for (const fault of faults) {
      if (errors.length < mostListed) errors.push(batch ? { ...fault, place: `/${index}${fault.place ?? ''}` } : fault);
    }
  }
  const [first] = errors;
  const place = first?.place === undefined ? {} : { place: first.place };
  if (!batch && errors.length === 1) {
    return new TulleError('schema_mismatch', first!.detail, {
      ...place,
      ...(first!.mend === undefined ? {} : { mend: first!.mend }),
    });
  }
  const count = reviewed.filter((faults) => faults !== undefined).length;
  const detail = batch
    ? `${count} of the batch's events do not fit the schema of their type.`
    : `${errors.length} things do not fit the schema of the event's type.`;
  const mend = batch ? 'Mend or leave out the events that are listed; none of the batch was accepted.' : undefined;
  return new TulleError('schema_mismatch', detail, { ...place, errors, ...(mend === undefined ? {} : { mend }) });
}

function faultOf(place: string, detail: string, mend?: string): ErrorItem {
  return { code: 'schema_mismatch', detail, place, ...(mend === undefined ? {} : { mend }) };
}

const unknownType = faultOf(
  '/type',
  'No schema is registered for this type, and the bus takes known types only.',
  'Register one with PUT /v1/admin/schemas/{name}, or correct the type.',
);
const unknownVersion = faultOf(
  '/dataschema',
  'The schema has no such version.',
  'Name a version that is registered, or leave dataschema out for the latest.',
);
const noData = faultOf('/data', 'The event has no data, and its type has a schema.', 'Add data.');
const noJson = faultOf('/data', 'The data is no JSON, and the type has a JSON Schema.', 'Send JSON as data.');
const namedTwice = faultOf('/data', 'An object of the event names a member twice.', 'Send every member once.');

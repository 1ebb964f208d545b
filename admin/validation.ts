import { Validator, type OutputUnit } from '@cfworker/json-schema';
import { TulleError, type ErrorItem } from '../event/error.ts';
import { findNearest } from './nearest.ts';

/**
 * Every fault of `value` under a JSON Schema (2020-12), with its JSON Pointer below `place` and what mends it.
 * Values are never repeated in messages: they may be secrets.
 */
export function findFaults(schema: object, value: unknown, place = ''): ErrorItem[] {
  const { errors } = validatorOf(schema).validate(value);
  const faults: ErrorItem[] = [];
  for (const [index, unit] of withoutAlternatives(errors).entries()) {
    if (faults.length === maxFaults) break;
    const fault = toFault(schema, unit, errors[index - 1]);
    if (fault !== undefined) faults.push({ ...fault, place: place + (fault.place ?? '') });
  }
  return faults;
}

/** One error for everything that is wrong: a single fault speaks for itself, several come as `errors`. */
export function throwFaults(faults: readonly ErrorItem[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const { code, detail, place, mend } = first;
  const at = { ...(place === undefined ? {} : { place }), ...(mend === undefined ? {} : { mend }) };
  if (faults.length === 1) throw new TulleError(code, detail, at);
  throw new TulleError('resource_invalid', `${faults.length} things are wrong with the document.`, { errors: faults });
}

export function faultOf(place: string, detail: string, mend?: string): ErrorItem {
  return { code: 'resource_invalid', detail, place, ...(mend === undefined ? {} : { mend }) };
}

/**
 * A copy in which every absent member that has a `default` is filled in; members in the order of the schema, unknown
 * ones behind. The value must fit the schema.
 */
export function fillDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => fillDefaults(items, item));
  }
  if (typeof value !== 'object' || value === null || schema.properties === undefined) return value;
  const members = new Map<string, unknown>();
  for (const [name, property] of Object.entries(schema.properties)) {
    const member = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : property.default;
    if (member !== undefined) members.set(name, fillDefaults(property, member));
  }
  for (const [name, member] of Object.entries(value)) if (!members.has(name)) members.set(name, member);
  return Object.fromEntries(members);
}

/** What this file reads of a schema. */
export interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly default?: unknown;
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

const maxFaults = 50;

/** Cache: one interpreter a schema object. Schemas are few and live as long as the isolate. */
const validators = new WeakMap<object, Validator>();

function validatorOf(schema: object): Validator {
  let validator = validators.get(schema);
  if (validator === undefined) {
    // Interpreted: code generation is forbidden inside a request on Workers.
    validator = new Validator(schema, '2020-12', false);
    validators.set(schema, validator);
  }
  return validator;
}

/** Of `anyOf` and its kin only the summary is kept: the faults of every alternative together contradict each other. */
function withoutAlternatives(units: readonly OutputUnit[]): (OutputUnit | undefined)[] {
  let group: string | undefined;
  let wasDropped = false;
  return units.map((unit) => {
    // The interpreter gives a `false` schema no location of its own: it goes with the unit before it.
    const inside =
      group !== undefined && (unit.keyword === 'false' ? wasDropped : unit.keywordLocation.startsWith(`${group}/`));
    wasDropped = inside;
    if (inside) return undefined;
    if (['anyOf', 'oneOf', 'contains', 'propertyNames'].includes(unit.keyword)) group = unit.keywordLocation;
    return unit;
  });
}

function toFault(schema: object, unit: OutputUnit | undefined, summary: OutputUnit | undefined): ErrorItem | undefined {
  if (unit === undefined) return undefined;
  const place = decodePlace(unit.instanceLocation);
  const name = place === '' ? 'The document' : unescapePointer(place.slice(place.lastIndexOf('/') + 1));
  const limit = resolve(schema, unit.keywordLocation);
  const owner = resolve(schema, unit.keywordLocation.slice(0, unit.keywordLocation.lastIndexOf('/'))) as Schema;
  const expected = owner?.description === undefined ? undefined : `Give ${owner.description}.`;

  switch (unit.keyword) {
    // Summaries: what they sum up follows.
    case 'properties':
    case 'patternProperties':
    case 'additionalProperties':
    case 'unevaluatedProperties':
    case 'items':
    case 'prefixItems':
    case 'allOf':
    case 'if':
    case '$ref':
    case 'dependentSchemas':
      return undefined;
    case 'false':
      return unknownMember(place, name, summary === undefined ? undefined : knownMembers(schema, summary));
    case 'required': {
      const member = /"(.*)"/.exec(unit.error)?.[1] ?? '';
      return faultOf(`${place}/${escapePointer(member)}`, `${member} is missing.`, `Add ${member}.`);
    }
    case 'type':
      return faultOf(place, `${name} must be of type ${[limit].flat().join(' or ')}.`, expected);
    case 'const':
      return faultOf(place, `${name} must be ${JSON.stringify(limit)}.`);
    case 'enum':
      return faultOf(place, `${name} has a value that is not known.`, `Use one of ${listOf(limit as unknown[])}.`);
    case 'pattern':
      return faultOf(place, `${name} has not the right form.`, expected ?? `It must match ${String(limit)}.`);
    case 'format':
      return faultOf(place, `${name} must be in the format ${String(limit)}.`, expected);
    case 'minimum':
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return faultOf(place, `${name} must ${measures[unit.keyword]} at least ${String(limit)}.`, expected);
    case 'maximum':
    case 'maxLength':
    case 'maxItems':
    case 'maxProperties':
      return faultOf(place, `${name} must ${measures[unit.keyword]} at most ${String(limit)}.`, expected);
    case 'uniqueItems':
      return faultOf(place, `${name} names something twice.`, 'Remove the repetition.');
    default:
      return faultOf(place, `${name} does not fit the schema (${unit.keyword}).`, expected);
  }
}

const measures = {
  minimum: 'be',
  maximum: 'be',
  minLength: 'have a length of',
  maxLength: 'have a length of',
  minItems: 'have a number of items of',
  maxItems: 'have a number of items of',
  minProperties: 'have a number of members of',
  maxProperties: 'have a number of members of',
};

export function unknownMember(place: string, name: string, known: readonly string[] = []): ErrorItem {
  const nearest = findNearest(name, known);
  const mend = [
    nearest === undefined ? 'Remove it.' : `Did you mean ${nearest}?`,
    ...(known.length === 0 ? [] : [`Known here: ${known.join(', ')}.`]),
  ];
  return faultOf(place, `${name.slice(0, 64)} is not known here.`, mend.join(' '));
}

function knownMembers(schema: object, summary: OutputUnit): string[] {
  const { keywordLocation } = summary;
  const owner = resolve(schema, keywordLocation.slice(0, keywordLocation.lastIndexOf('/'))) as Schema | undefined;
  return Object.keys(owner?.properties ?? {});
}

/** The value at a location inside the schema; `undefined` where the location leads through a reference. */
function resolve(schema: object, location: string): unknown {
  let value: unknown = schema;
  for (const segment of decodePlace(location).split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined;
    const name = unescapePointer(segment);
    value = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value;
}

/** From the interpreter's URI fragment (`#/a%20b`) to a JSON Pointer (`/a b`). */
function decodePlace(location: string): string {
  return decodeURIComponent(location.replace(/^#/, ''));
}

export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function unescapePointer(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

function listOf(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}

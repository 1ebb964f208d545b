import { escapePointer } from './json.ts';
import { findNearest } from './nearest.ts';
import type { RawFault, Site } from './run.ts';

/** What is wrong with a value, for whoever sent it. Names of members are in it, values never: they may be secrets. */
export interface Fault {
  /** JSON Pointer within the value. */
  readonly place: string;
  readonly keyword: string;
  readonly detail: string;
  readonly mend?: string;
}

export interface Wording {
  /** What the value as a whole is called. */
  readonly subject: string;
  /** The schema's descriptions say what to give, as in "the name of a secret". */
  readonly describes?: boolean;
}

export function toFault({ site, path, member }: RawFault, wording: Wording): Fault {
  const segments = member === undefined ? path : [...path, member];
  const place = segments.map((segment) => `/${escapePointer(String(segment)).slice(0, longestName)}`).join('');
  const name = segments.length === 0 ? wording.subject : String(segments.at(-1)).slice(0, longestName);
  const { detail, mend } = describe(name, site, member, wording);
  return { place, keyword: site.keyword, detail, ...(mend === undefined ? {} : { mend }) };
}

const longestName = 64;

interface Description {
  readonly detail: string;
  readonly mend?: string | undefined;
}

function describe(name: string, site: Site, member: string | undefined, { describes = false }: Wording): Description {
  const { keyword, argument, schema } = site;
  const { description } = schema;
  const expected = describes && typeof description === 'string' ? `Give ${description}.` : undefined;
  const plain = plainSentences[keyword];
  if (plain !== undefined) return { detail: `${name} ${plain(argument, schema)}`, mend: expected };
  switch (keyword) {
    case 'false':
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownName(name, Object.keys((schema['properties'] as object | undefined) ?? {}));
    case 'items':
    case 'additionalItems':
    case 'unevaluatedItems':
      return { detail: `${name} has more items than are known here.`, mend: 'Remove those at the end.' };
    case 'required':
      return { detail: `${name} is missing.`, mend: `Add ${name}.` };
    case 'dependentRequired':
    case 'dependencies':
      return { detail: `${name} is missing: another member needs it.`, mend: `Add ${name}.` };
    case 'propertyNames':
      return { detail: `A member may not have the name ${name}.`, mend: 'Rename it.' };
    case 'enum':
      return { detail: `${name} has a value that is not known.`, mend: `Use one of ${listOf(argument as unknown[])}.` };
    case 'pattern':
      return {
        detail: `${name} has not the right form.`,
        mend: expected ?? `It must match ${shorten(String(argument))}.`,
      };
    case 'uniqueItems':
      return { detail: `${name} names something twice.`, mend: 'Remove the repetition.' };
    default:
      return { detail: `${name} does not fit the schema (${member ?? keyword}).`, mend: expected };
  }
}

/** Comparing names costs time; who has more of them has to look himself. */
const mostCompared = 200;

/** The name of a member that nothing knows, with what it may have been meant to be. */
export function unknownName(name: string, known: readonly string[]): { detail: string; mend: string } {
  const nearest = findNearest(name, known.slice(0, mostCompared));
  const mend = [
    nearest === undefined ? 'Remove it.' : `Did you mean ${nearest}?`,
    ...(known.length === 0 ? [] : [`Known here: ${shorten(known.join(', '))}.`]),
  ];
  return { detail: `${name.slice(0, longestName)} is not known here.`, mend: mend.join(' ') };
}

const plainSentences: Readonly<Record<string, (argument: unknown, schema: Site['schema']) => string>> = {
  __proto__: null as never,
  type: (argument) => `must be of type ${[argument].flat().join(' or ')}.`,
  const: (argument) => `must be ${shorten(JSON.stringify(argument))}.`,
  minimum: (argument) => `must be at least ${String(argument)}.`,
  maximum: (argument) => `must be at most ${String(argument)}.`,
  exclusiveMinimum: (argument) => `must be above ${String(argument)}.`,
  exclusiveMaximum: (argument) => `must be below ${String(argument)}.`,
  multipleOf: (argument) => `must be a multiple of ${String(argument)}.`,
  minLength: (argument) => `must have a length of at least ${String(argument)}.`,
  maxLength: (argument) => `must have a length of at most ${String(argument)}.`,
  minItems: (argument) => `must have a number of items of at least ${String(argument)}.`,
  maxItems: (argument) => `must have a number of items of at most ${String(argument)}.`,
  minProperties: (argument) => `must have a number of members of at least ${String(argument)}.`,
  maxProperties: (argument) => `must have a number of members of at most ${String(argument)}.`,
  format: (argument) => `must be in the format ${String(argument)}.`,
  contains: (_argument, { minContains, maxContains }) =>
    typeof maxContains === 'number' || typeof minContains === 'number'
      ? 'has not the right number of items of the kind that it has to contain.'
      : 'contains no item of the kind that it has to contain.',
  anyOf: () => 'does not fit any of the alternatives of the schema (anyOf).',
  oneOf: () => 'does not fit exactly one of the alternatives of the schema (oneOf).',
  not: () => 'fits what the schema excludes (not).',
};

function listOf(values: readonly unknown[]): string {
  return shorten(values.map((value) => JSON.stringify(value)).join(', '));
}

/** What comes out of a schema may be long. */
function shorten(text: string): string {
  return text.length <= 400 ? text : `${text.slice(0, 400)}…`;
}

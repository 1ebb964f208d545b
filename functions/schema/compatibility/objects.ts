import { escapePointer, isObject, type JsonObject, memberOf } from '../json.ts';
import { compileRegex, type Regex } from '../../regex/regex.ts';
import type { Library, Located } from '../resource.ts';
import { type Facts, type Part, textOf } from './facts.ts';
import { type Change, type Comparison, undecided } from './change.ts';

/** The keywords of objects. */
export function findObjectChange(
  comparison: Comparison,
  left: Facts,
  right: Located,
  place: string,
): Change | undefined {
  if (!left.types.has('object')) return undefined;
  const schema = right.schema as JsonObject;
  const required = new Set(left.parts.flatMap((part) => namesOf(memberOf(part.schema, 'required'))));
  for (const name of namesOf(memberOf(schema, 'required'))) {
    if (!required.has(name)) return { place: `${place}/required`, detail: `${shown(name)} is required now.` };
  }
  return (
    findCountChange(comparison.narrow, left, schema, required.size, place) ??
    findDependencyChange(left, schema, required, place) ??
    findNamesChange(comparison, left, right, place) ??
    findMemberChange(comparison, left, right, place)
  );
}

function findCountChange(
  narrow: Library,
  left: Facts,
  schema: JsonObject,
  required: number,
  place: string,
): Change | undefined {
  const limits = (keyword: string): number[] =>
    left.parts.map((part) => memberOf(part.schema, keyword)).filter((limit) => typeof limit === 'number');
  const least = Math.max(required, ...limits('minProperties'));
  const most = Math.min(...limits('maxProperties'), ...left.parts.map((part) => closedCount(narrow, part)));
  if (((memberOf(schema, 'minProperties') as number | undefined) ?? 0) > least) {
    return { place: `${place}/minProperties`, detail: 'More members are needed than before.' };
  }
  if (((memberOf(schema, 'maxProperties') as number | undefined) ?? Infinity) < most) {
    return { place: `${place}/maxProperties`, detail: 'Fewer members are allowed than before.' };
  }
  return undefined;
}

/** How many members an object can have that allows known names only. */
function closedCount(library: Library, { schema, located }: Part): number {
  if (memberOf(schema, 'additionalProperties') !== false) return Infinity;
  if (patternsOf(schema).length > 0) return Infinity;
  return membersOf(schema).filter((name) => library.inside(located, 'properties', name).schema !== false).length;
}

function findDependencyChange(
  left: Facts,
  schema: JsonObject,
  required: ReadonlySet<string>,
  place: string,
): Change | undefined {
  const needs = memberOf(schema, 'dependentRequired');
  if (!isObject(needs)) return undefined;
  for (const [trigger, names] of Object.entries(needs)) {
    const known = new Set(required);
    for (const part of left.parts) {
      const same = memberOf(part.schema, 'dependentRequired');
      for (const name of namesOf(isObject(same) ? memberOf(same, trigger) : undefined)) known.add(name);
    }
    const missing = namesOf(names).find((name) => name !== trigger && !known.has(name));
    if (missing === undefined) continue;
    return {
      place: `${place}/dependentRequired`,
      detail: `${shown(missing)} is required now where ${shown(trigger)} is there.`,
    };
  }
  return undefined;
}

function findNamesChange({ narrow }: Comparison, left: Facts, right: Located, place: string): Change | undefined {
  const schema = right.schema as JsonObject;
  if (!Object.hasOwn(schema, 'propertyNames') || schema['propertyNames'] === true) return undefined;
  const text = textOf(schema['propertyNames']);
  const isSaid = left.parts.some(
    (part) =>
      Object.hasOwn(part.schema, 'propertyNames') &&
      text !== undefined &&
      textOf(part.schema['propertyNames']) === text,
  );
  const isEmpty = left.parts.some((part) => closedCount(narrow, part) === 0);
  return isSaid || isEmpty
    ? undefined
    : undecided(`${place}/propertyNames`, 'Changes of propertyNames cannot be judged.');
}

function findMemberChange(comparison: Comparison, left: Facts, right: Located, place: string): Change | undefined {
  const { narrow, wide, within } = comparison;
  const schema = right.schema as JsonObject;
  const names = new Set([...membersOf(schema), ...left.parts.flatMap((part) => membersOf(part.schema))]);
  for (const name of names) {
    const given = left.parts.flatMap(({ located }) => schemasOf(narrow, located, name));
    for (const wanted of schemasOf(wide, right, name)) {
      const change = within(given, wanted, `${place}/properties/${escapePointer(name)}`);
      if (change !== undefined) return change;
    }
  }
  return findRestChange(comparison, left, right, place);
}

/** Members that neither schema names. Which patterns match them is not known, so every case has to be shown. */
function findRestChange(
  { narrow, wide, within }: Comparison,
  left: Facts,
  right: Located,
  place: string,
): Change | undefined {
  const schema = right.schema as JsonObject;
  const patterns = patternsOf(schema);
  // A member falls under what the parts say of the rest, or under some of their patterns.
  const rest = left.parts
    .filter(({ schema: part }) => patternsOf(part).length === 0)
    .flatMap((part) => restOf(narrow, part.located));
  for (const pattern of patterns) {
    const same = left.parts.flatMap(({ schema: part, located }) =>
      patternsOf(part).includes(pattern) ? [narrow.inside(located, 'patternProperties', pattern)] : [],
    );
    const wanted = wide.inside(right, 'patternProperties', pattern);
    const change = within([...rest, ...same], wanted, `${place}/patternProperties/${escapePointer(pattern)}`);
    if (change !== undefined) return change;
  }
  for (const wanted of restOf(wide, right)) {
    const at = `${place}/additionalProperties`;
    if (within(rest, wanted, at) === undefined) continue;
    for (const cases of restCases(narrow, left, patterns)) {
      const change = within([...rest, ...cases], wanted, at);
      if (change === undefined) continue;
      return wanted.schema === false && !change.undecided
        ? { place: at, detail: 'Members that are not named are not allowed any more.' }
        : change;
    }
  }
  return undefined;
}

/** For each part with patterns: what one member can fall under, other than a pattern that the other schema has as well. */
function restCases(narrow: Library, left: Facts, known: readonly string[]): Located[][] {
  const part = left.parts.find(({ schema }) => patternsOf(schema).length > 0);
  if (part === undefined) return [[]];
  const others = patternsOf(part.schema).filter((pattern) => !known.includes(pattern));
  return [
    restOf(narrow, part.located),
    ...others.map((pattern) => [narrow.inside(part.located, 'patternProperties', pattern)]),
  ];
}

/** The schemas that one schema has for a member of this name. */
function schemasOf(library: Library, located: Located, name: string): Located[] {
  const schema = located.schema as JsonObject;
  const found: Located[] = [];
  if (membersOf(schema).includes(name)) found.push(library.inside(located, 'properties', name));
  for (const pattern of patternsOf(schema)) {
    if (regexOf(pattern).test(name)) found.push(library.inside(located, 'patternProperties', pattern));
  }
  return found.length > 0 ? found : restOf(library, located);
}

function regexOf(pattern: string): Regex {
  let regex = regexes.get(pattern);
  if (regex === undefined) {
    regex = compileRegex(pattern, 'u');
    if (regexes.size >= mostRegexes) regexes.clear();
    regexes.set(pattern, regex);
  }
  return regex;
}

/** Cache: one comparison asks for the same few again and again. */
const regexes = new Map<string, Regex>();
const mostRegexes = 200;

function restOf(library: Library, located: Located): Located[] {
  const schema = located.schema as JsonObject;
  return Object.hasOwn(schema, 'additionalProperties') ? [library.inside(located, 'additionalProperties')] : [];
}

function membersOf(schema: JsonObject): string[] {
  const properties = memberOf(schema, 'properties');
  return isObject(properties) ? Object.keys(properties) : [];
}

function patternsOf(schema: JsonObject): string[] {
  const patterns = memberOf(schema, 'patternProperties');
  return isObject(patterns) ? Object.keys(patterns) : [];
}

function namesOf(list: unknown): readonly string[] {
  return Array.isArray(list) ? (list as string[]) : [];
}

function shown(name: string): string {
  return name.slice(0, 64);
}

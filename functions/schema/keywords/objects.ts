import type { CompileKeyword, KeywordContext, KeywordTable } from '../compile.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { Pattern } from '../pattern.ts';
import { isSchema } from '../resource.ts';
import { type Check, checkInside, every, fail, type Run, type Site, spend, test } from '../run.ts';
import { readCount } from './values.ts';

function count(fits: (members: number, limit: number) => boolean): CompileKeyword {
  return (_argument, context) => {
    const limit = readCount(context);
    return (value, run) => !isObject(value) || fits(Object.keys(value).length, limit) || fail(run, context.site);
  };
}

/**
 * `required`, `properties`, `patternProperties` and `additionalProperties` in one pass over the members that are there,
 * which V8 walks fast whatever their shape is; a look for each name of the schema would be a slow one.
 */
const members: CompileKeyword = (_argument, context) => {
  const { schema, keyword, compile, refuse } = context;
  // It is compiled once, for the first of the four.
  if (keyword !== memberKeywords.find((name) => Object.hasOwn(schema, name))) return undefined;
  const required = Object.hasOwn(schema, 'required') ? Array.from(new Set(readNames(schema['required'], refuse))) : [];
  const requiredSite = siteOf('required', schema);
  const checks = compileNamed('properties', context);
  const named = new Map<string, Member>();
  for (const name of [...required, ...checks.keys()]) {
    const isRequired = required.includes(name);
    named.set(name, { name, check: checks.get(name), isProperty: checks.has(name), isRequired, next: undefined });
  }
  /** Comes before the first. */
  const start: Member = { name: '', check: undefined, isProperty: false, isRequired: false, next: undefined };
  const patterns = compilePatterns(context);
  const hasRest = Object.hasOwn(schema, 'additionalProperties');
  const rest = hasRest ? compile('additionalProperties') : undefined;
  const isClosed = hasRest && schema['additionalProperties'] === false;
  const restSite = siteOf('additionalProperties', schema);

  return (value, run) => {
    if (!isObject(value)) return true;
    let fits = true;
    let missing = required.length;
    const noting = run.faults !== undefined;
    if (noting) for (const name of required) if (!Object.hasOwn(value, name)) fail(run, requiredSite, name);
    const unknown: string[] | undefined = noting ? [] : undefined;
    let steps = 0;
    let last = start;
    for (const name in value) {
      steps += 1;
      if (patterns.length > 0) spend(run, patterns.length);
      let member = last.next;
      if (member?.name !== name) member = named.get(name);
      let isKnown = false;
      if (member !== undefined) {
        last.next = member;
        last = member;
        if (member.isRequired) missing -= 1;
        isKnown = member.isProperty;
        if (member.check !== undefined && !checkInside(member.check, value[name], name, run)) fits = false;
      }
      for (const [pattern, check] of patterns) {
        if (!pattern.test(name, run)) continue;
        isKnown = true;
        if (check !== undefined && !checkInside(check, value[name], name, run)) fits = false;
      }
      if (!isKnown && isClosed) {
        fits = false;
        unknown?.push(name);
      } else if (!isKnown && rest !== undefined && !checkInside(rest, value[name], name, run)) {
        fits = false;
      }
      if (!fits && !noting) return false;
      if (run.evaluated !== undefined && (isKnown || hasRest)) run.evaluated.members.add(name);
    }
    spend(run, steps);
    // Behind the faults of what is known.
    for (const name of unknown ?? []) fail(run, restSite, name);
    return fits && missing === 0;
  };
};

const memberKeywords = ['required', 'properties', 'patternProperties', 'additionalProperties'];

interface Member {
  readonly name: string;
  readonly check: Check | undefined;
  /** Named by `properties`, not by `required` alone. */
  readonly isProperty: boolean;
  readonly isRequired: boolean;
  /** What followed the last time: a producer writes its members in one order, and that saves the look into the map. */
  next: Member | undefined;
}

const propertyNames: CompileKeyword = (_argument, { compile, keyword, site }) => {
  const check = compile(keyword);
  if (check === undefined) return undefined;
  return (value, run) => {
    if (!isObject(value)) return true;
    let fits = true;
    const names = Object.keys(value);
    spend(run, names.length);
    for (const name of names) {
      if (test(check, name, run)) continue;
      fits = fail(run, site, name);
      if (run.faults === undefined) break;
    }
    return fits;
  };
};

const dependentRequired: CompileKeyword = (argument, context) => {
  const { refuse, site } = context;
  if (!isObject(argument)) throw refuse('dependentRequired takes an object.', 'Map names to arrays of names.');
  const needs = Object.entries(argument).map(([name, list]) => [name, readNames(list, refuse)] as const);
  return every(
    needs.map(([name, names]) => (value, run) => {
      if (!isObject(value) || !Object.hasOwn(value, name)) return true;
      const missing = names.find((other) => !Object.hasOwn(value, other));
      return missing === undefined || fail(run, site, missing);
    }),
  );
};

const dependentSchemas: CompileKeyword = (_argument, context) => {
  return every(
    Array.from(compileNamed(context.keyword, context), ([name, check]) => (value: unknown, run: Run) => {
      if (check === undefined || !isObject(value) || !Object.hasOwn(value, name)) return true;
      return check(value, run);
    }),
  );
};

/** Draft-07's: names or a schema each. */
const dependencies: CompileKeyword = (argument, context) => {
  const { compile, refuse, site } = context;
  if (!isObject(argument)) throw refuse('dependencies takes an object.', 'Map names to arrays of names or schemas.');
  const checks = Object.entries(argument).map(([name, needs]): Check => {
    const names = isSchema(needs) ? [] : readNames(needs, refuse);
    const check = isSchema(needs) ? compile('dependencies', name) : undefined;
    return (value, run) => {
      if (!isObject(value) || !Object.hasOwn(value, name)) return true;
      const missing = names.find((other) => !Object.hasOwn(value, other));
      if (missing !== undefined) return fail(run, site, missing);
      return check === undefined || check(value, run);
    };
  });
  return every(checks);
};

export const objectKeywords: KeywordTable = {
  minProperties: count((length, least) => length >= least),
  maxProperties: count((length, most) => length <= most),
  required: members,
  properties: members,
  patternProperties: members,
  additionalProperties: members,
  propertyNames,
  dependentRequired,
  dependentSchemas,
  dependencies,
};

function compileNamed(keyword: string, { schema, compile, refuse }: KeywordContext): Map<string, Check | undefined> {
  const argument = Object.hasOwn(schema, keyword) ? schema[keyword] : {};
  if (!isObject(argument)) throw refuse(`${keyword} takes an object.`, 'Map names to schemas.');
  return new Map(Object.keys(argument).map((name) => [name, compile(keyword, name)]));
}

function siteOf(keyword: string, schema: JsonObject): Site {
  return { keyword, argument: schema[keyword], schema };
}

function compilePatterns(context: KeywordContext): [Pattern, Check | undefined][] {
  return Array.from(compileNamed('patternProperties', context), ([source, check]) => [
    context.patterns.compile(source, context.refuse),
    check,
  ]);
}

function readNames(argument: unknown, refuse: KeywordContext['refuse']): readonly string[] {
  if (Array.isArray(argument) && argument.every((name) => typeof name === 'string')) return argument as string[];
  throw refuse('An array of names must stand here.', 'Put the names into an array.');
}

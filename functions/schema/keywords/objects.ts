import type { CompileKeyword, KeywordContext, KeywordTable } from '../compile.ts';
import { isObject, memberOf } from '../json.ts';
import { compilePattern, type Pattern } from '../pattern.ts';
import { isSchema } from '../resource.ts';
import { type Check, checkInside, every, fail, type Run, spend, test } from '../run.ts';
import { readCount } from './values.ts';

const required: CompileKeyword = (argument, { site, refuse }) => {
  const names = readNames(argument, refuse);
  const plain = names.every((name) => !(name in Object.prototype));
  return (value, run) => {
    if (!isObject(value)) return true;
    let fits = true;
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index]!;
      if (plain ? value[name] !== undefined : Object.hasOwn(value, name)) continue;
      fits = fail(run, site, name);
      if (run.faults === undefined) break;
    }
    return fits;
  };
};

function count(fits: (members: number, limit: number) => boolean): CompileKeyword {
  return (_argument, context) => {
    const limit = readCount(context);
    return (value, run) => !isObject(value) || fits(Object.keys(value).length, limit) || fail(run, context.site);
  };
}

/** `properties`, `patternProperties` and `additionalProperties` in one pass; it goes by the first that is there. */
const members: CompileKeyword = (_argument, context) => {
  const { schema, keyword, compile } = context;
  const present = ['properties', 'patternProperties', 'additionalProperties'].find((name) =>
    Object.hasOwn(schema, name),
  );
  if (present !== keyword) return undefined;
  const named = compileNamed('properties', context);
  const patterns = compilePatterns(context);
  const hasRest = Object.hasOwn(schema, 'additionalProperties');
  if (patterns.length === 0 && !hasRest) return checkNamed(named);

  const rest = hasRest ? compile('additionalProperties') : undefined;
  const isClosed = hasRest && schema['additionalProperties'] === false;
  const restSite = { keyword: 'additionalProperties', argument: false, schema };
  return (value, run) => {
    if (!isObject(value)) return true;
    let fits = true;
    const unknown = run.faults === undefined ? undefined : ([] as string[]);
    const names = Object.keys(value);
    spend(run, names.length * (1 + patterns.length));
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index]!;
      const check = named.get(name);
      let isKnown = check !== undefined || named.has(name);
      if (check !== undefined && !checkInside(check, value[name], name, run)) fits = false;
      for (const [pattern, checkMatch] of patterns) {
        if (!pattern.test(name, run)) continue;
        isKnown = true;
        if (checkMatch !== undefined && !checkInside(checkMatch, value[name], name, run)) fits = false;
      }
      if (!isKnown && isClosed) {
        fits = false;
        unknown?.push(name);
      } else if (!isKnown && rest !== undefined && !checkInside(rest, value[name], name, run)) {
        fits = false;
      }
      if (!fits && run.faults === undefined) return false;
      if (run.evaluated !== undefined && (isKnown || hasRest)) run.evaluated.members.add(name);
    }
    // Behind the faults of what is known.
    for (const name of unknown ?? []) fail(run, restSite, name);
    return fits;
  };
};

/** Goes by the schema's names, not by the value's. */
function checkNamed(named: ReadonlyMap<string, Check | undefined>): Check {
  const names = Array.from(named.keys());
  const checks = Array.from(named.values());
  const plain = names.map((name) => !(name in Object.prototype));
  return (value, run) => {
    if (!isObject(value)) return true;
    spend(run, names.length);
    let fits = true;
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index]!;
      const member = plain[index] ? value[name] : memberOf(value, name);
      if (member === undefined) continue;
      const check = checks[index];
      if (check !== undefined && !checkInside(check, member, name, run)) {
        fits = false;
        if (run.faults === undefined) return false;
      }
      if (run.evaluated !== undefined) run.evaluated.members.add(name);
    }
    return fits;
  };
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
  required,
  minProperties: count((length, least) => length >= least),
  maxProperties: count((length, most) => length <= most),
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

function compilePatterns(context: KeywordContext): [Pattern, Check | undefined][] {
  return Array.from(compileNamed('patternProperties', context), ([source, check]) => [
    compilePattern(source, context.refuse),
    check,
  ]);
}

function readNames(argument: unknown, refuse: KeywordContext['refuse']): readonly string[] {
  if (Array.isArray(argument) && argument.every((name) => typeof name === 'string')) return argument as string[];
  throw refuse('An array of names must stand here.', 'Put the names into an array.');
}

import { checkAttribute, checkName, memberPlace } from '../../event/attributes.ts';
import { TulleError } from '../../event/error.ts';
import { compileFilter } from './compile-filter.ts';
import type { Condition, ValueTest } from './condition.ts';
import type { FilterLanguage } from './define-filter.ts';
import type { Filter } from './filter.ts';
import { implies, isNeverBoth } from './implication.ts';
import type { JsonScalar } from './json-node.ts';
import { filterLanguages } from './languages.ts';
import { passes } from './value-test.ts';
import { comparableNumber } from './values/number.ts';

/** Why no event passes a filter. */
export interface Impossibility {
  /** The field that no event has in such a way. */
  readonly path: string;
  /** `contradiction`: two demands on it exclude each other; `value`: no valid event has such a value there; `name`: nor such a field at all. */
  readonly why: 'contradiction' | 'value' | 'name';
}

/**
 * Proves that a filter takes no event at all, or answers `undefined`: then it may take some, or nobody knows. What it says
 * of attributes follows from what is refused when events come in. Throws `filter_invalid`.
 */
export function findImpossibility(
  filter: Filter,
  languages: readonly FilterLanguage<never>[] = filterLanguages,
): Impossibility | undefined {
  return impossible(compileFilter(filter, languages));
}

function impossible(condition: Condition): Impossibility | undefined {
  switch (condition.kind) {
    case 'fields':
    case 'not':
    case 'all':
      return impossibleTogether(condition);
    case 'any': {
      const reasons = condition.of.map(impossible);
      return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
    }
    default:
      return undefined;
  }
}

/**
 * What a field has to be: some value of it passes one of the tests, or (`isNot`) none does. A missing one passes none but
 * `absent`.
 */
interface Demand {
  readonly path: string;
  readonly tests: readonly ValueTest[];
  readonly isNot: boolean;
}

function impossibleTogether(condition: Condition): Impossibility | undefined {
  const demands: Demand[] = [];
  for (const part of partsOf(condition)) {
    const demand = demandOf(part);
    const alone = demand === undefined ? impossibleFields(part) : impossibleDemand(demand);
    if (alone !== undefined) return alone;
    if (demand !== undefined) demands.push(demand);
  }
  for (const [path, same] of Map.groupBy(demands, (demand) => demand.path)) {
    const denied = same.filter(({ isNot }) => isNot).flatMap(({ tests }) => tests);
    const some = same.filter(({ isNot }) => !isNot).slice(0, mostDemands);
    const exclude = isAttribute(path) ? excludeEachOther : excludeAnyValues;
    const isContradiction =
      deniesAll(denied) ||
      some.some((one, at) => isDenied(one, denied) || some.slice(at + 1).some((other) => exclude(one, other)));
    if (isContradiction) return { path, why: 'contradiction' };
  }
  return undefined;
}

/** Beyond these it is not worth the time. */
const mostDemands = 50;
const mostPairs = 10_000;

/**
 * All of which have to hold: several fields of one condition do so each by itself, but for those of the data that are to
 * be absent: that is asked of the elements of arrays in which the others were found.
 */
function partsOf(whole: Condition): readonly Condition[] {
  const condition = unwrapped(whole);
  if (condition.kind === 'all') return condition.of.flatMap(partsOf);
  if (condition.kind === 'fields') {
    const { fields } = condition;
    return fields
      .filter(({ path, any }) => fields.length === 1 || isAttribute(path) || !any.some(isAbsence))
      .map((field) => ({ kind: 'fields', fields: [field] }));
  }
  if (condition.kind === 'not' && condition.of.kind === 'any') {
    return condition.of.of.flatMap((one) => partsOf({ kind: 'not', of: one }));
  }
  return condition.kind === 'not' && condition.of.kind === 'not' ? partsOf(condition.of.of) : [condition];
}

/** What stands alone in a list, or is denied alone in one. */
function unwrapped(condition: Condition): Condition {
  if (condition.kind === 'not') return { kind: 'not', of: unwrapped(condition.of) };
  if (condition.kind !== 'all' && condition.kind !== 'any') return condition;
  const [only, ...more] = condition.of;
  return only === undefined || more.length > 0 ? condition : unwrapped(only);
}

/** `undefined` for what says more than that of one field. */
function demandOf(whole: Condition): Demand | undefined {
  const condition = unwrapped(whole);
  if (condition.kind === 'not') {
    const inner = demandOf(condition.of);
    return inner === undefined || inner.isNot ? undefined : { ...inner, isNot: true };
  }
  if (condition.kind === 'fields') {
    const [field, ...more] = condition.fields;
    return field === undefined || more.length > 0 ? undefined : { path: field.path, tests: field.any, isNot: false };
  }
  if (condition.kind !== 'any') return undefined;
  const all = condition.of.map(demandOf);
  const [first] = all;
  const isOne = all.every((one) => one !== undefined && !one.isNot && one.path === first?.path);
  return first === undefined || !isOne ? undefined : { ...first, tests: all.flatMap((one) => one?.tests ?? []) };
}

function impossibleFields(condition: Condition): Impossibility | undefined {
  return condition.kind === 'any' ? impossible(condition) : undefined;
}

function impossibleDemand({ path, tests, isNot }: Demand): Impossibility | undefined {
  if (isNot) {
    const isMet = isAttribute(path) && isAlwaysMet(path, tests);
    return isMet ? { path, why: 'value' } : undefined;
  }
  if (tests.some(isAbsence) && !required.has(path)) return undefined;
  if (!canBeThere(path)) return { path, why: 'name' };
  return tests.every((test) => isEmpty(test) || (isAttribute(path) && isRefused(path, test)))
    ? { path, why: 'value' }
    : undefined;
}

const required: ReadonlySet<string> = new Set(['specversion', 'id', 'source', 'type']);
const strings: ReadonlySet<string> = new Set([
  ...required,
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'data_base64',
]);
/** The one version that is taken. */
const version: JsonScalar = { kind: 'string', value: '1.0' };

/** A member of the event that is a single value. */
function isAttribute(path: string): boolean {
  return path === 'data_base64' || (path !== 'data' && !path.includes('.') && isName(path));
}

/** Attributes have no members, and their names have lower-case letters and digits only. */
function canBeThere(path: string): boolean {
  return path === 'data' || path.startsWith('data.') || isAttribute(path);
}

function isName(name: string): boolean {
  return isAccepted(() => checkName(name, memberPlace));
}

/** No value at all passes. */
function isEmpty(test: ValueTest): boolean {
  if (test.op !== 'range') return false;
  const { from, to, fromIncluded, toIncluded } = test;
  return from > to || (from === to && !(fromIncluded && toIncluded));
}

/** No event that is taken has an attribute that passes. */
function isRefused(name: string, test: ValueTest): boolean {
  if (name === 'specversion') return !passes(test, version);
  if (test.op === 'absent') return required.has(name);
  if (test.op === 'equals') {
    const { value } = test;
    // A `null` counts as no attribute, but stands in the event.
    if (value === null) return required.has(name);
    return name !== 'data_base64' && !isAccepted(() => checkAttribute(name, value, memberPlace));
  }
  if (test.op === 'number') {
    const number = comparableNumber(test.text);
    return strings.has(name) || number === undefined || !isAccepted(() => checkAttribute(name, number, memberPlace));
  }
  if (test.op !== 'range') return false;
  // Extensions have integers of 32 bits.
  const from = Math.max(test.fromIncluded ? Math.ceil(test.from) : Math.floor(test.from) + 1, -(2 ** 31));
  const to = Math.min(test.toIncluded ? Math.floor(test.to) : Math.ceil(test.to) - 1, 2 ** 31 - 1);
  return strings.has(name) || from > to;
}

/** Every event that is taken passes one of the tests. */
function isAlwaysMet(name: string, tests: readonly ValueTest[]): boolean {
  if (name === 'specversion') return tests.some((test) => passes(test, version));
  return required.has(name) && tests.some(({ op }) => op === 'exists');
}

function isAccepted(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (TulleError.is(error)) return false;
    throw error;
  }
}

/** Of an attribute, which is one value. */
function excludeEachOther(one: Demand, other: Demand): boolean {
  return isBounded(one, other) && one.tests.every((test) => other.tests.every((asked) => isNeverBoth(test, asked)));
}

/** What stands under one path of the data may be many values, each of which meets another demand; or there is none. */
function excludeAnyValues(one: Demand, other: Demand): boolean {
  const isOneAbsent = one.tests.every(isAbsence);
  return isOneAbsent ? !other.tests.some(isAbsence) : other.tests.every(isAbsence) && !one.tests.some(isAbsence);
}

/** Whichever value meets the demand, passes what none may pass. */
function isDenied(demand: Demand, denied: readonly ValueTest[]): boolean {
  if (!isBounded(demand, { tests: denied })) return false;
  return demand.tests.every((test) => denied.some((refused) => implies(test, refused)));
}

/** It may neither be there nor be missing. */
function deniesAll(denied: readonly ValueTest[]): boolean {
  return denied.some(isAbsence) && denied.some(({ op }) => op === 'exists');
}

function isAbsence({ op }: ValueTest): boolean {
  return op === 'absent';
}

function isBounded(one: Pick<Demand, 'tests'>, other: Pick<Demand, 'tests'>): boolean {
  return one.tests.length * other.tests.length <= mostPairs;
}

import type { CompileKeyword, KeywordContext, KeywordTable } from '../compile.ts';
import { formats } from '../formats.ts';
import { canonicalText, isObject } from '../json.ts';
import { isMultipleOf } from '../multiple.ts';
import { fail } from '../run.ts';

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

const type: CompileKeyword = (argument, { site, refuse }) => {
  const names = Array.isArray(argument) ? argument : [argument];
  const known = Object.keys(types);
  const tests = names.map((name) => {
    if (typeof name === 'string' && known.includes(name)) return types[name]!;
    throw refuse('There is no such type.', `Use one of ${known.join(', ')}, or an array of them.`);
  });
  const [first, second] = tests;
  if (first === undefined) throw refuse('The array of types is empty.', 'Name at least one type.');
  if (second === undefined) {
    // Each in a closure of its own: a call that always has the same target is one that can be inlined.
    if (argument === 'string') return (value, run) => typeof value === 'string' || fail(run, site);
    if (argument === 'number') return (value, run) => typeof value === 'number' || fail(run, site);
    return (value, run) => first(value) || fail(run, site);
  }
  return (value, run) => tests.some((fits) => fits(value)) || fail(run, site);
};

const enumeration: CompileKeyword = (argument, { site, refuse }) => {
  if (!Array.isArray(argument)) throw refuse('enum takes an array of values.', 'Put the values into an array.');
  const primitives = new Set<unknown>(argument.filter((value) => !isStructure(value)));
  const structures = new Set(argument.filter(isStructure).map(canonicalText));
  if (structures.size === 0) return (value, run) => primitives.has(value) || fail(run, site);
  return (value, run) => {
    return (isStructure(value) ? structures.has(canonicalText(value)) : primitives.has(value)) || fail(run, site);
  };
};

const constant: CompileKeyword = (argument, { site }) => {
  if (!isStructure(argument)) return (value, run) => value === argument || fail(run, site);
  const text = canonicalText(argument);
  return (value, run) => (isStructure(value) && canonicalText(value) === text) || fail(run, site);
};

/** A keyword that speaks of numbers only. */
function limit(fits: (value: number, argument: number) => boolean): CompileKeyword {
  return (argument, { site, refuse }) => {
    if (typeof argument !== 'number') throw refuse('The limit must be a number.', 'Write a number.');
    return (value, run) => typeof value !== 'number' || fits(value, argument) || fail(run, site);
  };
}

const multipleOf: CompileKeyword = (argument, { site, refuse }) => {
  if (typeof argument !== 'number' || argument <= 0) {
    throw refuse('multipleOf must be a number above 0.', 'Write a number such as 0.01.');
  }
  return (value, run) => typeof value !== 'number' || isMultipleOf(value, argument) || fail(run, site);
};

const minLength: CompileKeyword = (_argument, context) => {
  const least = readCount(context);
  return (value, run) =>
    typeof value !== 'string' ||
    (value.length >= least && (value.length >= least * 2 || lengthOf(value) >= least)) ||
    fail(run, context.site);
};

const maxLength: CompileKeyword = (_argument, context) => {
  const most = readCount(context);
  return (value, run) =>
    typeof value !== 'string' ||
    value.length <= most ||
    (value.length <= most * 2 && lengthOf(value) <= most) ||
    fail(run, context.site);
};

const pattern: CompileKeyword = (argument, { site, refuse, patterns }) => {
  const compiled = patterns.compile(argument, refuse);
  return (value, run) => typeof value !== 'string' || compiled.test(value, run) || fail(run, site);
};

/** An annotation by default (2020-12 Validation, 7.2.1); formats that are not known always are. */
const format: CompileKeyword = (argument, { site, assertFormats }) => {
  const test = assertFormats && typeof argument === 'string' ? formats[argument] : undefined;
  return test && ((value, run) => typeof value !== 'string' || test(value) || fail(run, site));
};

export const valueKeywords: KeywordTable = {
  type,
  enum: enumeration,
  const: constant,
  minimum: limit((value, least) => value >= least),
  maximum: limit((value, most) => value <= most),
  exclusiveMinimum: limit((value, bound) => value > bound),
  exclusiveMaximum: limit((value, bound) => value < bound),
  multipleOf,
  minLength,
  maxLength,
  pattern,
  format,
};

/** A count as `minLength` and its kin take it; 2.0 is one too. */
export function readCount({ schema, keyword, refuse }: KeywordContext): number {
  const argument = schema[keyword];
  if (Number.isInteger(argument) && (argument as number) >= 0) return argument as number;
  throw refuse(`${keyword} must be an integer from 0 on.`, 'Write a number such as 1.');
}

/** In characters as RFC 8259 has them: a surrogate pair is one. */
function lengthOf(text: string): number {
  let { length } = text;
  for (let index = 0; index < text.length - 1; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0xd8_00 || unit > 0xdb_ff) continue;
    const next = text.charCodeAt(index + 1);
    if (next < 0xdc_00 || next > 0xdf_ff) continue;
    length -= 1;
    index += 1;
  }
  return length;
}

function isStructure(value: unknown): boolean {
  return Array.isArray(value) || isObject(value);
}

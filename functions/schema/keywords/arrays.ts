import type { CompileKeyword, KeywordTable } from '../compile.ts';
import { canonicalText } from '../json.ts';
import { type Check, checkInside, fail, type Run, spend, test } from '../run.ts';
import { readCount } from './values.ts';

function count(fits: (items: number, limit: number) => boolean): CompileKeyword {
  return (_argument, context) => {
    const limit = readCount(context);
    return (value, run) => !Array.isArray(value) || fits(value.length, limit) || fail(run, context.site);
  };
}

/** The first items by place, then all others by one schema: `prefixItems` and `items`, in draft-07 `items` and `additionalItems`. */
const items: CompileKeyword = (argument, context) => {
  const { keyword, schema, self, compile, refuse } = context;
  const [firstKeyword, restKeyword] =
    self.resource.dialect.name === '2020-12' ? ['prefixItems', 'items'] : ['items', 'additionalItems'];
  const isList = keyword === firstKeyword && (keyword === 'prefixItems' || Array.isArray(argument));
  if (isList) {
    if (!Array.isArray(argument)) throw refuse('prefixItems takes an array of schemas.', 'Put them into an array.');
    return leadingItems(argument.map((_item, index) => compile(keyword, index)));
  }
  // `items` of draft-07 that is one schema leaves nothing for `additionalItems`.
  if (keyword === 'additionalItems' && !Array.isArray(schema['items'])) return undefined;
  const start = keyword === restKeyword ? lengthOf(schema[firstKeyword]) : 0;
  const check = compile(keyword);
  const isClosed = schema[keyword] === false;
  return (value, run) => {
    if (!Array.isArray(value)) return true;
    const { length } = value;
    if (isClosed && length > start) return fail(run, context.site);
    let fits = true;
    if (check !== undefined) {
      spend(run, length);
      for (let index = start; index < length; index += 1) {
        if (checkInside(check, value[index], index, run)) continue;
        if (run.faults === undefined) return false;
        fits = false;
      }
    }
    if (run.evaluated !== undefined) run.evaluated.allItems = true;
    return fits;
  };
};

function leadingItems(checks: readonly (Check | undefined)[]): Check {
  return (value, run) => {
    if (!Array.isArray(value)) return true;
    let fits = true;
    const length = Math.min(value.length, checks.length);
    for (let index = 0; index < length; index += 1) {
      const check = checks[index];
      if (check === undefined || checkInside(check, value[index], index, run)) continue;
      if (run.faults === undefined) return false;
      fits = false;
    }
    if (run.evaluated !== undefined) run.evaluated.leading = Math.max(run.evaluated.leading, length);
    return fits;
  };
}

const contains: CompileKeyword = (_argument, context) => {
  const { schema, self, compile, site } = context;
  const counts = self.resource.dialect.name === '2020-12' && self.resource.dialect.validates;
  const read = (keyword: string): number => readCount({ ...context, keyword });
  const least = counts && Object.hasOwn(schema, 'minContains') ? read('minContains') : 1;
  const most = counts && Object.hasOwn(schema, 'maxContains') ? read('maxContains') : Infinity;
  const check = compile('contains');
  return (value, run) => {
    if (!Array.isArray(value)) return true;
    spend(run, value.length);
    const { evaluated } = run;
    run.evaluated = undefined;
    let found = 0;
    for (let index = 0; index < value.length; index += 1) {
      if (!test(check, value[index], run)) continue;
      found += 1;
      evaluated?.items.add(index);
      if (found > most || (found >= least && most === Infinity && evaluated === undefined)) break;
    }
    run.evaluated = evaluated;
    return (found >= least && found <= most) || fail(run, site);
  };
};

const uniqueItems: CompileKeyword = (argument, { site }) => {
  if (argument !== true) return undefined;
  return (value, run) => {
    if (!Array.isArray(value) || value.length < 2) return true;
    return (value.length <= 8 && isUniqueShort(value)) || isUnique(value, run) || fail(run, site);
  };
};

/** Of a few primitive values, without a set; `false` says nothing yet. */
function isUniqueShort(items: readonly unknown[]): boolean {
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index];
    if (typeof item === 'object' && item !== null) return false;
    for (let before = 0; before < index; before += 1) if (items[before] === item) return false;
  }
  return true;
}

function isUnique(items: readonly unknown[], run: Run): boolean {
  spend(run, items.length);
  const primitives = new Set<unknown>();
  const structures = new Set<unknown>();
  for (const item of items) {
    const isStructure = typeof item === 'object' && item !== null;
    const key = isStructure ? canonicalText(item) : item;
    const seen = isStructure ? structures : primitives;
    if (seen.has(key)) return false;
    seen.add(key);
  }
  return true;
}

export const arrayKeywords: KeywordTable = {
  minItems: count((length, least) => length >= least),
  maxItems: count((length, most) => length <= most),
  prefixItems: items,
  items,
  additionalItems: items,
  contains,
  uniqueItems,
};

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

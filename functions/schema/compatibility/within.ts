import { compileLibrary } from '../compile.ts';
import { escapePointer, isObject, type JsonObject, memberOf } from '../json.ts';
import type { Library, Located } from '../resource.ts';
import { type Check, isFitting } from '../run.ts';
import { type Facts, factsOf, isWithin, textOf, typesOf, valuesOf } from './facts.ts';
import { findArrayChange } from './arrays.ts';
import { type Change, type Comparison, undecided } from './change.ts';
import { findLimitChange } from './limits.ts';
import { findObjectChange } from './objects.ts';

/** Counted by schemas looked at: some 50 ms. */
const mostSteps = 20_000;
const deepestComparison = 200;

export function compareLibraries(narrow: Library, wide: Library): Comparison {
  let steps = 0;
  let depth = 0;
  /** Pairs that are being compared: a recursive schema may take for granted what it is about to show. */
  const inProgress = new Set<string>();
  const checks = new Map<object, Check>();
  const numbers = new Map<unknown, number>();
  const numberOf = (schema: unknown): number => {
    if (!numbers.has(schema)) numbers.set(schema, numbers.size);
    return numbers.get(schema)!;
  };

  function within(lefts: readonly Located[], right: Located, place: string): Change | undefined {
    steps += 1 + lefts.length;
    if (steps > mostSteps || depth > deepestComparison)
      return undecided(place, 'The schemas are too large to compare.');
    const { schema } = right;
    if (schema === true || (isObject(schema) && Object.keys(schema).length === 0)) return undefined;
    const key = `${lefts.map((left) => numberOf(left.schema)).join()} ${numberOf(schema)}`;
    if (inProgress.has(key)) return undefined;
    inProgress.add(key);
    depth += 1;
    const found = compare(lefts, right, place);
    const isOpen = found !== undefined && lefts.length === 0;
    const change = isOpen ? { place, detail: 'Any value was allowed here before.' } : found;
    depth -= 1;
    inProgress.delete(key);
    return change;
  }

  function compare(lefts: readonly Located[], right: Located, place: string): Change | undefined {
    const left = factsOf(narrow, lefts);
    if (left === 'nothing') return undefined;
    if (left === 'too large') return undecided(place, 'The schema combines too many others to compare.');
    if (right.schema === false) return { place, detail: 'Nothing is allowed here any more.' };
    const text = textOf(right.schema);
    if (text !== undefined && left.parts.some((part) => textOf(part.schema) === text)) return undefined;
    const values = valuesOf(left);
    if (values !== undefined) return withValues(values, lefts, right, place);

    const schema = right.schema as JsonObject;
    const reference = memberOf(schema, '$ref');
    if (typeof reference === 'string') {
      const target = wide.resolve(reference, right, `${right.place}/$ref`);
      const change = within(lefts, target, place);
      if (change !== undefined || right.resource.dialect.refStandsAlone) return change;
    }
    return byAlternatives(left, lefts, right, place);
  }

  function withValues(
    values: readonly unknown[],
    lefts: readonly Located[],
    right: Located,
    place: string,
  ): Change | undefined {
    const isLost = values.some((value) => lefts.every((one) => fits(narrow, one, value)) && !fits(wide, right, value));
    return isLost ? { place, detail: 'A value that was allowed is not allowed any more.' } : undefined;
  }

  /** A value that fits a schema with alternatives fits one of them: each, together with the rest, has to be shown. */
  function byAlternatives(left: Facts, lefts: readonly Located[], right: Located, place: string): Change | undefined {
    const direct = byKeywords(left, lefts, right, place);
    if (direct === undefined) return undefined;
    // An alternative that was chosen is among `lefts` then, and is not chosen again.
    const open = left.choices.find(
      (list) => !list.some((choice) => lefts.some(({ schema }) => schema === choice.schema)),
    );
    if (open === undefined) return direct;
    for (const choice of open) {
      const change = within([...lefts, choice], right, place);
      if (change !== undefined) return change;
    }
    return undefined;
  }

  function byKeywords(left: Facts, lefts: readonly Located[], right: Located, place: string): Change | undefined {
    const schema = right.schema as JsonObject;
    const lost = isWithin(left.types, typesOf(schema));
    if (lost !== undefined)
      return { place: `${place}/type`, detail: `Values of type ${lost} are not allowed any more.` };
    for (const keyword of Object.keys(schema)) {
      const change = findChange(keyword, left, lefts, right, place);
      if (change !== undefined) return change;
    }
    return findArrayChange(comparison, left, right, place) ?? findObjectChange(comparison, left, right, place);
  }

  function findChange(
    keyword: string,
    left: Facts,
    lefts: readonly Located[],
    right: Located,
    place: string,
  ): Change | undefined {
    const schema = right.schema as JsonObject;
    const at = `${place}/${escapePointer(keyword)}`;
    const items = (): Located[] =>
      (schema[keyword] as unknown[]).map((_item, index) => wide.inside(right, keyword, index));
    switch (keyword) {
      case 'allOf':
        return firstOf(items(), (item, index) => within(lefts, item, `${at}/${index}`));
      case 'anyOf':
        return items().some((item) => within(lefts, item, at) === undefined)
          ? undefined
          : undecided(at, 'It cannot be shown that every value still fits one of the alternatives.');
      case 'enum':
      case 'const':
        return { place: at, detail: 'Only certain values are allowed now.' };
      case 'oneOf':
      case 'not':
      case '$dynamicRef':
      case 'unevaluatedProperties':
      case 'unevaluatedItems':
      case 'dependentSchemas':
      case 'dependencies':
        return isSaid(keyword, left, schema) ? undefined : undecided(at, `Changes of ${keyword} cannot be judged.`);
      case 'if':
        return isSaidIf(left, schema) ? undefined : branches(lefts, right, place);
      default:
        return findLimitChange(keyword, left, schema, at);
    }
  }

  /** Without a look at the condition: both branches have to be shown. */
  function branches(lefts: readonly Located[], right: Located, place: string): Change | undefined {
    for (const keyword of ['then', 'else']) {
      if (!Object.hasOwn(right.schema as JsonObject, keyword)) continue;
      const change = within(lefts, wide.inside(right, keyword), `${place}/${keyword}`);
      if (change !== undefined) return undecided(`${place}/if`, 'Changes of if, then and else cannot be judged.');
    }
    return undefined;
  }

  const fits: Comparison['fits'] = (library, located, value) => {
    if (typeof located.schema === 'boolean') return located.schema;
    let check = checks.get(located.schema);
    if (check === undefined) {
      check = compileLibrary(library, {}, located) ?? (() => true);
      checks.set(located.schema, check);
    }
    return isFitting(check, value);
  };

  const comparison: Comparison = { narrow, wide, within, fits };
  return comparison;
}

function firstOf<Item>(
  items: readonly Item[],
  find: (item: Item, index: number) => Change | undefined,
): Change | undefined {
  for (const [index, item] of items.entries()) {
    const change = find(item, index);
    if (change !== undefined) return change;
  }
  return undefined;
}

/** Whether the narrower schema has the very same keyword, without references that may lead elsewhere. */
function isSaid(keyword: string, left: Facts, schema: JsonObject): boolean {
  // `unevaluated…` goes by everything beside it.
  if (keyword.startsWith('unevaluated') || keyword === '$dynamicRef') return false;
  return isSameSaid([keyword], left, schema);
}

function isSaidIf(left: Facts, schema: JsonObject): boolean {
  return isSameSaid(['if', 'then', 'else'], left, schema);
}

function isSameSaid(keywords: readonly string[], left: Facts, schema: JsonObject): boolean {
  const pick = (from: JsonObject): string | undefined =>
    textOf(keywords.map((keyword) => (Object.hasOwn(from, keyword) ? { is: from[keyword] } : {})));
  const text = pick(schema);
  return text !== undefined && left.parts.some((part) => pick(part.schema) === text);
}

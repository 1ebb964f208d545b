import type { AnythingButTest, Condition, EventView, FieldTest, NumberRange, ValueTest } from '../condition.ts';
import { isObject, readPattern, refusal, type PatternField } from './pattern.ts';

/**
 * EventMesh patterns with the answers that their authors meant: types count, a missing field passes `exists: false`
 * only, every element of an array is looked at and no field is skipped, several operators in one object must all
 * hold, and what makes no sense is refused.
 */
export function compileStrict(pattern: unknown, place: string): Condition {
  const tests: FieldTest[] = [];
  const others: Condition[] = [];
  for (const field of readPattern(pattern, place)) {
    const matchers = field.alternatives.map((one, index) => compileAlternative(one, `${field.place}/${index}`));
    const path = field.path.join('.');
    if (matchers.every((matcher) => matcher.tests !== undefined)) {
      tests.push({ path, any: matchers.flatMap((matcher) => matcher.tests ?? []) });
    } else {
      others.push(opaque(field, path, matchers));
    }
  }
  const fields: Condition = { kind: 'fields', fields: tests };
  return tests.length === 0 ? { kind: 'all', of: others } : { kind: 'all', of: [fields, ...others] };
}

interface Matcher {
  /** The same as `matches`, where the index can say it. */
  readonly tests?: readonly ValueTest[];
  /** `undefined` is a missing field. */
  matches(value: unknown): boolean;
}

/** For what no list of value tests says: presence of empty arrays and objects, and several operators at once. */
function opaque(field: PatternField, path: string, matchers: readonly Matcher[]): Condition {
  const test = (event: EventView): boolean => {
    const values = [...elementsAt(event.value(), field.path, 0)];
    const candidates = values.length === 0 ? [undefined] : values;
    return candidates.some((value) => matchers.some((matcher) => matcher.matches(value)));
  };
  return {
    kind: 'predicate',
    test,
    explain: (event) => [
      {
        path,
        operator: 'eventmesh',
        expected: field.alternatives,
        actual: [...elementsAt(event.value(), field.path, 0)][0],
        matched: test(event),
      },
    ],
  };
}

/** Every value of a field through arrays; an empty array is a value itself. */
function* elementsAt(value: unknown, path: readonly string[], from: number): Generator {
  if (Array.isArray(value) && (from < path.length || value.length > 0)) {
    for (const item of value) yield* elementsAt(item, path, from);
  } else if (from === path.length) {
    yield value;
  } else if (isObject(value) && Object.hasOwn(value, path[from]!)) {
    yield* elementsAt(value[path[from]!], path, from + 1);
  }
}

function compileAlternative(alternative: unknown, place: string): Matcher {
  if (!isObject(alternative)) return equals(alternative, place);
  const operators = Object.entries(alternative);
  if (operators.length === 0) {
    throw refusal(
      place,
      'The object names no operator.',
      'Use prefix, suffix, anything-but, numeric, exists or specified.',
    );
  }
  const matchers = operators.map(([operator, operand]) => compileOperator(operator, operand, `${place}/${operator}`));
  const [only] = matchers;
  if (matchers.length === 1 && only !== undefined) return only;
  return { matches: (value) => matchers.every((matcher) => matcher.matches(value)) };
}

function compileOperator(operator: string, operand: unknown, place: string): Matcher {
  switch (operator) {
    case 'specified':
      return equals(operand, place);
    case 'prefix':
    case 'suffix':
      return affix(operator, operand, place);
    case 'numeric':
      return numeric(operand, place);
    case 'exists':
      return exists(operand, place);
    case 'anything-but':
      return anythingBut(operand, place);
    default:
      throw refusal(
        place,
        `There is no operator ${JSON.stringify(operator)}.`,
        'Use prefix, suffix, anything-but, numeric, exists or specified.',
      );
  }
}

function equals(wanted: unknown, place: string): Matcher {
  const matches = (value: unknown): boolean => value === wanted;
  if (typeof wanted === 'number') return { tests: [{ op: 'number', text: String(wanted) }], matches };
  if (typeof wanted === 'string' || typeof wanted === 'boolean' || wanted === null) {
    return { tests: [{ op: 'equals', value: wanted }], matches };
  }
  throw refusal(
    place,
    'The value to compare with is not a string, number, boolean or null.',
    'Write one value, or an operator such as {"prefix": "a"}.',
  );
}

function affix(op: 'prefix' | 'suffix', operand: unknown, place: string): Matcher {
  if (typeof operand !== 'string') {
    throw refusal(
      place,
      `The operand of ${op} is not a string.`,
      `Write one text, and one {"${op}": …} for each of several.`,
    );
  }
  return {
    tests: [{ op, value: operand }],
    matches: (value) =>
      typeof value === 'string' && (op === 'prefix' ? value.startsWith(operand) : value.endsWith(operand)),
  };
}

function exists(operand: unknown, place: string): Matcher {
  if (typeof operand === 'boolean') return { matches: (value) => (value !== undefined) === operand };
  throw refusal(place, 'The operand of exists is not a boolean.', 'Write true or false.');
}

/** None of the values or operators may match; a missing field is not anything. */
function anythingBut(operand: unknown, place: string): Matcher {
  const refused = isObject(operand)
    ? Object.entries(operand).map(([operator, inner]) => {
        const at = `${place}/${operator}`;
        if (operator !== 'anything-but') return compileOperator(operator, inner, at);
        throw refusal(at, 'anything-but cannot hold another anything-but.', 'Write the inner value without both.');
      })
    : [operand].flat(1).map((one, index) => equals(one, Array.isArray(operand) ? `${place}/${index}` : place));
  if (refused.length === 0)
    throw refusal(place, 'anything-but excludes nothing.', 'Name at least one value, or use {"exists": true}.');
  const tests = refused.flatMap((matcher) => matcher.tests ?? []);
  const matches = (value: unknown): boolean =>
    value !== undefined && !refused.some((matcher) => matcher.matches(value));
  const isPlain = refused.every((matcher) => matcher.tests !== undefined) && tests.every(isAnythingButTest);
  return isPlain ? { tests: [{ op: 'anything-but', of: tests.filter(isAnythingButTest) }], matches } : { matches };
}

function isAnythingButTest(test: ValueTest): test is AnythingButTest {
  return test.op === 'equals' || test.op === 'number' || test.op === 'prefix' || test.op === 'suffix';
}

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  __proto__: null as never,
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
};

/** Pairs of a comparison and a number, all of which must hold. */
function numeric(operand: unknown, place: string): Matcher {
  if (!Array.isArray(operand) || operand.length === 0 || operand.length % 2 === 1) {
    throw refusal(place, 'The operand of numeric is not a list of pairs.', 'Write {"numeric": [">", 0, "<=", 10]}.');
  }
  const pairs: { operator: string; number: number }[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const operator: unknown = operand[index];
    const number: unknown = operand[index + 1];
    if (typeof operator !== 'string' || comparisons[operator] === undefined) {
      throw refusal(`${place}/${index}`, 'There is no such comparison.', 'Use =, !=, >, >=, < or <=.');
    }
    if (typeof number !== 'number')
      throw refusal(`${place}/${index + 1}`, 'What to compare with is not a number.', 'Write a JSON number.');
    pairs.push({ operator, number });
  }
  const matches = (value: unknown): boolean =>
    typeof value === 'number' && pairs.every(({ operator, number }) => comparisons[operator]!(value, number));
  // With != the numbers are no single range.
  return pairs.some(({ operator }) => operator === '!=') ? { matches } : { tests: [rangeOf(pairs)], matches };
}

function rangeOf(pairs: readonly { operator: string; number: number }[]): NumberRange {
  let from = -Infinity;
  let to = Infinity;
  let fromIncluded = true;
  let toIncluded = true;
  for (const { operator, number } of pairs) {
    if (!operator.startsWith('<') && number >= from) {
      fromIncluded = operator !== '>' && (fromIncluded || number > from);
      from = number;
    }
    if (!operator.startsWith('>') && number <= to) {
      toIncluded = operator !== '<' && (toIncluded || number < to);
      to = number;
    }
  }
  return { op: 'range', from, fromIncluded, to, toIncluded };
}

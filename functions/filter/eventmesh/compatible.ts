import type { Condition, EventView } from '../condition.ts';
import { isObject, readPattern, refusal } from './pattern.ts';

/**
 * EventMesh patterns with the answers of EventMesh 1.12, oddities included: values compare as text, a missing field is
 * `null`, `exists` says nothing, `numeric` passes what is no number, and a matching array ends its section.
 * The text of a number is the shortest one, so `10.0` in an event compares as `10`.
 */
export function compileCompatible(pattern: unknown, place: string): Condition {
  const fields = readPattern(pattern, place, true).map(({ path, alternatives, place: at }) => ({
    path,
    matchers: alternatives.map((one, index) => compileAlternative(one, `${at}/${index}`)),
  }));
  const sections = [fields.filter(({ path }) => path.length === 1), fields.filter(({ path }) => path.length > 1)];
  const test = (event: EventView): boolean => sections.every((section) => matchesSection(event.value(), section));
  return {
    kind: 'predicate',
    test,
    explain: (event) => [
      { path: '', operator: 'eventmesh', expected: pattern, actual: event.value(), matched: test(event) },
    ],
  };
}

type Matcher = (value: unknown) => boolean;

function matchesSection(
  event: unknown,
  fields: readonly { path: readonly string[]; matchers: readonly Matcher[] }[],
): boolean {
  for (const { path, matchers } of fields) {
    const value = valueAt(event, path);
    const matches = (one: unknown): boolean => matchers.some((matcher) => matcher(one));
    if (Array.isArray(value)) {
      if (value.some(matches)) return true;
    } else if (!matches(value)) {
      return false;
    }
  }
  return true;
}

/** Names with white space or JSONPath's own characters are never found, because EventMesh joins names to a JSONPath. */
function valueAt(event: unknown, path: readonly string[]): unknown {
  let value = event;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name) || /[\s.[\]()'"*?@,:]/.test(name)) return null;
    value = value[name];
  }
  return value;
}

/** Only the first operator of an object counts. */
function compileAlternative(alternative: unknown, place: string): Matcher {
  if (!isObject(alternative) && !Array.isArray(alternative)) return specified(alternative);
  const [first] = Array.isArray(alternative) ? [] : Object.entries(alternative);
  if (first === undefined) {
    throw refusal(place, 'EventMesh fails on this with every event.', 'Write a value, or an object with one operator.');
  }
  return compileOperator(first[0], first[1], `${place}/${first[0]}`);
}

function compileOperator(operator: string, operand: unknown, place: string): Matcher {
  switch (operator) {
    case 'specified':
      return specified(operand);
    case 'prefix':
      return (value) => textOf(value).startsWith(textOf(operand));
    case 'suffix':
      return (value) => textOf(value).endsWith(textOf(operand));
    case 'exists': {
      const wanted = operand === true || operand === 'true' || (typeof operand === 'number' && operand !== 0);
      return () => wanted;
    }
    case 'numeric':
      return numeric(operand, place);
    case 'anything-but': {
      const refused = isObject(operand)
        ? Object.entries(operand).map(([inner, value]) => compileOperator(inner, value, `${place}/${inner}`))
        : [operand].flat(1).map(specified);
      return (value) => !refused.some((matcher) => matcher(value));
    }
    default:
      throw refusal(
        place,
        `There is no operator ${JSON.stringify(operator)}.`,
        'Use prefix, suffix, anything-but, numeric, exists or specified.',
      );
  }
}

function specified(wanted: unknown): Matcher {
  const text = textOf(wanted);
  return (value) => textOf(value) === text;
}

function numeric(operand: unknown, place: string): Matcher {
  if (!Array.isArray(operand) || operand.length % 2 === 1) {
    throw refusal(place, 'The operand of numeric is not a list of pairs.', 'Write {"numeric": [">", 0, "<=", 10]}.');
  }
  return (value) => {
    if (typeof value !== 'number') return true;
    for (let index = 0; index < operand.length; index += 2) {
      if (!compare(value, textOf(operand[index]), Number(operand[index + 1]) || 0)) return false;
    }
    return true;
  };
}

function compare(value: number, operator: string, number: number): boolean {
  switch (operator) {
    case '=':
      return value === number;
    case '!=':
      return value !== number;
    case '>':
      return value > number;
    case '>=':
      return value >= number;
    case '<':
      return value < number;
    case '<=':
      return value <= number;
    default:
      return false;
  }
}

/** Objects and arrays have no text. */
function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? '' : String(value);
}

import { TulleError } from '../../../event/error.ts';
import type { Condition, FieldTest, ValueTest } from '../condition.ts';
import { type JsonMember, type JsonNode, jsonNodeOf, readJson } from '../json-node.ts';
import { compileOperator, isOperatorName } from './operators.ts';

/** `$or` lists multiply: this many alternatives a pattern may come to, as with EventBridge. */
export const maxAlternatives = 1000;
/** Tests and listed values, and the fields of all alternatives, together. */
export const maxTests = 20_000;
/** Units of a pattern given as text. */
export const maxPatternLength = 65_536;
/** Fields of one alternative. */
export const maxFields = 256;
const maxPatternDepth = 64;

/**
 * Compiles an event pattern: an object, or JSON text, which alone keeps numbers beyond a double and repeated names.
 * Fields are joined by AND, the tests in a field's list by OR, `$or` lists alternatives. Of two entries for one path
 * the last one counts.
 */
export function compilePattern(pattern: unknown): Condition {
  return compilePatternNode(patternNode(pattern));
}

export function compilePatternNode(node: JsonNode): Condition {
  if (node.kind !== 'object')
    refuse('', 'The pattern is not an object', 'Write an object of fields, such as {"type": ["order.created"]}.');
  const alternatives: Alternative[] = [];
  const budget = createBudget();
  readFields(alternatives, node.members, { path: [], place: '', isInOr: false, depth: 0 }, budget);
  const conjunctions = alternatives.map((fields) => conjunction(fields, budget));
  const [only] = conjunctions;
  return conjunctions.length === 1 && only !== undefined ? only : { kind: 'any', of: conjunctions };
}

export function patternNode(pattern: unknown): JsonNode {
  if (typeof pattern === 'string') {
    if (pattern.length > maxPatternLength) {
      refuse('', `The pattern is longer than ${maxPatternLength} characters`, 'Split it into several rules.');
    }
    return readJson(pattern, 'filter_invalid');
  }
  const node = jsonNodeOf(pattern);
  return (
    node ?? refuse('', 'The pattern is missing', 'Write an object of fields, such as {"type": ["order.created"]}.')
  );
}

/** The tests of each path in one alternative. */
type Alternative = Map<string, readonly ValueTest[]>;

interface Position {
  readonly path: readonly string[];
  /** JSON Pointer in the pattern. */
  readonly place: string;
  readonly isInOr: boolean;
  readonly depth: number;
}

type Budget = (tests: number, place: string) => void;

/** Adds the fields to every alternative; `$or` multiplies the alternatives that were there before it. */
function readFields(
  alternatives: Alternative[],
  members: readonly JsonMember[],
  position: Position,
  budget: Budget,
): void {
  const { path, place, isInOr, depth } = position;
  if (members.length === 0) {
    refuse(
      place,
      'An object without fields matches nothing that can be named',
      'Name a field, or leave the object out.',
    );
  }
  if (depth > maxPatternDepth)
    refuse(
      place,
      `The pattern nests deeper than ${maxPatternDepth} levels`,
      'Flatten it with dots in names: "a.b" is b inside a.',
    );
  for (const { key, value } of members) {
    const at = `${place}/${pointerToken(key)}`;
    if (key === '$or') {
      readAlternatives(alternatives, value, { ...position, place: at }, budget);
    } else if (isInOr && isOperatorName(key)) {
      refuse(
        at,
        `${key} is an operator and cannot be a field inside $or`,
        'Inside $or name the field first, then the tests: {"price": [{"numeric": [">", 0]}]}.',
      );
    } else if (value.kind === 'object') {
      readFields(alternatives, value.members, { path: [...path, key], place: at, isInOr, depth: depth + 1 }, budget);
    } else if (value.kind === 'array') {
      const tests = readTests(value.items, at, budget);
      if (alternatives.length === 0) alternatives.push(new Map());
      for (const fields of alternatives) addField(fields, [...path, key].join('.'), tests, at);
    } else {
      refuse(at, `"${key}" must be an object or an array`, `Put the value into an array: "${key}": [value].`);
    }
  }
}

function readAlternatives(alternatives: Alternative[], node: JsonNode, position: Position, budget: Budget): void {
  const { place, depth } = position;
  if (node.kind !== 'array' || node.items.length < 2) {
    refuse(place, '$or must be an array of at least two objects', 'Write "$or": [{...}, {...}].');
  }
  const before = alternatives.splice(0);
  for (const [i, item] of node.items.entries()) {
    const at = `${place}/${i}`;
    if (item.kind !== 'object') refuse(at, 'Only objects are allowed in $or', 'Write an object of fields here.');
    const branch =
      before.length === 0 ? [new Map<string, readonly ValueTest[]>()] : before.map((fields) => new Map(fields));
    readFields(branch, item.members, { ...position, place: at, isInOr: true, depth: depth + 1 }, budget);
    if (alternatives.length + branch.length > maxAlternatives) {
      refuse(
        place,
        `The $or lists come to more than ${maxAlternatives} alternatives`,
        'Split the pattern into several rules.',
      );
    }
    for (const fields of branch) budget(fields.size, at);
    alternatives.push(...branch);
  }
}

function readTests(items: readonly JsonNode[], place: string, budget: Budget): readonly ValueTest[] {
  if (items.length === 0) refuse(place, 'An empty array matches nothing', 'List at least one value or test.');
  budget(items.length, place);
  return items.map((item, i) => compileOperator(item, `${place}/${i}`, (tests) => budget(tests, `${place}/${i}`)));
}

function addField(fields: Alternative, path: string, tests: readonly ValueTest[], place: string): void {
  fields.set(path, tests);
  if (fields.size > maxFields)
    refuse(place, `The pattern has more than ${maxFields} fields`, 'Split it into several rules.');
}

function conjunction(fields: Alternative, budget: Budget): Condition {
  budget(fields.size, '');
  const tests: FieldTest[] = [];
  for (const path of [...fields.keys()].sort()) tests.push({ path, any: fields.get(path) ?? [] });
  return { kind: 'fields', fields: tests };
}

function createBudget(): Budget {
  let left = maxTests;
  return (tests, place) => {
    left -= tests;
    if (left < 0) refuse(place, `The pattern has more than ${maxTests} tests`, 'Split it into several rules.');
  };
}

function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function refuse(place: string, message: string, mend: string): never {
  throw new TulleError('filter_invalid', message, { place, mend });
}

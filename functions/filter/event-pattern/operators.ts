import { TulleError } from '../../../event/error.ts';
import type { AnythingButTest, StringOperator, ValueTest } from '../condition.ts';
import type { JsonMember, JsonNode } from '../json-node.ts';
import { addressRange, parseAddress } from '../values/address.ts';
import { comparableNumber } from '../values/number.ts';
import { parseWildcard } from '../values/wildcard.ts';

/** Compiles one entry of a field's list: a literal, or an object with one operator. */
export function compileOperator(node: JsonNode, place: string, spend: (tests: number) => void): ValueTest {
  switch (node.kind) {
    case 'string':
      return literalString(node.value);
    case 'number':
      return { op: 'number', text: node.text };
    case 'literal':
      return { op: 'equals', value: node.value };
    case 'array':
      return refuse(
        place,
        'A value must be a string, number, true, false, null or an operator',
        'Take the inner array away.',
      );
    default: {
      const { key, value } = onlyMember(node.members, place, 'A test');
      const compile = operators.get(key);
      if (compile === undefined) {
        return refuse(
          `${place}/${key}`,
          `There is no operator ${JSON.stringify(key)}`,
          `Use one of: ${[...operators.keys()].join(', ')}.`,
        );
      }
      return compile(value, `${place}/${key}`, spend);
    }
  }
}

/** Inside `$or` these are refused as fields, for what they would most likely be is a test in the wrong place. */
export function isOperatorName(name: string): boolean {
  return operators.has(name) || reserved.has(name);
}

type Compile = (node: JsonNode, place: string, spend: (tests: number) => void) => ValueTest;

const operators: ReadonlyMap<string, Compile> = new Map<string, Compile>([
  ['prefix', (node, place) => affix('prefix', 'prefix-ignore-case', node, place)],
  ['suffix', (node, place) => affix('suffix', 'suffix-ignore-case', node, place)],
  [
    'equals-ignore-case',
    (node, place) => ({ op: 'equals-ignore-case', value: stringOf(node, place, 'equals-ignore-case') }),
  ],
  ['wildcard', (node, place) => wildcard(node, place)],
  ['anything-but', anythingBut],
  ['numeric', numeric],
  ['exists', exists],
  ['cidr', cidr],
  ['exactly', (node, place) => ({ op: 'equals', value: stringOf(node, place, 'exactly') })],
]);

/** Names that the EventBridge language keeps for itself. */
const reserved = new Set(
  (
    '= < <= > >= regex not-wildcard not-equals-ignore-case date-after date-on-or-after date-before ' +
    'date-on-or-before in-date-range ip-address-in-range ip-address-not-in-range'
  ).split(' '),
);

/** A string that is an IP address equals every way of writing that address. */
function literalString(value: string): ValueTest {
  const address = parseAddress(value);
  return address === undefined ? { op: 'equals', value } : { op: 'address', from: address, to: address };
}

function affix(plain: StringOperator, ignoringCase: StringOperator, node: JsonNode, place: string): ValueTest {
  if (node.kind !== 'object') return { op: plain, value: stringOf(node, place, plain) };
  const { key, value } = onlyMember(node.members, place, plain);
  if (key !== 'equals-ignore-case') {
    refuse(
      `${place}/${key}`,
      `${plain} takes a string or {"equals-ignore-case": string}`,
      `Write {"${plain}": "text"}.`,
    );
  }
  return { op: ignoringCase, value: stringOf(value, `${place}/${key}`, key) };
}

function wildcard(node: JsonNode, place: string): ValueTest & AnythingButTest {
  const value = stringOf(node, place, 'wildcard');
  parseWildcard(value, place);
  return { op: 'wildcard', value };
}

const anythingButOperators = new Map<string, StringOperator>([
  ['prefix', 'prefix'],
  ['suffix', 'suffix'],
  ['wildcard', 'wildcard'],
  ['equals-ignore-case', 'equals-ignore-case'],
]);

function anythingBut(node: JsonNode, place: string, spend: (tests: number) => void): ValueTest {
  if (node.kind !== 'object') return { op: 'anything-but', of: literals(node, place, spend) };
  const { key, value } = onlyMember(node.members, place, 'anything-but');
  const op = anythingButOperators.get(key);
  const at = `${place}/${key}`;
  if (op === undefined) {
    return refuse(
      at,
      `anything-but does not take ${JSON.stringify(key)}`,
      `Use one of: ${[...anythingButOperators.keys()].join(', ')}, or values.`,
    );
  }
  const list = listOf(value, at, spend).map(({ item, place: itemPlace }): AnythingButTest => {
    if (op === 'wildcard') return wildcard(item, itemPlace);
    const text = stringOf(item, itemPlace, key);
    if (text === '' && op !== 'equals-ignore-case') {
      refuse(itemPlace, `anything-but with an empty ${key} matches nothing`, 'Write at least one character.');
    }
    return { op, value: text };
  });
  return { op: 'anything-but', of: list };
}

/** All strings or all numbers. */
function literals(node: JsonNode, place: string, spend: (tests: number) => void): readonly AnythingButTest[] {
  const list = listOf(node, place, spend);
  const kind = list[0]?.item.kind;
  return list.map(({ item, place: itemPlace }): AnythingButTest => {
    if (item.kind === 'string' && kind === 'string') return { op: 'equals', value: item.value };
    if (item.kind === 'number' && kind === 'number') {
      numberOf(item, itemPlace);
      return { op: 'number', text: item.text };
    }
    return refuse(
      itemPlace,
      'anything-but takes a string, a number, or a list of only strings or only numbers',
      'Use two fields tests in two rules to mix them.',
    );
  });
}

function listOf(
  node: JsonNode,
  place: string,
  spend: (tests: number) => void,
): readonly { item: JsonNode; place: string }[] {
  if (node.kind !== 'array') return [{ item: node, place }];
  if (node.items.length === 0) refuse(place, 'The list is empty', 'List at least one value.');
  spend(node.items.length);
  return node.items.map((item, i) => ({ item, place: `${place}/${i}` }));
}

/** `[op, number]`, or a lower and then an upper bound. */
function numeric(node: JsonNode, place: string): ValueTest {
  if (node.kind !== 'array') return refuse(place, 'numeric takes an array', numericForm);
  const [first, bound, second, upper, ...rest] = node.items;
  const op = first?.kind === 'string' ? first.value : '';
  const number = numberOf(bound, `${place}/1`);
  if (second === undefined) {
    if (op === '=') return range(number, true, number, true);
    if (op === '<' || op === '<=') return range(-Infinity, false, number, op === '<=');
    if (op === '>' || op === '>=') return range(number, op === '>=', Infinity, false);
    return refuse(`${place}/0`, 'numeric does not know this comparison', numericForm);
  }
  const upperOp = second.kind === 'string' ? second.value : '';
  const isRange = (op === '>' || op === '>=') && (upperOp === '<' || upperOp === '<=') && rest.length === 0;
  if (!isRange) refuse(`${place}/2`, 'A numeric range has a lower and then an upper bound', numericForm);
  const to = numberOf(upper, `${place}/3`);
  if (number >= to)
    refuse(`${place}/3`, 'The lower bound must be less than the upper', 'Exchange the bounds, or use "=".');
  return range(number, op === '>=', to, upperOp === '<=');
}

const numericForm = 'Write ["=", 5], [">", 0] (or >=, <, <=), or [">", 0, "<=", 10].';

function range(from: number, fromIncluded: boolean, to: number, toIncluded: boolean): ValueTest {
  return { op: 'range', from, fromIncluded, to, toIncluded };
}

function numberOf(node: JsonNode | undefined, place: string): number {
  if (node?.kind !== 'number') return refuse(place, 'A number is missing here', 'Write a number without quotes.');
  const number = comparableNumber(node.text);
  if (number === undefined) {
    return refuse(
      place,
      'The number cannot be compared exactly',
      'Use one that a double holds: at most 15 to 17 digits, below 1.8e308.',
    );
  }
  return number;
}

function exists(node: JsonNode, place: string): ValueTest {
  if (node.kind !== 'literal' || node.value === null)
    return refuse(place, 'exists takes true or false', 'Write {"exists": true}.');
  return { op: node.value ? 'exists' : 'absent' };
}

function cidr(node: JsonNode, place: string): ValueTest {
  const text = stringOf(node, place, 'cidr');
  const slash = text.indexOf('/');
  const address = slash < 0 ? undefined : parseAddress(text.slice(0, slash));
  const mask = /^[0-9]{1,3}$/.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : Infinity;
  if (address === undefined)
    return refuse(place, 'cidr takes an address and a mask', 'Write 10.0.0.0/24 or 2001:db8::/32.');
  if (mask >= address.length * 4) {
    refuse(
      place,
      `The mask of this address must be below ${address.length * 4}`,
      'For a single address write it without a mask, as a plain string.',
    );
  }
  return { op: 'address', ...addressRange(address, mask) };
}

function onlyMember(members: readonly JsonMember[], place: string, what: string): JsonMember {
  const [member, ...others] = members;
  if (member === undefined || others.length > 0) {
    return refuse(
      place,
      `${what} takes exactly one operator in an object`,
      'Split it into several objects of the list: they are joined by OR.',
    );
  }
  return member;
}

function stringOf(node: JsonNode, place: string, operator: string): string {
  return node.kind === 'string'
    ? node.value
    : refuse(place, `${operator} takes a string`, `Write {"${operator}": "text"}.`);
}

function refuse(place: string, message: string, mend: string): never {
  throw new TulleError('filter_invalid', message, { place, mend });
}

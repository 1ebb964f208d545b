import type { AnythingButTest, ValueTest } from './condition.ts';
import type { JsonScalar } from './json-node.ts';
import { isAddressWithin, parseAddress } from './values/address.ts';
import { endsIgnoringCase, equalsIgnoringCase, startsIgnoringCase } from './values/letter-case.ts';
import { comparableNumber } from './values/number.ts';
import { matchesWildcard, splitWildcard } from './values/wildcard.ts';

/** Whether a scalar passes a test; `absent` never does. The index gives the same answers without asking each test. */
export function passes(test: ValueTest, value: JsonScalar): boolean {
  switch (test.op) {
    case 'exists':
      return true;
    case 'absent':
      return false;
    case 'anything-but':
      return !test.of.some((one) => passes(one, value));
    case 'range': {
      const number = value.kind === 'number' ? comparableNumber(value.text) : undefined;
      return number !== undefined && isInRange(number, test);
    }
    case 'address': {
      const address = value.kind === 'string' ? parseAddress(value.value) : undefined;
      return address !== undefined && isAddressWithin(address, test.from, test.to);
    }
    default:
      return passesPlain(test, value);
  }
}

export function isInRange(number: number, range: ValueTest & { op: 'range' }): boolean {
  const above = range.fromIncluded ? number >= range.from : number > range.from;
  return above && (range.toIncluded ? number <= range.to : number < range.to);
}

function passesPlain(test: AnythingButTest, value: JsonScalar): boolean {
  if (test.op === 'number') return value.kind === 'number' && isSameNumber(test.text, value.text);
  if (test.op === 'equals') return value.kind !== 'number' && value.value === test.value;
  if (value.kind !== 'string') return false;
  const text = value.value;
  switch (test.op) {
    case 'prefix':
      return text.startsWith(test.value);
    case 'suffix':
      return text.endsWith(test.value);
    case 'wildcard':
      return matchesWildcard(text, splitWildcard(test.value));
    case 'equals-ignore-case':
      return equalsIgnoringCase(text, test.value);
    case 'prefix-ignore-case':
      return startsIgnoringCase(text, test.value);
    default:
      return endsIgnoringCase(text, test.value);
  }
}

function isSameNumber(expected: string, actual: string): boolean {
  const number = comparableNumber(expected);
  return number === undefined ? expected === actual : number === comparableNumber(actual);
}

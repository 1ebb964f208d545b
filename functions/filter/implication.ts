import type { NumberRange, ValueTest } from './condition.ts';
import type { JsonScalar } from './json-node.ts';
import { passes } from './value-test.ts';

/** Whatever passes the first passes the second. */
export function implies(test: ValueTest, other: ValueTest): boolean {
  if (test.op === 'absent' || other.op === 'absent') return test.op === other.op;
  if (other.op === 'exists') return true;
  const only = onlyValue(test);
  if (only !== undefined) return passes(other, only);
  if (test.op === 'prefix' && other.op === 'prefix') return test.value.startsWith(other.value);
  if (test.op === 'suffix' && other.op === 'suffix') return test.value.endsWith(other.value);
  return test.op === 'range' && other.op === 'range' && isWithin(test, other);
}

/** No single value passes both. */
export function isNeverBoth(one: ValueTest, other: ValueTest): boolean {
  if (one.op === 'absent' || other.op === 'absent') return one.op !== other.op;
  const [value, otherValue] = [onlyValue(one), onlyValue(other)];
  if (value !== undefined) return !passes(other, value);
  if (otherValue !== undefined) return !passes(one, otherValue);
  if (one.op === 'range' && other.op === 'range') {
    const isBefore = (first: typeof one, second: typeof one): boolean =>
      first.to < second.from || (first.to === second.from && !(first.toIncluded && second.fromIncluded));
    return isBefore(one, other) || isBefore(other, one);
  }
  if (one.op === 'prefix' && other.op === 'prefix') {
    return !one.value.startsWith(other.value) && !other.value.startsWith(one.value);
  }
  if (one.op === 'suffix' && other.op === 'suffix') {
    return !one.value.endsWith(other.value) && !other.value.endsWith(one.value);
  }
  return (one.op === 'range' && isOfText(other)) || (other.op === 'range' && isOfText(one));
}

function isWithin(range: NumberRange, other: NumberRange): boolean {
  const startsWithin =
    range.from > other.from || (range.from === other.from && (other.fromIncluded || !range.fromIncluded));
  const endsWithin = range.to < other.to || (range.to === other.to && (other.toIncluded || !range.toIncluded));
  return startsWithin && endsWithin;
}

function isOfText({ op }: ValueTest): boolean {
  return op !== 'range' && op !== 'number' && op !== 'exists' && op !== 'anything-but';
}

/** The one value that passes, where there is only one. */
function onlyValue(test: ValueTest): JsonScalar | undefined {
  if (test.op === 'number') return { kind: 'number', text: test.text };
  if (test.op !== 'equals') return undefined;
  return typeof test.value === 'string'
    ? { kind: 'string', value: test.value }
    : { kind: 'literal', value: test.value };
}

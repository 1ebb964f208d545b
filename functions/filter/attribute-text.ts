import type { Condition, EventView, ValueTest } from './condition.ts';

/**
 * Tests of a context attribute's text. Integers and booleans count as their canonical string form (CloudEvents 1.0,
 * type system): `20` has the text "20", `true` has "true". A missing attribute passes no test.
 */
export function attributeEquals(name: string, text: string): Condition {
  return { kind: 'fields', fields: [{ path: name, any: equalsText(text) }] };
}

export function attributeStartsWith(name: string, text: string): Condition {
  const canBeScalar = /^-?[0-9]*$/.test(text) || 'true'.startsWith(text) || 'false'.startsWith(text);
  return affix(name, 'prefix', text, canBeScalar, (value) => value.startsWith(text));
}

export function attributeEndsWith(name: string, text: string): Condition {
  const canBeScalar = /^-?[0-9]*$/.test(text) || 'true'.endsWith(text) || 'false'.endsWith(text);
  return affix(name, 'suffix', text, canBeScalar, (value) => value.endsWith(text));
}

/** The value tests that together say: the text of the value is this one. */
export function equalsText(text: string): ValueTest[] {
  const tests: ValueTest[] = [{ op: 'equals', value: text }];
  if (text === 'true' || text === 'false') tests.push({ op: 'equals', value: text === 'true' });
  // CloudEvents integers have 32 bits; their canonical form has neither plus sign nor leading zeros.
  if (/^(?:0|-?[1-9][0-9]{0,9})$/.test(text)) tests.push({ op: 'number', text });
  return tests;
}

/** The text of an attribute, or `undefined` for a missing one. */
export function attributeText(event: EventView, name: string): string | undefined {
  const value = event.get(name);
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** The index finds strings; only a text that could begin or end a number or a boolean needs to look at those as well. */
function affix(
  name: string,
  op: 'prefix' | 'suffix',
  text: string,
  canBeScalar: boolean,
  matches: (value: string) => boolean,
): Condition {
  const strings: Condition = { kind: 'fields', fields: [{ path: name, any: [{ op, value: text }] }] };
  if (!canBeScalar) return strings;
  const test = (event: EventView): boolean => {
    const value = event.get(name);
    return typeof value !== 'string' && matches(attributeText(event, name) ?? '');
  };
  const scalars: Condition = {
    kind: 'predicate',
    fields: [name],
    test: (event) => attributeText(event, name) !== undefined && test(event),
    explain: (event) => [
      { path: name, operator: op, expected: text, actual: attributeText(event, name), matched: test(event) },
    ],
  };
  return { kind: 'any', of: [strings, scalars] };
}

import { attributeEndsWith, attributeEquals, attributeStartsWith, equalsText } from '../attribute-text.ts';
import type { Condition, EventView } from '../condition.ts';
import { compileParsedCesql, type CesqlResult } from './cesql.ts';
import type { Expression } from './expression.ts';
import { functionNames } from './functions.ts';
import { parseError } from './lexer.ts';
import { literalEnds } from './like.ts';
import { parseCesql } from './parser.ts';

/**
 * CloudEvents SQL as a filter: an event passes when the value is the boolean `true` and there is no error (§1.2).
 * What the expression needs in any case goes to the index as field tests; the expression itself decides the rest.
 */
export function compileSqlFilter(text: string): Condition {
  const expression = parseCesql(text);
  const compiled = compileParsedCesql(expression);
  const [missing] = compiled.missingFunctions;
  if (missing !== undefined) {
    throw parseError(
      `There is no function ${missing.name} with ${missing.count} arguments.`,
      missing.column,
      `Use one of ${functionNames().join(', ')}, with as many arguments as it takes.`,
    );
  }
  // The payload is no attribute: for the expression it does not exist.
  const fields = compiled.attributes.filter((name) => name !== 'data');
  const evaluate = (event: EventView): CesqlResult => compiled.evaluate(attributesOf(event, fields));
  const decides: Condition = {
    kind: 'predicate',
    fields,
    test(event) {
      const { value, errors } = evaluate(event);
      return value === true && errors.length === 0;
    },
    explain(event) {
      const { value, errors } = evaluate(event);
      const matched = value === true && errors.length === 0;
      const actual = attributesOf(event, fields);
      const line = { path: fields.join(', '), operator: 'sql', expected: text, actual, matched };
      return [errors[0] === undefined ? line : { ...line, note: errors[0].message }];
    },
  };
  const needs = necessary(expression);
  return needs === undefined ? decides : { kind: 'all', of: [needs, decides] };
}

/**
 * A condition that every passing event meets, or `undefined` where none is known. Under AND each side is needed, and
 * with OR one of the two; an attribute that is compared must be there.
 */
function necessary(expression: Expression): Condition | undefined {
  switch (expression.kind) {
    case 'logic':
      return both(expression.operator, necessary(expression.left), necessary(expression.right));
    case 'exists':
      if (expression.name === 'data') return undefined;
      return { kind: 'fields', fields: [{ path: expression.name, any: [{ op: 'exists' }] }] };
    case 'equality': {
      const { left, right, negated } = expression;
      const isTested =
        !negated && left.kind === 'attribute' && right.kind === 'literal' && typeof right.value === 'string';
      return isTested ? attributeEquals(left.name, right.value) : undefined;
    }
    case 'like': {
      const { operand, pattern, negated } = expression;
      return operand.kind === 'attribute' && !negated ? likeNeeds(operand.name, pattern) : undefined;
    }
    case 'in': {
      const { operand, set, negated } = expression;
      return operand.kind === 'attribute' && !negated ? membershipNeeds(operand.name, set) : undefined;
    }
    default:
      return undefined;
  }
}

function both(
  operator: 'AND' | 'OR' | 'XOR',
  left: Condition | undefined,
  right: Condition | undefined,
): Condition | undefined {
  if (operator === 'AND')
    return left !== undefined && right !== undefined ? { kind: 'all', of: [left, right] } : (left ?? right);
  return operator === 'OR' && left !== undefined && right !== undefined
    ? { kind: 'any', of: [left, right] }
    : undefined;
}

function likeNeeds(name: string, pattern: string): Condition | undefined {
  const { whole, start, end } = literalEnds(pattern);
  if (whole) return attributeEquals(name, start);
  if (start !== '') return attributeStartsWith(name, start);
  return end === '' ? undefined : attributeEndsWith(name, end);
}

function membershipNeeds(name: string, set: readonly Expression[]): Condition | undefined {
  const texts = set.map((element) =>
    element.kind === 'literal' && typeof element.value === 'string' ? element.value : undefined,
  );
  // An element such as '010' or 'TRUE' also equals the integer or boolean that it casts to.
  if (!texts.every((text) => text !== undefined && !/^[+-]?0*[0-9]+$|^(?:true|false)$/i.test(text))) return undefined;
  return { kind: 'fields', fields: [{ path: name, any: texts.flatMap((text) => equalsText(text ?? '')) }] };
}

function attributesOf(event: EventView, names: readonly string[]): Record<string, unknown> {
  const attributes: Record<string, unknown> = Object.create(null);
  for (const name of names) attributes[name] = event.get(name);
  return attributes;
}

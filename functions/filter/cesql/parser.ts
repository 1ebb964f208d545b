import type { Expression, LogicOperator, MathOperator, OrderOperator } from './expression.ts';
import { cesqlLimits, Cursor, unexpected } from './cursor.ts';
import { parseError, tokenize, type Token } from './lexer.ts';
import { maximumInteger, minimumInteger } from './value.ts';

/** Binds tighter the higher it is (spec §3.6); AND, OR and XOR share one level and go from left to right. */
const precedence: Readonly<Record<string, number>> = {
  AND: 1,
  OR: 1,
  XOR: 1,
  '=': 2,
  '!=': 2,
  '<>': 2,
  '<': 2,
  '>': 2,
  '<=': 2,
  '>=': 2,
  '+': 3,
  '-': 3,
  '*': 4,
  '/': 4,
  '%': 4,
};

/** Parses CloudEvents SQL 1.0; throws `filter_invalid` with the column. */
export function parseCesql(text: string): Expression {
  if (text.length > cesqlLimits.length) {
    throw parseError(
      `The expression has ${text.length} characters, more than the ${cesqlLimits.length} allowed.`,
      cesqlLimits.length + 1,
      'Split it into several filters, or list values with IN (…).',
    );
  }
  const cursor = new Cursor(tokenize(text));
  const expression = parseBinary(cursor, 1);
  if (cursor.token.kind !== 'end') {
    throw unexpected(
      cursor.token,
      'an operator or the end',
      'Join expressions with AND, OR or XOR, and balance the brackets.',
    );
  }
  return expression;
}

/** Precedence climbing; every operator is left-associative. */
function parseBinary(cursor: Cursor, minimum: number): Expression {
  let left = parsePostfix(cursor);
  for (;;) {
    const { kind, text } = cursor.token;
    const level = kind === 'symbol' || kind === 'keyword' ? precedence[text] : undefined;
    if (level === undefined || level < minimum) return left;
    cursor.advance();
    left = binary(text, left, parseBinary(cursor, level + 1));
  }
}

function binary(operator: string, left: Expression, right: Expression): Expression {
  switch (operator) {
    case 'AND':
    case 'OR':
    case 'XOR':
      return { kind: 'logic', operator: operator satisfies LogicOperator, left, right };
    case '=':
      return { kind: 'equality', negated: false, left, right };
    case '!=':
    case '<>':
      return { kind: 'equality', negated: true, left, right };
    case '<':
    case '<=':
    case '>':
    case '>=':
      return { kind: 'order', operator: operator satisfies OrderOperator, left, right };
    default:
      return { kind: 'math', operator: operator as MathOperator, left, right };
  }
}

/** LIKE and IN bind tighter than every binary operator, and looser than NOT and the minus sign. */
function parsePostfix(cursor: Cursor): Expression {
  let operand = parsePrefix(cursor);
  for (;;) {
    const negated = cursor.isKeyword('NOT') && cursor.nextIsKeyword('LIKE', 'IN');
    if (negated) cursor.advance();
    if (cursor.isKeyword('LIKE')) {
      cursor.advance();
      operand = { kind: 'like', operand, negated, pattern: parsePattern(cursor) };
    } else if (cursor.isKeyword('IN')) {
      cursor.advance();
      operand = { kind: 'in', operand, negated, set: parseSet(cursor) };
    } else {
      return operand;
    }
  }
}

function parsePrefix(cursor: Cursor): Expression {
  cursor.enter();
  const expression = cursor.isKeyword('NOT') ? parseNot(cursor) : parseSigned(cursor);
  cursor.leave();
  return expression;
}

function parseNot(cursor: Cursor): Expression {
  cursor.advance();
  return { kind: 'not', operand: parsePrefix(cursor) };
}

function parseSigned(cursor: Cursor): Expression {
  const token = cursor.token;
  if (!cursor.isSymbol('-') && !cursor.isSymbol('+')) return parseAtom(cursor);
  cursor.advance();
  // A sign that touches the digits belongs to the literal: -2147483648 is a valid one.
  if (cursor.token.kind === 'integer' && cursor.token.column === token.column + 1) return integer(cursor, token.text);
  if (token.text === '-') return { kind: 'negate', operand: parsePrefix(cursor) };
  throw unexpected(token, 'a value', 'There is no unary plus: leave it away, or write it right before digits.');
}

function parseAtom(cursor: Cursor): Expression {
  const token = cursor.token;
  if (token.kind === 'integer') return integer(cursor, '');
  if (token.kind === 'string') {
    cursor.advance();
    return { kind: 'literal', value: token.text };
  }
  if (token.kind === 'name') {
    cursor.advance();
    if (cursor.isSymbol('(')) return parseCall(cursor, token);
    return { kind: 'attribute', name: attributeName(token) };
  }
  if (cursor.isKeyword('TRUE') || cursor.isKeyword('FALSE')) {
    cursor.advance();
    return { kind: 'literal', value: token.text === 'TRUE' };
  }
  if (cursor.isKeyword('EXISTS')) {
    cursor.advance();
    const name = cursor.token;
    if (name.kind !== 'name' && name.kind !== 'integer') {
      throw unexpected(name, 'an attribute name', 'EXISTS takes the name of one attribute: EXISTS subject.');
    }
    cursor.advance();
    return { kind: 'exists', name: attributeName(name) };
  }
  if (cursor.isSymbol('(')) {
    cursor.advance();
    const inner = parseBinary(cursor, 1);
    cursor.expect(')', 'Close the bracket.');
    return inner;
  }
  throw unexpected(
    token,
    'a value',
    'A value is an attribute name, an integer, TRUE, FALSE, a quoted string or a function call.',
  );
}

function parseCall(cursor: Cursor, name: Token): Expression {
  if (!/^[A-Za-z][A-Za-z_]*$/.test(name.text)) {
    throw unexpected(
      name,
      'a function name',
      'Function names have letters and underscores only, for example CONCAT_WS.',
    );
  }
  cursor.advance();
  const args = cursor.isSymbol(')') ? [] : parseList(cursor);
  cursor.expect(')', 'Separate arguments with commas and close the bracket.');
  return { kind: 'call', name: name.text.toUpperCase(), args, column: name.column };
}

function parseSet(cursor: Cursor): Expression[] {
  cursor.expect('(', "IN takes a list: region IN ('eu', 'us').");
  const set = parseList(cursor);
  cursor.expect(')', 'Separate the elements with commas and close the bracket.');
  return set;
}

function parseList(cursor: Cursor): Expression[] {
  const items = [parseBinary(cursor, 1)];
  while (cursor.isSymbol(',')) {
    cursor.advance();
    items.push(parseBinary(cursor, 1));
  }
  return items;
}

function parsePattern(cursor: Cursor): string {
  const token = cursor.token;
  if (token.kind !== 'string') {
    throw unexpected(token, 'a pattern', "LIKE takes a quoted pattern with % and _, for example type LIKE 'user.%'.");
  }
  cursor.advance();
  return token.text;
}

function integer(cursor: Cursor, sign: string): Expression {
  const { text, column } = cursor.token;
  const value = Number(sign + text) + 0;
  if (value < minimumInteger || value > maximumInteger) {
    throw parseError(
      `The integer ${sign}${text.slice(0, 20)} does not fit into 32 bits.`,
      column,
      `Integers go from ${minimumInteger} to ${maximumInteger}; put larger ones into quotes and compare them as text.`,
    );
  }
  cursor.advance();
  return { kind: 'literal', value };
}

/** Attribute names are lower case on every event, and the grammar's names are not sensitive to case. */
function attributeName(token: Token): string {
  if (token.text.includes('_')) {
    throw unexpected(token, 'an attribute name', 'Attribute names have letters and digits only.');
  }
  return token.text.toLowerCase();
}

import { JsonataError } from '../error.ts';
import type { RegexLiteral } from '../syntax.ts';

/** `position` is where the token ends, in UTF-16 units: that is what the language reports errors by. */
export type Token =
  | { readonly type: 'operator' | 'name' | 'variable' | 'string'; readonly value: string; readonly position: number }
  | { readonly type: 'number'; readonly value: number; readonly position: number }
  | { readonly type: 'value'; readonly value: boolean | null; readonly position: number }
  | { readonly type: 'regex'; readonly value: RegexLiteral; readonly position: number }
  | { readonly type: 'end'; readonly value: ''; readonly position: number };

/** Reads one token after another; where an operand may stand, a slash begins a regular expression. */
export function createTokenizer(text: string): (expectsOperand: boolean) => Token {
  let at = 0;
  return (expectsOperand) => {
    at = skipBlanks(text, at);
    const token = readToken(text, at, expectsOperand);
    at = token.position;
    return token;
  };
}

const blanks = ' \t\n\r\v';
const longOperators = ['..', ':=', '!=', '>=', '<=', '**', '~>', '?:', '??'];
const operatorCharacters = '.[]{}(),@#;:?+-*/%|=<>^&!~';

function readToken(text: string, at: number, expectsOperand: boolean): Token {
  const character = text[at];
  if (character === undefined) return { type: 'end', value: '', position: text.length };
  if (expectsOperand && character === '/') return readRegex(text, at + 1);
  const operator = longOperators.find((one) => text.startsWith(one, at)) ?? character;
  if (operator.length > 1 || operatorCharacters.includes(character)) {
    return { type: 'operator', value: operator, position: at + operator.length };
  }
  if (character === '"' || character === "'") return readString(text, at + 1, character);
  if (character >= '0' && character <= '9') return readNumber(text, at);
  if (character === '`') return readQuotedName(text, at + 1);
  return readName(text, at);
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  for (;;) {
    while (at < text.length && blanks.includes(text[at]!)) at += 1;
    if (!text.startsWith('/*', at)) return at;
    const end = text.indexOf('*/', at + 2);
    if (end === -1) throw new JsonataError('S0106', 'The comment has no end', at);
    at = end + 2;
  }
}

const escapes: Readonly<Record<string, string>> = {
  __proto__: null as never,
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function readString(text: string, from: number, quote: string): Token {
  const pieces: string[] = [];
  let at = from;
  for (;;) {
    const start = at;
    while (at < text.length && text[at] !== quote && text[at] !== '\\') at += 1;
    pieces.push(text.slice(start, at));
    if (at >= text.length) throw new JsonataError('S0101', 'The string has no closing quote', text.length);
    if (text[at] === quote) return { type: 'string', value: pieces.join(''), position: at + 1 };
    const escape = text[at + 1] ?? '';
    const plain = escapes[escape];
    if (plain !== undefined) {
      pieces.push(plain);
      at += 2;
    } else if (escape === 'u') {
      const digits = text.slice(at + 2, at + 6);
      if (!/^[0-9a-fA-F]+$/.test(digits)) {
        throw new JsonataError('S0104', String.raw`Four hexadecimal digits must follow \u`, at + 1);
      }
      pieces.push(String.fromCharCode(Number.parseInt(digits, 16)));
      at += 6;
    } else {
      throw new JsonataError('S0103', `There is no escape sequence \\${escape}`, at + 1, escape);
    }
  }
}

function readNumber(text: string, at: number): Token {
  const pattern = /(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[Ee][-+]?[0-9]+)?/y;
  pattern.lastIndex = at;
  const digits = pattern.exec(text)?.[0] ?? '';
  const value = Number(digits);
  if (!Number.isFinite(value)) throw new JsonataError('S0102', 'The number is out of range', at, digits);
  return { type: 'number', value, position: at + digits.length };
}

function readQuotedName(text: string, at: number): Token {
  const end = text.indexOf('`', at);
  if (end === -1) throw new JsonataError('S0105', 'The quoted name has no closing backquote', text.length);
  return { type: 'name', value: text.slice(at, end), position: end + 1 };
}

function readName(text: string, at: number): Token {
  let position = at;
  while (position < text.length && !blanks.includes(text[position]!) && !operatorCharacters.includes(text[position]!))
    position += 1;
  const value = text.slice(at, position);
  if (value.startsWith('$')) return { type: 'variable', value: value.slice(1), position };
  switch (value) {
    case 'or':
    case 'in':
    case 'and':
      return { type: 'operator', value, position };
    case 'true':
    case 'false':
      return { type: 'value', value: value === 'true', position };
    case 'null':
      return { type: 'value', value: null, position };
    default:
      return { type: 'name', value, position };
  }
}

/** To the slash that is neither escaped nor inside of brackets, then the flags. */
function readRegex(text: string, from: number): Token {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '/' && depth === 0 && !isEscaped(text, at)) {
      if (at === from) throw new JsonataError('S0301', 'The regular expression is empty', at);
      let position = at + 1;
      while (text[position] === 'i' || text[position] === 'm') position += 1;
      return { type: 'regex', value: { source: text.slice(from, at), flags: text.slice(at + 1, position) }, position };
    }
    if (text[at - 1] === '\\') continue;
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
  }
  throw new JsonataError('S0302', 'The regular expression has no closing slash', text.length);
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

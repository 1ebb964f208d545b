import { TulleError } from '../../../event/error.ts';

export interface Token {
  readonly kind: 'keyword' | 'name' | 'integer' | 'string' | 'symbol' | 'end';
  /** Keywords in upper case, names as written, strings without quotes and escapes. */
  readonly text: string;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
}

const keywords = new Set(['AND', 'OR', 'XOR', 'NOT', 'LIKE', 'EXISTS', 'IN', 'TRUE', 'FALSE']);
const word = /[A-Za-z0-9_]+/y;
const symbol = /<>|<=|>=|!=|[=<>()*/%+,-]/y;
const space = /[ \t\r\n]+/y;

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const start = at;
    const quote = text[at];
    if (quote === "'" || quote === '"') {
      const literal = readString(text, at, quote);
      tokens.push({ kind: 'string', text: literal.value, column: start + 1 });
      at = literal.end;
    } else {
      const token = readWord(text, at) ?? readSymbol(text, at);
      tokens.push(token.token);
      at = token.end;
    }
    at = skipSpace(text, at);
  }
  tokens.push({ kind: 'end', text: '', column: text.length + 1 });
  return tokens;
}

/** A ParseError of the specification: the filter is refused, with the column and the way to mend it. */
export function parseError(message: string, column: number, mend: string): TulleError {
  return new TulleError('filter_invalid', message, { place: `expression:${column}`, mend });
}

function skipSpace(text: string, at: number): number {
  space.lastIndex = at;
  return space.test(text) ? space.lastIndex : at;
}

function readWord(text: string, at: number): { token: Token; end: number } | undefined {
  word.lastIndex = at;
  const found = word.exec(text)?.[0];
  if (found === undefined) return undefined;
  const upper = found.toUpperCase();
  const column = at + 1;
  const end = at + found.length;
  if (/^[0-9]+$/.test(found)) return { token: { kind: 'integer', text: found, column }, end };
  if (keywords.has(upper)) return { token: { kind: 'keyword', text: upper, column }, end };
  return { token: { kind: 'name', text: found, column }, end };
}

function readSymbol(text: string, at: number): { token: Token; end: number } {
  symbol.lastIndex = at;
  const found = symbol.exec(text)?.[0];
  if (found === undefined) {
    const character = String.fromCodePoint(text.codePointAt(at)!);
    throw parseError(
      `The character ${JSON.stringify(character)} has no meaning here.`,
      at + 1,
      'Put text into quotes; attribute names have letters and digits only.',
    );
  }
  return { token: { kind: 'symbol', text: found, column: at + 1 }, end: at + found.length };
}

/**
 * A backslash escapes the quote of the literal only; every other backslash stays, because LIKE patterns need it.
 * A doubled quote stands for one, as the reference grammar lexes it.
 */
function readString(text: string, start: number, quote: string): { value: string; end: number } {
  let value = '';
  let at = start + 1;
  while (at < text.length) {
    const character = text[at]!;
    const next = text[at + 1];
    if (character === '\\' && next !== undefined) {
      value += next === quote ? quote : character + next;
      at += 2;
    } else if (character === quote && next === quote) {
      value += quote;
      at += 2;
    } else if (character === quote) {
      return { value, end: at + 1 };
    } else {
      value += character;
      at += 1;
    }
  }
  throw parseError(
    'The string has no closing quote.',
    start + 1,
    `End it with ${quote}, and write ${quote} inside it as \\${quote}.`,
  );
}

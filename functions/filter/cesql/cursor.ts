import { parseError, type Token } from './lexer.ts';

/** Longest expression in UTF-16 units, and deepest nesting of brackets and prefix operators. */
export const cesqlLimits = { length: 8192, nesting: 100 } as const;

/** The reading position in the tokens, and how deep the parser stands. */
export class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get token(): Token {
    return this.#tokens[this.#at]!;
  }

  advance(): void {
    if (this.token.kind !== 'end') this.#at += 1;
  }

  enter(): void {
    this.#nesting += 1;
    if (this.#nesting > cesqlLimits.nesting) {
      throw parseError(
        `The expression is nested deeper than ${cesqlLimits.nesting} levels.`,
        this.token.column,
        'Leave out brackets that change nothing, or split the filter.',
      );
    }
  }

  leave(): void {
    this.#nesting -= 1;
  }

  isKeyword(text: string): boolean {
    return this.token.kind === 'keyword' && this.token.text === text;
  }

  nextIsKeyword(...texts: readonly string[]): boolean {
    const next = this.#tokens[this.#at + 1];
    return next?.kind === 'keyword' && texts.includes(next.text);
  }

  isSymbol(text: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === text;
  }

  expect(text: string, mend: string): void {
    if (!this.isSymbol(text)) throw unexpected(this.token, `"${text}"`, mend);
    this.advance();
  }
}

export function unexpected(token: Token, wanted: string, mend: string) {
  const found = token.kind === 'end' ? 'the end' : JSON.stringify(token.text.slice(0, 40));
  return parseError(`Expected ${wanted}, found ${found}.`, token.column, mend);
}

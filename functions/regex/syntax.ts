import type { CharacterSet } from './character-set.ts';

/** The syntax tree of a regular expression; captures are numbered from 1 as their brackets open. */
export type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly set: CharacterSet }
  /** A class that goes by Unicode properties: a set too large to write down. */
  | { readonly kind: 'test'; readonly accepts: (point: number) => boolean }
  | { readonly kind: 'assertion'; readonly test: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'alternation'; readonly branches: readonly Node[] }
  | { readonly kind: 'capture'; readonly index: number; readonly body: Node }
  | {
      readonly kind: 'repeat';
      readonly body: Node;
      readonly minimum: number;
      /** `Infinity` where there is no bound. */
      readonly maximum: number;
      readonly lazy: boolean;
      /** The captures inside of `body`, `[first, end)`: each iteration starts by forgetting them. */
      readonly captures: readonly [number, number];
    };

export type Assertion = 'start' | 'end' | 'line-start' | 'line-end' | 'word-boundary' | 'no-word-boundary';

export interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  /** Code points instead of UTF-16 units, `\p{…}`, and no web legacy in the syntax. */
  readonly unicode: boolean;
}

/** A refused pattern. `offset` counts UTF-16 units in the pattern. */
export class RegexError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'RegexError';
    this.offset = offset;
  }
}

import type { Token } from './tokens.ts';

/** The tree as it is written: paths are still chains of dots and brackets. */
export type Raw = RawNode & {
  readonly position: number;
  /** `[]` stood behind it. */
  keepArray?: true;
};

type RawNode =
  | Token
  | { readonly type: 'wildcard' | 'descendant' | 'parent' }
  | { readonly type: 'binary'; readonly value: string; readonly lhs: Raw; readonly rhs: Raw }
  | { readonly type: 'negation'; readonly expression: Raw }
  | { readonly type: 'array' | 'block'; readonly expressions: readonly Raw[] }
  | { readonly type: 'object'; readonly pairs: readonly RawPair[] }
  | { readonly type: 'group'; readonly lhs: Raw; readonly pairs: readonly RawPair[] }
  | { readonly type: 'filter'; readonly lhs: Raw; readonly rhs: Raw }
  | { readonly type: 'sort'; readonly lhs: Raw; readonly terms: readonly RawTerm[] }
  | { readonly type: 'focus'; readonly lhs: Raw; readonly name: string }
  | { readonly type: 'index'; readonly lhs: Raw; readonly name: string }
  | { readonly type: 'bind'; readonly name: Raw; readonly rhs: Raw }
  | { readonly type: 'call' | 'partial'; readonly procedure: Raw; readonly arguments: readonly Raw[] }
  | {
      readonly type: 'lambda';
      readonly parameters: readonly string[];
      readonly signature: string | undefined;
      readonly body: Raw;
    }
  | { readonly type: 'condition'; readonly condition: Raw; readonly whenTrue: Raw; readonly whenFalse: Raw | undefined }
  | { readonly type: 'default' | 'coalesce'; readonly lhs: Raw; readonly rhs: Raw }
  | { readonly type: 'transform'; readonly pattern: Raw; readonly update: Raw; readonly delete: Raw | undefined };

export type RawPair = readonly [key: Raw, value: Raw];

export interface RawTerm {
  readonly descending: boolean;
  readonly expression: Raw;
}

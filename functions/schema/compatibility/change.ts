import type { Library, Located } from '../resource.ts';

/** Why a value that fits the one schema may not fit the other. */
export interface Change {
  /** Where in the schemas, as a JSON Pointer. */
  readonly place: string;
  readonly detail: string;
  /** It may still be right: the rules are not fine enough to tell. */
  readonly undecided?: true;
}

/** One comparison of two documents: whether whatever fits `narrow` fits `wide`. */
export interface Comparison {
  readonly narrow: Library;
  readonly wide: Library;
  /** The first reason against it; `undefined` when the values of `narrow` are all values of `wide`. */
  readonly within: (narrow: readonly Located[], wide: Located, place: string) => Change | undefined;
  /** Whether a value fits a schema of one document. */
  readonly fits: (library: Library, located: Located, value: unknown) => boolean;
}

export function undecided(place: string, detail: string): Change {
  return { place, detail, undecided: true };
}

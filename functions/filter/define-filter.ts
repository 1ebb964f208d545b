import type { Condition } from './condition.ts';

/** One filter language: what plugs into the rule index, the admin's validation and the reference docs. */
export interface FilterLanguage<Expression = unknown> {
  /** The key of a `Filter` that selects this language. */
  readonly language: string;
  /** JSON Schema of the expression; unknown keys fail. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** One line for the docs. */
  readonly description: string;
  /**
   * Checks an expression and turns it into a condition. Throws `TulleError` `filter_invalid` with the place in the
   * expression (a JSON Pointer, or `expression:column`) and how to mend it.
   */
  compile(expression: Expression): Condition;
}

/** Defines a filter language; one file, one call. */
export function defineFilter<Expression>(definition: FilterLanguage<Expression>): FilterLanguage<Expression> {
  return definition;
}

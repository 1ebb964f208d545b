/**
 * What every filter language compiles to: a small tree. `fields` is the part that the index understands and finds
 * without looking at each rule; `predicate` is for what a language says beyond it.
 */
export type Condition = AllCondition | AnyCondition | NotCondition | FieldsCondition | PredicateCondition;

/** Every part holds. Of nothing: true. */
export interface AllCondition {
  readonly kind: 'all';
  readonly of: readonly Condition[];
}

/** At least one part holds. Of nothing: false. */
export interface AnyCondition {
  readonly kind: 'any';
  readonly of: readonly Condition[];
}

export interface NotCondition {
  readonly kind: 'not';
  readonly of: Condition;
}

/**
 * Every field passes, and the values that make them pass agree about arrays: two fields may not be taken from
 * different elements of the same array. Paths are distinct and are judged in the order of their UTF-16 units, which
 * matters for `absent` alone: it is asked of the elements that the fields before it have settled on.
 */
export interface FieldsCondition {
  readonly kind: 'fields';
  readonly fields: readonly FieldTest[];
}

/** At least one value of the field passes at least one test. */
export interface FieldTest {
  /** Member names joined by dots, array steps left out: `data.items.sku`. A name with a dot equals the nested form. */
  readonly path: string;
  readonly any: readonly ValueTest[];
}

/**
 * A test of one scalar. The string tests take JSON strings only, the number tests JSON numbers only.
 * Numbers compare as doubles where their decimal text is exactly what the shortest form of the double says, and by
 * their text otherwise (`9007199254740993`, `1e400`).
 */
export type ValueTest =
  | { readonly op: 'equals'; readonly value: string | boolean | null }
  /** A number literal, as its text. */
  | { readonly op: 'number'; readonly text: string }
  | { readonly op: StringOperator; readonly value: string }
  | NumberRange
  | AddressRange
  /** A value that passes none of the tests; any scalar will do, a missing one will not. */
  | { readonly op: 'anything-but'; readonly of: readonly AnythingButTest[] }
  | { readonly op: 'exists' }
  /** The field has no scalar at all: it is missing, or an empty array or object. */
  | { readonly op: 'absent' };

/**
 * Ignoring case follows the pattern: a value's UTF-16 unit may be the lower or the upper case of the pattern's.
 * A `wildcard` has `*` for any run of characters, and `\*` and `\\` for themselves.
 */
export type StringOperator =
  | 'prefix'
  | 'suffix'
  | 'wildcard'
  | 'equals-ignore-case'
  | 'prefix-ignore-case'
  | 'suffix-ignore-case';

export type AnythingButTest =
  | { readonly op: 'equals'; readonly value: string | boolean | null }
  | { readonly op: 'number'; readonly text: string }
  | { readonly op: StringOperator; readonly value: string };

export interface NumberRange {
  readonly op: 'range';
  /** `-Infinity` and `Infinity` where there is no bound. */
  readonly from: number;
  readonly fromIncluded: boolean;
  readonly to: number;
  readonly toIncluded: boolean;
}

/** Strings that are IP addresses in a range; both ends included, both of one family, as lower-case hex digits (8 or 32). */
export interface AddressRange {
  readonly op: 'address';
  readonly from: string;
  readonly to: string;
}

/** A test that the index cannot take apart. It is run after the event was scanned, only where nothing else decided. */
export interface PredicateCondition {
  readonly kind: 'predicate';
  /**
   * The paths that `test` reads with `event.get`. They join the scan, so that reading one costs no second pass.
   * Leave it out for a test that needs `event.value()`: the whole event is then parsed once for all who ask.
   */
  readonly fields?: readonly string[];
  /** Must not throw and must not keep `event`. */
  test(event: EventView): boolean;
  /** What `explain` shows of this test; `operator` and `expected` at least make a line of its own. */
  explain(event: EventView): readonly PredicateExplanation[];
}

/** How a predicate reads the event: lazily, and at most once a field. */
export interface EventView {
  /**
   * The value at a path named in `fields`, decoded; `undefined` when it is missing. Where arrays or repeated keys
   * give the path several values, the first. Objects and arrays are parsed.
   */
  get(path: string): unknown;
  /** The whole event, parsed. */
  value(): unknown;
}

export interface PredicateExplanation {
  readonly path: string;
  readonly operator: string;
  readonly expected: unknown;
  /** What was there; `undefined` for a missing field. */
  readonly actual: unknown;
  readonly matched: boolean;
  /** A sentence, where the operator and the values do not say enough. */
  readonly note?: string;
}

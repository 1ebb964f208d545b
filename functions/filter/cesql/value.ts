/** CESQL has three types: a String of Unicode characters, a 32-bit Integer and a Boolean (spec §3.1). */
export type Value = string | number | boolean;
export type Type = 'string' | 'integer' | 'boolean';

/** The errors that an evaluation can meet (spec §3.3); a ParseError is thrown by `compileCesql` instead. */
export interface CesqlError {
  readonly kind: 'math' | 'cast' | 'missingAttribute' | 'missingFunction' | 'functionEvaluation' | 'generic';
  readonly message: string;
}

/** What one evaluation carries along: its input, its first error and the text that it may still work through. */
export interface Evaluation {
  readonly attributes: Readonly<Record<string, unknown>>;
  error: CesqlError | undefined;
  charactersLeft: number;
}

export const zeroValue = { string: '', integer: 0, boolean: false } as const;

export const minimumInteger = -2_147_483_648;
export const maximumInteger = 2_147_483_647;

export function typeOf(value: Value): Type {
  return typeof value === 'string' ? 'string' : typeof value === 'number' ? 'integer' : 'boolean';
}

/** Evaluation stops at the first error (spec §4.1, fail fast): every operator above answers its own zero value. */
export function fail<T extends Value>(evaluation: Evaluation, kind: CesqlError['kind'], message: string, value: T): T {
  evaluation.error ??= { kind, message };
  return value;
}

/** Casts as in spec §3.7; what cannot be cast records a cast error and answers the zero value. */
export const castTo = { string: toText, integer: toInteger, boolean: toBoolean } as const;

export function toText(value: Value): string {
  return typeof value === 'string' ? value : String(value);
}

export function toInteger(value: Value, evaluation: Evaluation): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  // Leading zeros are allowed, so the length alone says nothing; Number() is exact far beyond 32 bits.
  const number = /^[+-]?[0-9]{1,64}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= minimumInteger && number <= maximumInteger) return number + 0;
  return fail(evaluation, 'cast', 'A string that is not a 32-bit integer was used as an Integer.', 0);
}

export function toBoolean(value: Value, evaluation: Evaluation): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (value.length <= 5) {
    const lower = value.toLowerCase();
    if (lower === 'true') return true;
    if (lower === 'false') return false;
  }
  return fail(evaluation, 'cast', 'A string other than "true" and "false" was used as a Boolean.', false);
}

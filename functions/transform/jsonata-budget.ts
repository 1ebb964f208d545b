import { TulleError } from '../../event/error.ts';

/** What one evaluation may still use. Its methods throw TulleError `fuel_exhausted`. */
export interface Budget {
  step(): void;
  /** Checks what a step of evaluation gave; `measured`: something is about to go through all of it. */
  result(value: unknown, measured: boolean): void;
  /** Pays for going through values whole, before that is done. */
  pay(values: readonly unknown[]): void;
  /** Pays for work by its count of comparisons, copies or characters. */
  work(count: number): void;
  /** Refuses a text that would become longer than the limit, before it is made. */
  text(length: number): void;
  /** From now on these objects may change, so that their size is not remembered. */
  changes(value: unknown): void;
}

export const textLimit = 1_048_576;
const arrayLimit = 10_000;
// The size of a value is its count of values and characters, with what is in it twice counted twice.
const sizeLimit = 2_097_152;
// A step costs about as much as going through this many characters.
const sizePerStep = 128;
// An array is made anew by most of what touches it, at 8 bytes a value and more.
const valuesPerStep = 16;

export function newBudget(fuel: number): Budget {
  let left = fuel;
  const sizes = new WeakMap<object, number>();
  const changing = new WeakSet<object>();

  function spend(amount: number): void {
    left -= amount;
    if (left < 0) throw exhausted('needs more steps than it may use');
  }

  /** Remembered for each object, so that a value is gone through once, however often it is built into others. */
  function sizeOf(value: unknown): number {
    if (typeof value === 'string') return 1 + value.length;
    if (typeof value !== 'object' || value === null || '_jsonata_lambda' in value) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    let size = 1;
    if (Array.isArray(value)) for (const item of value) size = checked(size + sizeOf(item));
    else for (const key of Object.keys(value)) size = checked(size + key.length + sizeOf(member(value, key)));
    if (!changing.has(value)) sizes.set(value, size);
    return size;
  }

  return {
    step: () => spend(1),
    result(value, measured) {
      if (typeof value === 'string') {
        if (value.length > textLimit) throw exhausted(`makes a text of more than ${textLimit} characters`);
        if (measured) spend(value.length / sizePerStep);
      } else if (typeof value === 'object' && value !== null) {
        if (Array.isArray(value)) {
          if (value.length > arrayLimit) throw exhausted(`makes an array of more than ${arrayLimit} values`);
          spend(value.length / valuesPerStep);
        }
        if (measured) spend(sizeOf(value) / sizePerStep);
      }
    },
    pay(values) {
      for (const value of values) spend(sizeOf(value) / sizePerStep);
    },
    work: (count) => spend(count / sizePerStep),
    text(length) {
      if (length > textLimit) throw exhausted(`makes a text of more than ${textLimit} characters`);
      spend(length / sizePerStep);
    },
    changes(value) {
      const open = [value];
      for (let one = open.pop(); one !== undefined; one = open.pop()) {
        if (typeof one !== 'object' || one === null) continue;
        changing.add(one);
        for (const item of Object.values(one)) open.push(item ?? null);
      }
    },
  };
}

function member(value: object, key: string): unknown {
  return (value as Record<string, unknown>)[key];
}

function checked(size: number): number {
  if (size > sizeLimit) throw exhausted(`makes a value of more than ${sizeLimit} characters`);
  return size;
}

function exhausted(what: string): TulleError {
  return new TulleError('fuel_exhausted', `The expression ${what}`, {
    mend: 'Make the expression do less, or spread it over several events.',
  });
}

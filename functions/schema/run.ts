import type { Evaluated } from './evaluated.ts';

/**
 * Checks one value. Answers whether it fits; where `run.faults` is there, every fault is noted on the way, otherwise
 * the first one ends the check.
 */
export type Check = (value: unknown, run: Run) => boolean;

/** The state of one validation. */
export interface Run {
  /** Absent on the first pass, which only has to tell yes from no. */
  faults: RawFault[] | undefined;
  /** Where in the value the check is; kept only while faults are noted. */
  readonly path: (string | number)[];
  /** What of the present object or array was looked at; kept only where an `unevaluated…` keyword asks for it. */
  evaluated: Evaluated | undefined;
  /** The schema resources that were entered on the way here, outermost first; kept only for `$dynamicRef`. */
  scope: object[] | undefined;
  /** Steps that are left. */
  fuel: number;
  /** References inside of references. */
  depth: number;
}

/** A fault before it is put into words. */
export interface RawFault {
  readonly site: Site;
  readonly path: readonly (string | number)[];
  /** The member that is missing or not known. */
  readonly member?: string;
}

/** One keyword of one schema. */
export interface Site {
  readonly keyword: string;
  readonly argument: unknown;
  /** The schema that holds the keyword; a `false` schema's is the one around it. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** Thrown, and caught by `validate`: no value may cost more than its share. */
export class OutOfFuel extends Error {}

export const fuelPerValidation = 1_000_000;
export const deepestReference = 400;
export const mostFaults = 50;

const noPath: (string | number)[] = [];

export function newRun(faults: RawFault[] | undefined): Run {
  const path = faults === undefined ? noPath : [];
  return { faults, path, evaluated: undefined, scope: undefined, fuel: fuelPerValidation, depth: 0 };
}

export function spend(run: Run, steps: number): void {
  run.fuel -= steps;
  if (run.fuel < 0) throw new OutOfFuel();
}

/** Notes a fault at the present place. Always answers `false`. */
export function fail(run: Run, site: Site, member?: string): false {
  const { faults } = run;
  if (faults !== undefined && faults.length < mostFaults) {
    faults.push({ site, path: run.path.slice(), ...(member === undefined ? {} : { member }) });
  }
  return false;
}

/** Checks a member or an item. */
export function checkInside(check: Check, value: unknown, segment: string | number, run: Run): boolean {
  const { evaluated, faults } = run;
  if (faults === undefined && evaluated === undefined) return check(value, run);
  run.evaluated = undefined;
  // Alternatives are tried without faults, also inside of a pass that notes them.
  if (faults !== undefined) run.path.push(segment);
  const fits = check(value, run);
  if (faults !== undefined) run.path.pop();
  run.evaluated = evaluated;
  return fits;
}

/** Whether a value fits, without a word about why not: for alternatives. */
export function test(check: Check | undefined, value: unknown, run: Run): boolean {
  if (check === undefined) return true;
  const { faults } = run;
  if (faults === undefined) return check(value, run);
  run.faults = undefined;
  const fits = check(value, run);
  run.faults = faults;
  return fits;
}

/** All checks on one value: up to the first that fails, or all of them while faults are noted. */
export function every(checks: readonly Check[]): Check | undefined {
  const [first, second, third] = checks;
  if (first === undefined) return undefined;
  if (second === undefined) return first;
  if (third === undefined) {
    return (value, run) => {
      if (first(value, run)) return second(value, run);
      if (run.faults !== undefined) second(value, run);
      return false;
    };
  }
  return (value, run) => {
    let fits = true;
    for (let index = 0; index < checks.length; index += 1) {
      if (checks[index]!(value, run)) continue;
      if (run.faults === undefined) return false;
      fits = false;
    }
    return fits;
  };
}

/** The quick pass. What takes more steps than it may does not fit. */
export function isFitting(check: Check | undefined, value: unknown): boolean {
  try {
    return check === undefined || check(value, newRun(undefined));
  } catch (error) {
    if (isOutOfBounds(error)) return false;
    throw error;
  }
}

/** Of fuel, or of the stack: a value may be nested deeper than there is room for. */
export function isOutOfBounds(error: unknown): boolean {
  return error instanceof OutOfFuel || error instanceof RangeError;
}

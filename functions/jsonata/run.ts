import { FuelExhausted, JsonataError } from './error.ts';

/** What one evaluation may use. There is no clock among it: on Workers it stands still while code runs. */
export interface Limits {
  /** Steps: about one a node that is evaluated, a value that is moved, and 16 characters that are read or made. */
  readonly fuel: number;
  /** Nested expressions, among them those of functions that call each other; tail calls take no depth. */
  readonly depth: number;
  /** Values in one sequence or array. */
  readonly sequence: number;
  /** UTF-16 units of one string. */
  readonly text: number;
}

/** A million steps take some 50 ms; 500 levels take a quarter of the smallest stack that was measured. */
export const defaultLimits: Limits = { fuel: 1_000_000, depth: 500, sequence: 100_000, text: 1_048_576 };

/** What an evaluation is given from outside. */
export interface Surroundings {
  /** Milliseconds since 1970, the same for the whole evaluation. */
  readonly now: number;
  /** Numbers from 0 to below 1. */
  readonly random: () => number;
  /** Variables by name without `$`. */
  readonly bindings?: Readonly<Record<string, unknown>>;
}

/** One evaluation under way: what it has left, and what it was given. */
export class Run {
  readonly limits: Limits;
  readonly #surroundings: Surroundings;
  readonly #functions: ReadonlyMap<string, unknown>;
  readonly #input: unknown;
  readonly #given: number;
  #fuel: number;
  #depth = 0;

  constructor(
    limits: Limits,
    fuel: number,
    input: unknown,
    functions: ReadonlyMap<string, unknown>,
    surroundings: Surroundings,
  ) {
    this.limits = limits;
    this.#given = fuel;
    this.#fuel = fuel;
    this.#input = input;
    this.#functions = functions;
    this.#surroundings = surroundings;
  }

  get now(): number {
    return this.#surroundings.now;
  }

  /** Steps that were taken; what was asked for beyond the fuel was not. */
  get spent(): number {
    return this.#given - Math.max(0, this.#fuel);
  }

  random(): number {
    return this.#surroundings.random();
  }

  /** What every expression can name: the variables it was given, as `$$` the whole input, and the functions. */
  given(name: string): unknown {
    const { bindings } = this.#surroundings;
    if (bindings !== undefined && Object.hasOwn(bindings, name)) return bindings[name];
    return name === '$' ? this.#input : this.#functions.get(name);
  }

  /** Before a node is evaluated, for itself and what it costs besides; `leave` follows unless it fails. */
  enter(steps = 1): void {
    this.#depth += 1;
    if (this.#depth >= this.limits.depth) {
      throw new FuelExhausted(`The expression is nested, or calls itself, deeper than ${this.limits.depth} levels.`);
    }
    this.spend(steps);
  }

  leave(): void {
    this.#depth -= 1;
  }

  spend(steps: number): void {
    this.#fuel -= steps;
    if (this.#fuel < 0) throw new FuelExhausted('The expression takes more steps than it may.');
  }

  /** Pays for reading or making a text, and bounds its length. */
  text(text: string): string {
    this.textOf(text.length);
    return text;
  }

  /** The same before the text is made. */
  textOf(length: number): void {
    if (length > this.limits.text) {
      throw new FuelExhausted(`The expression makes a text of more than ${this.limits.text} characters.`);
    }
    this.spend(1 + (length >> 4));
  }

  /** Pays for an array of this length before it is made. */
  values(length: number): void {
    if (length > this.limits.sequence) {
      throw new JsonataError('D2015', `A sequence has more than ${this.limits.sequence} values`);
    }
    this.spend(length);
  }
}

import type { Run } from './run.ts';
import type { Tuple } from './sequence.ts';

/** The variables of a block, of a call or of a tuple, and those around it. */
export class Frame {
  readonly run: Run;
  readonly #parent: Frame | undefined;
  readonly #outermost: ReadonlyMap<string, unknown> | undefined;
  #variables: Map<string, unknown> | undefined;

  private constructor(run: Run, parent: Frame | undefined, outermost: ReadonlyMap<string, unknown> | undefined) {
    this.run = run;
    this.#parent = parent;
    this.#outermost = outermost;
  }

  /** The frame of an evaluation; `functions` are what every expression can call. */
  static outermost(run: Run, functions: ReadonlyMap<string, unknown>): Frame {
    return new Frame(run, undefined, functions);
  }

  inner(): Frame {
    return new Frame(this.run, this, undefined);
  }

  /** With the variables of a tuple. */
  withTuple(tuple: Tuple): Frame {
    const frame = this.inner();
    for (const name of Object.keys(tuple)) frame.bind(name, tuple[name]);
    return frame;
  }

  bind(name: string, value: unknown): void {
    this.#variables ??= new Map();
    this.#variables.set(name, value);
  }

  lookup(name: string): unknown {
    const value = this.#variables?.get(name);
    if (value !== undefined || this.#variables?.has(name) === true) return value;
    return this.#parent === undefined ? this.#outermost?.get(name) : this.#parent.lookup(name);
  }
}

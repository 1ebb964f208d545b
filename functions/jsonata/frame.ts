import type { Run } from './run.ts';
import type { Tuple } from './sequence.ts';

/** What every expression can name: the functions, and as `$$` the whole input. */
export interface Outermost {
  readonly functions: ReadonlyMap<string, unknown>;
  readonly input: unknown;
}

/** The variables of a block, of a call or of a tuple, and those around it. */
export class Frame {
  readonly run: Run;
  readonly #parent: Frame | undefined;
  readonly #outermost: Outermost | undefined;
  #variables: Map<string, unknown> | undefined;

  private constructor(run: Run, parent: Frame | undefined, outermost: Outermost | undefined) {
    this.run = run;
    this.#parent = parent;
    this.#outermost = outermost;
  }

  /** The frame of an evaluation. */
  static outermost(run: Run, outermost: Outermost): Frame {
    return new Frame(run, undefined, outermost);
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
    if (this.#parent !== undefined) return this.#parent.lookup(name);
    return name === '$' ? this.#outermost?.input : this.#outermost?.functions.get(name);
  }
}

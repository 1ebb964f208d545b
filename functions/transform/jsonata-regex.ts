import type { Regex } from '../regex/regex.ts';
import type { Budget } from './jsonata-budget.ts';

/** As much of the platform's RegExp as the library uses. */
export type RegExpLike = new (literal: RegExp) => {
  lastIndex: number;
  exec(text: string): readonly (string | undefined)[] | null;
};

/** What stands for RegExp in one evaluation: the compiled literals, whose every step is paid from its budget. */
export function boundRegExp(compiled: ReadonlyMap<RegExp, Regex>, budget: Budget): RegExpLike {
  const spend = (steps: number): void => budget.work(steps);
  return class {
    lastIndex = 0;
    readonly #regex: Regex | undefined;

    constructor(literal: RegExp) {
      this.#regex = compiled.get(literal);
    }

    exec(text: string) {
      budget.step();
      const match = this.#regex?.exec(text, this.lastIndex, spend);
      if (match === undefined) return null;
      this.lastIndex = match.end;
      return Object.assign([match.text, ...match.groups], { index: match.start });
    }
  };
}

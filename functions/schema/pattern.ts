import { compileRegex, RegexError } from '../regex/regex.ts';
import { type Run, spend } from './run.ts';

export interface Pattern {
  /** Whether the text matches anywhere. Takes time linear in its length. */
  test(text: string, run: Run): boolean;
}

/**
 * ECMA-262 with the `u` flag, on an engine that never backtracks.
 * @throws what `refuse` makes, with what is not supported
 */
export function compilePattern(source: unknown, refuse: (message: string, mend: string) => Error): Pattern {
  if (typeof source !== 'string') throw refuse('A pattern is a string.', 'Write a regular expression.');
  if (source.length > longestPattern)
    throw refuse('The pattern is too long.', `Keep it to ${longestPattern} characters.`);
  try {
    const regex = compileRegex(source, 'u');
    // One listener for all tests: they run one after the other.
    let running: Run;
    const listen = (steps: number): void => spend(running, steps >> 4);
    return {
      test(text, run) {
        running = run;
        return regex.test(text, listen);
      },
    };
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw refuse(error.message, 'Use a regular expression of ECMA-262 with the u flag, without look-around.');
  }
}

const longestPattern = 2000;

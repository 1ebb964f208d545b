import { compileRegex, type Regex, RegexError } from '../regex/regex.ts';
import { type Run, spend } from './run.ts';

export interface Pattern {
  /** Whether the text matches anywhere. Takes time linear in its length. */
  test(text: string, run: Run): boolean;
}

/** The patterns of one schema: ECMA-262 with the `u` flag, on an engine that never backtracks. */
export interface Patterns {
  /** @throws what `refuse` makes, with what is not supported */
  compile(source: unknown, refuse: (message: string, mend: string) => Error): Pattern;
}

export function createPatterns(): Patterns {
  const known = new Map<string, Pattern>();
  let instructions = 0;
  return {
    compile(source, refuse) {
      if (typeof source !== 'string') throw refuse('A pattern is a string.', 'Write a regular expression.');
      let pattern = known.get(source);
      if (pattern !== undefined) return pattern;
      const regex = readRegex(source, refuse);
      instructions += regex.size;
      if (known.size >= mostPatterns || instructions > mostInstructions) {
        throw refuse(
          'The schema has more or larger patterns than it may have.',
          `Keep to ${mostPatterns} different ones, and repetitions such as {1,1000} to few; maxLength costs nothing.`,
        );
      }
      pattern = toPattern(regex);
      known.set(source, pattern);
      return pattern;
    },
  };
}

const longestPattern = 2000;
/** Each keeps up to 100 KB once it has run. */
const mostPatterns = 200;
/** Some hundred bytes each. */
const mostInstructions = 20_000;

function readRegex(source: string, refuse: (message: string, mend: string) => Error): Regex {
  if (source.length > longestPattern)
    throw refuse('The pattern is too long.', `Keep it to ${longestPattern} characters.`);
  try {
    return compileRegex(source, 'u');
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw refuse(error.message, 'Use a regular expression of ECMA-262 with the u flag, without look-around.');
  }
}

function toPattern(regex: Regex): Pattern {
  // One listener for all tests: they run one after the other.
  let running: Run;
  const listen = (steps: number): void => spend(running, steps >> 4);
  return {
    test(text, run) {
      running = run;
      return regex.test(text, listen);
    },
  };
}

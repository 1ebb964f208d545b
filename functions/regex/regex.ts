import { createTest } from './automaton.ts';
import { createSearch } from './machine.ts';
import { parseRegex } from './parser.ts';
import { compileProgram } from './program.ts';
import { RegexError, type Flags } from './syntax.ts';

export { RegexError };

/** A regular expression that takes linear time: length of the text × size of the expression, whatever the text. */
export interface Regex {
  readonly source: string;
  readonly flags: string;
  /** Instructions of its matcher, some hundred bytes each. */
  readonly size: number;
  /** Group names to their numbers. */
  readonly names: ReadonlyMap<string, number>;
  /** The first match at or after `from`. `spend` hears of the steps as they are taken, and may throw to end the search. */
  exec(text: string, from?: number, spend?: (steps: number) => void): RegexMatch | undefined;
  /** Whether there is a match anywhere: faster than `exec`. */
  test(text: string, spend?: (steps: number) => void): boolean;
}

export interface RegexMatch {
  /** `[start, end)` in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** What the groups matched, from group 1 on; `undefined` where a group took no part. */
  readonly groups: readonly (string | undefined)[];
}

/**
 * Compiles ECMAScript's regular expressions for a matcher that never backtracks, and that finds the same matches as the
 * built-in one. Flags: `i`, `m`, `s`, and `u` without `i`; `g` is accepted and changes nothing.
 *
 * Refused with a `RegexError`: references to earlier groups, look-ahead and look-behind (no linear-time matcher can have
 * them), inline modifiers, and expressions that are too large when their repetitions are written out.
 */
export function compileRegex(source: string, flags = ''): Regex {
  const read = readFlags(flags);
  const parsed = parseRegex(source, read);
  const program = compileProgram(parsed.node, parsed.captures);
  const search = createSearch(program, read.unicode);
  const test = createTest(program, read.unicode);
  return {
    source,
    flags,
    size: program.instructions.length,
    names: parsed.names,
    exec(text, from = 0, spend = ignore) {
      const slots = search(text, from, spend);
      if (slots === undefined) return undefined;
      const groups: (string | undefined)[] = [];
      for (let slot = 2; slot < slots.length; slot += 2) {
        const end = slots[slot + 1]!;
        groups.push(end === -1 ? undefined : text.slice(slots[slot], end));
      }
      return { start: slots[0]!, end: slots[1]!, text: text.slice(slots[0], slots[1]), groups };
    },
    test: (text, spend = ignore) => test?.(text, spend) ?? search(text, 0, spend) !== undefined,
  };
}

function ignore(): void {}

function readFlags(flags: string): Flags {
  const unknown = /[^gimsu]/.exec(flags);
  if (unknown !== null) throw new RegexError(`The flag ${unknown[0]} is not supported; there are i, m, s, u and g.`, 0);
  const [ignoreCase, unicode] = [flags.includes('i'), flags.includes('u')];
  if (ignoreCase && unicode) throw new RegexError('The flags i and u are not supported together.', 0);
  return { ignoreCase, multiline: flags.includes('m'), dotAll: flags.includes('s'), unicode };
}

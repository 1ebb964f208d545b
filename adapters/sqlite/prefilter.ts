/** Which rows can hold the JSON texts of some strings, for SQLite to pass over the others without our reading them. */
export interface Prefilter {
  /** A condition on `body`. */
  readonly condition: string;
  readonly values: readonly string[];
}

/**
 * Never passes over a row that holds all of them, however they are escaped: looks for the longest run of characters that
 * JSON writes as they are or as `\uXXXX`, and takes every row that has such an escape. `instr` knows no patterns.
 */
export function toPrefilter(strings: readonly (string | undefined)[]): Prefilter {
  const runs = strings.flatMap((text) => (text === undefined ? [] : longestRun(text)));
  if (runs.length === 0) return { condition: 'TRUE', values: [] };
  const all = runs.map(() => 'instr(body, ?) > 0').join(' AND ');
  return { condition: `(${all}) OR instr(body, '\\u') > 0`, values: runs };
}

/** A longer one finds nothing sooner. */
const runLength = 256;

/** Without what may be written in another way: quotes, slashes, control characters, halves of surrogate pairs. */
function longestRun(text: string): string[] {
  let longest = '';
  for (const run of text.slice(0, 4_096).split(/["\\/\p{Cc}\p{Cs}]+/u)) if (run.length > longest.length) longest = run;
  return longest === '' ? [] : [Array.from(longest).slice(0, runLength).join('')];
}

import { TulleError } from '../../../event/error.ts';

/** A wildcard pattern taken apart: the literals between its stars. `a*b` is `['a', 'b']`, `*` is `['', '']`. */
export type WildcardParts = readonly string[];

/** Ten is where EventBridge refuses, too. */
export const maxWildcardComplexity = 10;

/** Reads a wildcard pattern. Throws `filter_invalid` for `**`, for an unknown escape and for one that is too complex. */
export function parseWildcard(pattern: string, place: string): WildcardParts {
  const parts: string[] = [];
  let literal = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === '*') {
      if (pattern.charAt(i + 1) === '*') {
        refuse(
          place,
          `The wildcard has two stars in a row, at character ${i + 1}`,
          'Write one star: it stands for any run of characters.',
        );
      }
      parts.push(literal);
      literal = '';
    } else if (char === '\\') {
      const escaped = pattern.charAt(++i);
      if (escaped !== '*' && escaped !== '\\') {
        refuse(
          place,
          `The wildcard has an unknown escape at character ${i}`,
          'Write \\* for a star and \\\\ for a backslash (in JSON text: "\\\\*" and "\\\\\\\\").',
        );
      }
      literal += escaped;
    } else {
      literal += char;
    }
  }
  parts.push(literal);
  if (wildcardComplexity(parts) >= maxWildcardComplexity) {
    refuse(
      place,
      `The wildcard is too complex: a value could be at ${maxWildcardComplexity} places of it at once`,
      'Use fewer stars, and avoid literals between them that repeat or overlap.',
    );
  }
  return parts;
}

/** The parts of a pattern that `parseWildcard` has accepted. */
export function splitWildcard(pattern: string): WildcardParts {
  const parts = [''];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === '*') parts.push('');
    else parts[parts.length - 1] += char === '\\' ? pattern.charAt(++i) : char;
  }
  return parts;
}

export function matchesWildcard(value: string, parts: WildcardParts): boolean {
  const first = parts[0] ?? '';
  if (parts.length === 1) return value === first;
  const last = parts.at(-1) ?? '';
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
  let at = first.length;
  const end = value.length - last.length;
  // Taking each literal where it first occurs leaves the most for the rest.
  for (let i = 1; i < parts.length - 1; i++) {
    const part = parts[i] ?? '';
    at = value.indexOf(part, at);
    if (at < 0) return false;
    at += part.length;
    if (at > end) return false;
  }
  return at <= end;
}

/** The largest number of places in the pattern that one value can have reached at the same time. */
export function wildcardComplexity(parts: WildcardParts): number {
  if (parts.length > maxWildcardComplexity) return maxWildcardComplexity;
  const steps = parts.join('*').length;
  if (parts.length === 1 || steps === 0) return 1;
  const { next, start, units } = places(parts);
  let most = 1;
  const seen = new Set<string>([String(start)]);
  const open = [start];
  for (let reached = open.pop(); reached !== undefined; reached = open.pop()) {
    for (const unit of units) {
      const following = next(reached, unit);
      const key = String(following);
      if (following.length === 0 || seen.has(key)) continue;
      most = Math.max(most, following.length);
      if (most >= maxWildcardComplexity || seen.size >= maxReachedSets) return maxWildcardComplexity;
      seen.add(key);
      open.push(following);
    }
  }
  return most;
}

/** A bound on the work of measuring: a pattern with more sets of places than this counts as too complex. */
const maxReachedSets = 4096;

/** The pattern as a line of places: a star stays where it is, a literal's unit goes one on. */
function places(parts: WildcardParts) {
  const line: (string | undefined)[] = [];
  for (const [i, part] of parts.entries()) {
    if (i > 0) line.push(undefined);
    line.push(...part.split(''));
  }
  const units = new Set(line.filter((unit) => unit !== undefined));

  function next(reached: readonly number[], unit: string): number[] {
    const following = new Set<number>();
    for (const place of reached) {
      const wanted = line[place];
      if (wanted === undefined && place < line.length) enter(place, following);
      else if (wanted === unit) enter(place + 1, following);
    }
    return [...following].sort((a, b) => a - b);
  }

  /** At a star one is also behind it already, since it may stand for nothing. */
  function enter(place: number, into: Set<number>): void {
    into.add(place);
    if (place < line.length && line[place] === undefined) into.add(place + 1);
  }

  const first = new Set<number>();
  enter(0, first);
  return { next, start: [...first], units };
}

function refuse(place: string, message: string, mend: string): never {
  throw new TulleError('filter_invalid', message, { place, mend });
}

/** A pattern element: a character, or `null` for `_`, which stands for any one character. */
type Element = string | null;

/**
 * Compiles a LIKE pattern: `%` is any run of characters, `_` any one, `\%` and `\_` are literal, all else is itself.
 * Between two `%` the leftmost place is always good enough, so nothing is ever tried twice: the time is linear in the
 * text for a given pattern. A character is a Unicode code point.
 */
export function compileLike(pattern: string): (text: string) => boolean {
  const segments = splitPattern(pattern);
  const first = segments[0]!;
  const last = segments.at(-1)!;
  if (segments.every((segment) => !segment.includes(null))) {
    return literalMatcher(segments.map((segment) => segment.join('')));
  }
  if (segments.length === 1) {
    return (text) => {
      const characters = Array.from(text);
      return characters.length === first.length && matchesAt(characters, first, 0);
    };
  }
  const shortest = segments.reduce((sum, segment) => sum + segment.length, 0);
  const middle = segments.slice(1, -1);
  return (text) => {
    const characters = Array.from(text);
    const end = characters.length - last.length;
    if (characters.length < shortest || !matchesAt(characters, first, 0) || !matchesAt(characters, last, end))
      return false;
    let at = first.length;
    for (const segment of middle) {
      while (at + segment.length <= end && !matchesAt(characters, segment, at)) at += 1;
      if (at + segment.length > end) return false;
      at += segment.length;
    }
    return true;
  };
}

/** The fixed text that a pattern starts and ends with; `whole` when `start` is all of it. */
export function literalEnds(pattern: string): { whole: boolean; start: string; end: string } {
  const segments = splitPattern(pattern);
  const [first = []] = segments;
  const last = segments.at(-1)!;
  const whole = segments.length === 1 && !first.includes(null);
  const cut = first.indexOf(null);
  const start = (cut === -1 ? first : first.slice(0, cut)).join('');
  return { whole, start, end: last.slice(last.lastIndexOf(null) + 1).join('') };
}

/** Without `_` the native string search does it, several times faster. */
function literalMatcher(segments: readonly string[]): (text: string) => boolean {
  const first = segments[0]!;
  if (segments.length === 1) return (text) => text === first;
  const last = segments.at(-1)!;
  const middle = segments.slice(1, -1).filter((segment) => segment !== '');
  const ends = first.length + last.length;
  return (text) => {
    if (text.length < ends || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const segment of middle) {
      const found = text.indexOf(segment, at);
      if (found === -1) return false;
      at = found + segment.length;
    }
    return at <= text.length - last.length;
  };
}

function matchesAt(characters: readonly string[], segment: readonly Element[], at: number): boolean {
  for (let index = 0; index < segment.length; index += 1) {
    const element = segment[index]!;
    if (element !== null && element !== characters[at + index]) return false;
  }
  return true;
}

function splitPattern(pattern: string): Element[][] {
  const segments: Element[][] = [[]];
  const characters = Array.from(pattern);
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index]!;
    const next = characters[index + 1];
    if (character === '\\' && (next === '%' || next === '_')) {
      segments.at(-1)!.push(next);
      index += 1;
    } else if (character === '%') {
      segments.push([]);
    } else {
      segments.at(-1)!.push(character === '_' ? null : character);
    }
  }
  return segments;
}

import { describe, expect, it } from 'vitest';
import {
  matchesWildcard,
  maxWildcardComplexity,
  parseWildcard,
  splitWildcard,
  wildcardComplexity,
} from '../../../../functions/filter/values/wildcard.ts';

describe('a wildcard pattern', () => {
  it.each([
    ['', ['']],
    ['abc', ['abc']],
    ['*', ['', '']],
    ['a*b', ['a', 'b']],
    ['*a*', ['', 'a', '']],
    ['\\*', ['*']],
    ['\\\\*', ['\\', '']],
    ['a\\**\\\\', ['a*', '\\']],
    ['é*😀', ['é', '😀']],
  ])('%j is taken apart at its stars', (pattern, parts) => {
    expect(parseWildcard(pattern, '')).toEqual(parts);
    expect(splitWildcard(pattern)).toEqual(parts);
  });

  it.each([
    ['**', 'two stars in a row, at character 1', 'one star'],
    ['ab**', 'two stars in a row, at character 3', 'one star'],
    ['\\', 'unknown escape at character 1', '\\* for a star'],
    ['ab\\c', 'unknown escape at character 3', '\\* for a star'],
    ['*\\', 'unknown escape at character 2', '\\\\ for a backslash'],
    ['*aaaaaaaaaaaa*', `at ${maxWildcardComplexity} places`, 'fewer stars'],
  ])('%j is refused: %s', (pattern, message, mend) => {
    expect(() => parseWildcard(pattern, '/place')).toThrow(
      expect.objectContaining({
        code: 'filter_invalid',
        place: '/place',
        message: expect.stringContaining(message),
        mend: expect.stringContaining(mend),
      }),
    );
  });

  it('takes what a regular expression takes', () => {
    let state = 9;
    const below = (n: number): number => (state = (state * 48_271) % 2_147_483_647) % n;
    const word = (letters: string, most: number): string =>
      Array.from({ length: below(most + 1) }, () => letters[below(letters.length)]).join('');
    let taken = 0;
    for (let i = 0; i < 5000; i++) {
      const pattern = word('ab*', 7).replaceAll(/\*+/g, '*');
      const value = word('ab', 9);
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(value);
      expect(matchesWildcard(value, splitWildcard(pattern)), `${pattern} ${value}`).toBe(expected);
      if (expected) taken++;
    }
    expect(taken).toBeGreaterThan(300);
  });
});

describe('the complexity of a wildcard', () => {
  it.each([
    ['', 1],
    ['a', 1],
    ['*', 1],
    ['*a', 3],
    ['a*', 2],
    ['a*b', 3],
    ['*a*', 4],
    ['*ab', 3],
    ['*aa', 4],
    ['*aab', 4],
    ['a*b*', 4],
  ])('of %j is the most places that a value can be at: %d', (pattern, places) => {
    expect(wildcardComplexity(splitWildcard(pattern))).toBe(places);
    expect(bruteForce(pattern)).toBe(places);
  });

  it('is what trying values finds', () => {
    let state = 4;
    const below = (n: number): number => (state = (state * 48_271) % 2_147_483_647) % n;
    for (let i = 0; i < 200; i++) {
      const pattern = Array.from({ length: 1 + below(6) }, () => 'ab*'[below(3)])
        .join('')
        .replaceAll(/\*+/g, '*');
      expect(wildcardComplexity(splitWildcard(pattern)), pattern).toBe(bruteForce(pattern));
    }
  });

  it('of many stars or many sets of places is too much, without being measured', () => {
    expect(wildcardComplexity(Array.from({ length: 11 }, (_, i) => String.fromCharCode(97 + i)))).toBe(10);
    expect(wildcardComplexity(splitWildcard(`*${'abcdefgh'.repeat(1000)}*`))).toBe(10);
  });
});

/** Every value of up to eight units: at how many places of the pattern it can be at most. */
function bruteForce(pattern: string): number {
  const line = splitWildcard(pattern).flatMap((part, i) => (i === 0 ? part.split('') : ['*', ...part.split('')]));
  const enter = (at: number, into: Set<number>): void => {
    into.add(at);
    if (line[at] === '*') into.add(at + 1);
  };
  let most = 1;
  let open: Set<number>[] = [new Set()];
  enter(0, open[0] as Set<number>);
  const units = [...new Set(line.filter((one) => one !== '*'))];
  for (let i = 0; i < 8; i++) {
    const next = new Map<string, Set<number>>();
    for (const places of open) {
      for (const unit of units) {
        const reached = new Set<number>();
        for (const at of places) {
          if (line[at] === '*') enter(at, reached);
          else if (line[at] === unit) enter(at + 1, reached);
        }
        if (reached.size > 0) next.set([...reached].sort((a, b) => a - b).join(), reached);
        most = Math.max(most, reached.size);
      }
    }
    open = [...next.values()];
  }
  return most;
}

import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../admin/duration.ts';

describe('a duration', () => {
  it.each([
    ['1s', 1],
    ['90s', 90],
    ['45m', 2_700],
    ['12h', 43_200],
    ['3d', 259_200],
  ])('%s is %d s, and is written so', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
    expect(formatDuration(seconds)).toBe(text);
  });
});

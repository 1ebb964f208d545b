import { isAscii } from '../values/letter-case.ts';
import type { ValueTest } from '../condition.ts';

/**
 * A mark is a number below 32 that tells most strings apart without looking at more than their length and their ends.
 * ASCII letters have the same in both cases, since the bit in which they differ is left out.
 */
export function markOf(text: string, start: number, end: number): number {
  if (start === end) return 0;
  return ((end - start) * 7 + text.charCodeAt(start) * 3 + text.charCodeAt(end - 1)) & 31;
}

/** The marks of all strings that a test may take, as bits. */
export function marksOf(test: ValueTest): number {
  switch (test.op) {
    case 'number':
    case 'range':
      return 0;
    case 'equals':
      return typeof test.value === 'string' ? 1 << markOf(test.value, 0, test.value.length) : 0;
    case 'equals-ignore-case':
      return isAscii(test.value) ? 1 << markOf(test.value, 0, test.value.length) : allMarks;
    default:
      return allMarks;
  }
}

export const allMarks = -1;

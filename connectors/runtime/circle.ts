import { hash } from '../../mesh/hash.ts';
import type { Position } from '../../mesh/connector/source.ts';

/** Tells when a source that has more and more to give comes back to where it was. */
export interface Circle {
  /** Whether this position was there before in the same run. */
  has(position: Position): boolean;
  add(position: Position): void;
}

/**
 * Remembers the last positions of a run by two hashes of 32 bits: a circle of up to `remembered` pulls is found at its
 * end, one of more is not; a false alarm is a chance of one in 10^13 a pull, and costs a retry.
 */
export function createCircle(): Circle {
  const seen = new Set<string>();
  return {
    has: (position) => seen.has(markOf(position)),
    add(position) {
      seen.add(markOf(position));
      const [oldest] = seen;
      if (seen.size > remembered && oldest !== undefined) seen.delete(oldest);
    },
  };
}

function markOf(position: Position): string {
  const text = JSON.stringify(position);
  return `${hash(text)}:${hash(text, 0x9e3779b9)}:${text.length}`;
}

const remembered = 10_000;

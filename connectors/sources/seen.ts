import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * Which records of a list were pulled, for sources whose system shows its newest ones only, in whatever order: a text of
 * eight characters each, the newest first. 48 bits of SHA-256: among 5,000 records two have the same once in 20 million.
 */
export interface Seen {
  readonly has: (id: string) => boolean;
  /** With these in front; what is beyond the limit is forgotten. */
  readonly with: (ids: readonly string[]) => string;
}

export function readSeen(stored: unknown, most: number): Seen {
  const text = typeof stored === 'string' ? stored : '';
  const marks = text.match(/.{8}/g) ?? [];
  const known = new Set(marks);
  return {
    has: (id) => known.has(markOf(id)),
    with: (ids) => [...new Set([...ids.map(markOf), ...marks])].slice(0, most).join(''),
  };
}

function markOf(id: string): string {
  return btoa(String.fromCharCode(...sha256(utf8ToBytes(id)).subarray(0, 6)));
}

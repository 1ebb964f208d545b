import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** An id for a record that has none: 128 bits of SHA-256 over its JSON text, members in the order of their names. */
export function digestOf(record: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(sorted(record)) ?? '')).subarray(0, 16));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

import type { TestNode } from './requirement.ts';

/**
 * The strings that a field may equal. A map of a hundred thousand strings answers from memory that no cache holds, a
 * few waits for each value that is not in it: a small table of bits says so first, for nearly all of them.
 */
export interface ExactIndex {
  readonly nodes: Map<string, TestNode>;
  /** Words of bits, two of which stand for a string; eight bits a string at least. Empty while the map is small. */
  bits: Int32Array;
}

export function createExactIndex(): ExactIndex {
  return { nodes: new Map(), bits: noBits };
}

export function addExact(index: ExactIndex, value: string, node: TestNode): void {
  index.nodes.set(value, node);
  const isFull = index.nodes.size * bitsPerString > index.bits.length * 32 && index.bits.length < mostWords;
  if (isFull) fillBits(index);
  else setBit(index.bits, value);
}

/** A string that is gone leaves its bits: they only let a look-up through. */
export function removeExact(index: ExactIndex, value: string): void {
  index.nodes.delete(value);
  if (index.nodes.size === 0) index.bits = noBits;
}

export function findExact({ nodes, bits }: ExactIndex, value: string): TestNode | undefined {
  if (nodes.size === 0) return undefined;
  if (bits.length > 0) {
    const hash = hashOf(value);
    const mask = maskOf(hash);
    if (((bits[(hash >>> 10) & (bits.length - 1)] as number) & mask) !== mask) return undefined;
  }
  return nodes.get(value);
}

const bitsPerString = 8;
/** Fewer strings stay in the processor's cache anyway. */
const fewStrings = 4_096;
/** As many as the hash tells apart. */
const mostWords = 1 << 22;
const noBits = new Int32Array(0);

function fillBits(index: ExactIndex): void {
  if (index.nodes.size <= fewStrings) return;
  let words = 64;
  while (words * 32 < index.nodes.size * bitsPerString) words *= 2;
  index.bits = new Int32Array(Math.min(words * 2, mostWords));
  for (const value of index.nodes.keys()) setBit(index.bits, value);
}

function setBit(bits: Int32Array, value: string): void {
  if (bits.length === 0) return;
  const hash = hashOf(value);
  const word = (hash >>> 10) & (bits.length - 1);
  bits[word] = (bits[word] ?? 0) | maskOf(hash);
}

function maskOf(hash: number): number {
  return (1 << (hash & 31)) | (1 << ((hash >>> 5) & 31));
}

/** FNV-1a over the last units, where names and addresses differ most, mixed so that all bits count. */
function hashOf(value: string): number {
  let hash = value.length;
  for (let i = Math.max(0, value.length - 32); i < value.length; i++) {
    hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

import { hash } from './hash.ts';

/**
 * Chance that comes out the same for the same seed: numbers uniform in [0, 1). The seed's text is hashed into the 128 bits
 * of state of sfc32 (Chris Doty-Humphrey, PractRand); nothing is computed before the first call. Not for secrets.
 */
export function createSeededRandom(seed: string): () => number {
  let state: Int32Array | undefined;
  return () => (next((state ??= createState(seed))) >>> 0) / 0x1_0000_0000;
}

/** Four FNV-1a hashes from different starts; a dozen rounds make sfc32 forget how alike they may be. */
function createState(seed: string): Int32Array {
  const state = Int32Array.of(...[0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((basis) => hash(seed, basis)));
  for (let round = 0; round < 12; round += 1) next(state);
  return state;
}

function next(state: Int32Array): number {
  const [a = 0, b = 0, c = 0, counter = 0] = state;
  const sum = (a + b + counter) | 0;
  state.set([b ^ (b >>> 9), (c + (c << 3)) | 0, ((c << 21) | (c >>> 11)) + sum, counter + 1]);
  return sum;
}

import { createRandom } from '../../simulation/random.ts';

/** How many workers share how many tasks: `connectors` times `parallelism`. */
export interface Size {
  readonly workers: number;
  readonly connectors: number;
  readonly parallelism: number;
}

export const fullSize: Size = { workers: 20, connectors: 20, parallelism: 10 };

/** Every so many seeds the full size; else few of each, in every relation: more workers than tasks and the other way round. */
export function sizeOf(seed: number, fullEvery: number): Size {
  if (seed % fullEvery === 0) return fullSize;
  const random = createRandom(seed + 0x5eed);
  return { workers: random.between(2, 8), connectors: random.between(1, 8), parallelism: random.between(1, 6) };
}

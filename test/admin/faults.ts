import type { Documents } from '../../mesh/ports/documents.ts';
import type { Snapshots } from '../../mesh/ports/snapshots.ts';

export interface Ports {
  readonly documents: Documents;
  readonly snapshots: Snapshots;
}

/** Every call of a port goes through `around`, which may delay it, count it or let it die. */
export function wrap(
  { documents, snapshots }: Ports,
  around: <Result>(call: () => Promise<Result>) => Promise<Result>,
): Ports {
  return {
    documents: {
      get: (...args) => around(() => documents.get(...args)),
      put: (...args) => around(() => documents.put(...args)),
      delete: (...args) => around(() => documents.delete(...args)),
      list: (...args) => around(() => documents.list(...args)),
    },
    snapshots: {
      get: (...args) => around(() => snapshots.get(...args)),
      put: (...args) => around(() => snapshots.put(...args)),
      delete: (...args) => around(() => snapshots.delete(...args)),
    },
  };
}

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Delays every call by a few turns; now and then one is far slower than the others, which turns orders around. */
export function createJitter(seed: number): <Result>(call: () => Promise<Result>) => Promise<Result> {
  const chance = createChance(seed + 1);
  const delay = (): Promise<void> => turns(Math.floor(chance() < 0.1 ? chance() * 60 : chance() * 4));
  return async (call) => {
    await delay();
    const result = await call();
    await delay();
    return result;
  };
}

/** Deterministic chance, so that a failing order can be run again. */
function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

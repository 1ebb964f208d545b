import { busOf } from './oracle-facts.ts';
import type { Operation } from './plan.ts';
import type { Platform } from './platform.ts';
import type { World } from './world.ts';

/** After that many attempts the operator goes home. */
const ATTEMPTS = 4;
const PATIENCE_MS = 10_000;

/** Whoever puts dead letters back, or throws them away, over HTTP; and asks again where no answer comes. */
export function startOperator(world: World, platform: Platform): { readonly isDone: () => boolean } {
  const { scheduler, random, plan } = world;
  let busy = plan.operations.length;

  async function operate(operation: Operation): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (await ask(operation)) break;
      await new Promise<void>((resolve) => scheduler.after(random.between(0, 3_000), resolve));
    }
    busy -= 1;
  }

  /** Whether it was answered for good. */
  function ask({ kind, query, ...place }: Operation): Promise<boolean> {
    world.note(kind, `${busOf(place)} ${query}`);
    return new Promise((resolve) => {
      scheduler.after(PATIENCE_MS, () => resolve(false));
      platform.operate(kind, toRequest(place, query), place.bus).then(
        async (response) => {
          world.note(kind, `${busOf(place)} ${await response.text()}`);
          if (!world.mishap(plan.trouble.answerLost)) resolve(true);
        },
        (error: unknown) => {
          // A process dies or a store does not answer; a mistake in this file would be neither.
          if (error instanceof TypeError) throw error;
          world.note('no answer', String(error));
          resolve(false);
        },
      );
    });
  }

  for (const operation of plan.operations) scheduler.after(operation.at, () => void operate(operation));
  return { isDone: () => busy === 0 };
}

/** As light as those of publishers. */
function toRequest({ tenant, bus }: Operation | { tenant: string; bus: string }, query: string): Request {
  const headers = { get: (name: string) => (name === 'authorization' ? tenant : null) };
  const url = `https://mesh.test/v1/buses/${bus}/dead-letters${query}`;
  return { headers, url, body: null } as unknown as Request;
}

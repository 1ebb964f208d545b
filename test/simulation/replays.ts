import type { ReplayOrder } from '../../mesh/replay/replay.ts';
import { busOf } from './oracle-facts.ts';
import type { BusPlan, ReplayPlan } from './plan.ts';
import type { Platform } from './platform.ts';
import type { World } from './world.ts';

/** Operators start replays and cancel some, and ask again while no answer comes. */
export function startReplays(world: World, platform: Platform): { readonly areDone: () => boolean } {
  const { scheduler, oracle } = world;
  let busy = 0;

  async function work(bus: BusPlan, plan: ReplayPlan): Promise<void> {
    await wait(plan.at);
    const now = world.wall();
    const order: ReplayOrder = {
      tenant: bus.tenant,
      bus: bus.bus,
      name: plan.name,
      id: `${plan.name}x`,
      archive: 'all',
      from: now - plan.backMs,
      to: now - plan.endMs,
      version: 1,
      startedAt: now,
      by: 'operator',
      ...(plan.rules === undefined ? {} : { rules: plan.rules }),
      ...(plan.perSecond === undefined ? {} : { perSecond: plan.perSecond }),
    };
    oracle.replays.started(bus, plan, order);
    world.note('replay', `${busOf(bus)} ${JSON.stringify(order)}`);
    await untilAnswered(() => platform.startReplay(bus, order));
    if (plan.cancelAfterMs !== undefined) {
      await wait(plan.cancelAfterMs);
      await untilAnswered(() => platform.cancelReplay(bus, plan.name));
    }
    busy -= 1;
  }

  async function untilAnswered(ask: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        world.note('no answer', String(error));
        await wait(500);
      }
    }
  }

  function wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => scheduler.after(milliseconds, () => resolve()));
  }

  for (const bus of world.plan.buses) {
    for (const plan of bus.replays) {
      busy += 1;
      void work(bus, plan);
    }
  }
  return { areDone: () => busy === 0 };
}

import type { HttpOptions } from '../../connectors/sinks/http.ts';
import { divide } from '../../mesh/lane.ts';
import { busOf, type BusState, type Call, type Facts, STALE_MS, type TargetState, TURN_MS } from './oracle-facts.ts';
import type { BusPlan } from './plan.ts';

/** A target is sent what it wants: nothing while it is gone, paused or spared, and no more than its rate. */
export interface PaceCheck {
  /** So many events are sent to it at once. */
  readonly checkTarget: (state: TargetState, count: number) => void;
  /** It asked to be sent nothing for so long. */
  readonly spare: (call: Call, milliseconds: number) => void;
}

export function createPaceCheck(facts: Facts): PaceCheck {
  const { plan, now, wall, fail, disturbancesOf, disturbedAt, states } = facts;
  const jumped = plan.jumps.length > 0;

  /** The configurations that somebody may still use. */
  function currentStates(bus: BusPlan, withinMs: number): readonly BusState[] {
    const all = states.get(busOf(bus)) ?? [];
    const first = all.findLastIndex(({ since }) => since <= now() - withinMs);
    return all.slice(Math.max(0, first));
  }

  function checkTarget(state: TargetState, count: number): void {
    const current = currentStates(state.bus, STALE_MS).map(({ there, targets: known }) =>
      there ? known.get(state.name) : undefined,
    );
    if (current.every((target) => target === undefined)) fail(`sent to a target that is gone: ${state.name}`);
    else if (current.every((target) => target === undefined || target.paused || target.disabled !== undefined)) {
      fail(`sent to a target that is paused or disabled: ${state.name}`);
    }
    if (wall() < state.spared.until && disturbancesOf(state.bus) === state.spared.disturbances && !jumped) {
      fail(`sent ${state.spared.until - wall()} ms before the target wants anything: ${state.name}`);
    }
    const rates = current.map((target) => target?.ratePerSecond ?? Infinity);
    // What was given up, and what was accepted before there was a rate, waits in the shard where it was: each keeps the rate for itself.
    const isTaker = state.rule.targets.some(({ target }) => target.deadLetter === state.plan.target.name);
    const shards = state.plan.target.ratePerSecond === undefined || isTaker ? state.bus.settings.shards : 1;
    const most = Math.max(...rates) * shards;
    if (most === Infinity || jumped) return;
    state.sends = state.sends.filter(({ at }) => at > now() - 1_000);
    state.sends.push({ at: now(), count });
    const sum = state.sends.reduce((total, send) => total + send.count, 0);
    const { batchSize = 1 } = state.plan.target.options as HttpOptions;
    // Whoever comes after a crash does not know when the last call was made, in none of the lanes that a target with an
    // order is divided into; on Workers the turn of before may go on.
    const lanes = Math.max(1, ...current.map((target) => (target?.ordering === undefined ? 1 : divide(target).lanes)));
    const recent = now() - (plan.platform === 'node' ? 2_500 : TURN_MS);
    const crashes = (disturbedAt.get(busOf(state.bus)) ?? []).filter((at) => at > recent).length;
    const excused = crashes * (lanes * batchSize + (plan.platform === 'node' ? 0 : most));
    // A batch goes at once, and is waited for afterwards.
    if (sum > most * 1.05 + (batchSize - 1) * shards + excused)
      fail(`${sum} in a second at ${most}/s: ${busOf(state.bus)} ${state.name}`);
  }

  /** Targets that always have a lane are spared as a whole, as long as they have one of all shards. */
  function spare({ state, disturbances }: Call, milliseconds: number): void {
    const { ordering, ratePerSecond, concurrency } = state.plan.target;
    // Ordered ones with a rate have several lanes, and the turns of the others have begun.
    const isOne =
      ordering === undefined && (ratePerSecond ?? concurrency) !== undefined && state.bus.settings.shards === 1;
    // A turn whose log has died goes on, and nobody hears what it was told.
    const disturbed = (disturbedAt.get(busOf(state.bus)) ?? []).some((at) => at > now() - TURN_MS);
    if (!isOne || disturbed || plan.changes.length > 0) return;
    const until = Math.max(state.spared.until, wall() + milliseconds);
    state.spared = { until, disturbances };
  }

  return { checkTarget, spare };
}

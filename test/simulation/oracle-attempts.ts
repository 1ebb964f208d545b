import { describe, type Facts, type TargetState, type Unit } from './oracle-facts.ts';

/** Each attempt is made when it is due, as often and for as long as the policy says, and never beside another one. */
export function createAttemptCheck(facts: Facts): (unit: Unit, state: TargetState) => void {
  const { plan, wall, fail, disturbancesOf } = facts;
  const jumped = plan.jumps.length > 0;

  function checkSend(unit: Unit, state: TargetState): void {
    const { message } = unit;
    const { retry } = state.plan.target;
    const disturbed = disturbancesOf(message.bus) - message.disturbances + unit.again;
    const acceptedUntil = Math.max(message.acceptedUntil, unit.renewedAt);
    // After a disturbance it may be on its way twice: what was handed out again, and the retry that was stored before.
    if (disturbed === 0) {
      if (unit.outstanding > 0) fail(`sent while it is on its way: ${describe(unit)}`);
      // A reply that cannot be published is a delivery that has failed.
      if (unit.okAnswers > 0 && !state.plan.replies) fail(`sent again after it was delivered: ${describe(unit)}`);
      if (unit.fatal) fail(`sent again after its end: ${describe(unit)}`);
      if (wall() < unit.notBefore) fail(`sent ${unit.notBefore - wall()} ms before it is due: ${describe(unit)}`);
    }
    // What was on its way is not counted, and what was handed out again begins where it was before.
    if (unit.calls > retry.maxAttempts + disturbed * (retry.maxAttempts + 1))
      fail(`attempt ${unit.calls}: ${describe(unit)}`);
    if (!jumped && wall() > acceptedUntil + retry.maxAgeSeconds * 1000) {
      fail(`sent ${wall() - acceptedUntil} ms after it was accepted: ${describe(unit)}`);
    }
    if (!jumped && wall() > message.expiry)
      fail(`sent ${wall() - message.expiry} ms after it expired: ${describe(unit)}`);
  }

  return checkSend;
}

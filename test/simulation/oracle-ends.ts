import { describe, type Facts, type Message, STALE_MS, type TargetState, type Unit, busOf } from './oracle-facts.ts';

/** What was acknowledged comes to exactly one end, which is in the books and true; so does what was put back. */
export function createEndCheck(facts: Facts): (unit: Unit, state: TargetState) => void {
  const { states, letters, fail, disturbancesOf, endsOf, allEndsOf } = facts;

  function checkEnd(unit: Unit, state: TargetState): void {
    const { message } = unit;
    const found = endsOf(unit);
    const disturbed = disturbancesOf(message.bus) - message.disturbances + unit.again;
    const statuses = found.map(({ status }) => status).join(', ');
    const keepsAll = message.bus.settings.record === 'all';
    const leavesNone = state.rule.splits && message.event.data.length === 0;
    const isPromised = message.ackedAt !== undefined && message.deliveries.has(unit.name);
    if (isPromised && found.length === 0 && (keepsAll || (unit.okAnswers === 0 && !leavesNone))) {
      fail(`lost: ${describe(unit)} was acknowledged; calls ${unit.calls}, ends none`);
    }
    if (keepsAll || !leavesNone) checkRedrives(unit, keepsAll);
    // What was delivered is not in every bus's books; and what a crash took out of them was no end.
    const known = found.length + (keepsAll || disturbed > 0 || state.plan.replies ? 0 : Math.min(unit.okAnswers, 1));
    if (known > 1 + disturbed) fail(`${known} ends: ${describe(unit)} (${statuses})`);
    if (found.some(({ status }) => status === 'delivered') && unit.okAnswers === 0) {
      fail(`said to be delivered: ${describe(unit)} was never taken`);
    }
    for (const { status, exhausted, at, parts = [unit.part] } of found) {
      const { maxAttempts } = state.plan.target.retry;
      // An attempt may have ended at a function that did not answer.
      const attempts = state.rule.computes ? Math.max(unit.calls, maxAttempts) : unit.calls;
      // A record says how its first part ended. Others share it that were given up before the same attempt was made at
      // them: too old by then, or because the target had signed off.
      const fewest = parts[0] === unit.part ? maxAttempts : maxAttempts - 1;
      const isWrong = attempts < fewest || attempts > maxAttempts;
      if (status === 'dead-lettered' && exhausted === 'attempts' && disturbed === 0 && isWrong) {
        fail(`a dead letter after ${unit.calls} of ${maxAttempts} attempts: ${describe(unit)}`);
      }
      if (status === 'filtered' && !leavesNone) {
        fail(`filtered: ${describe(unit)}`);
      }
      if (status === 'expired' && at < message.expiry) fail(`expired too early: ${describe(unit)}`);
      if (status === 'disabled' && !unit.fatal && disturbed === 0 && !wasAbsent(state, message)) {
        fail(`disabled without a reason: ${describe(unit)}`);
      }
    }
  }

  /** Of what was put back each has an end of its own. */
  function checkRedrives(unit: Unit, keepsAll: boolean): void {
    const key = `${unit.message.source} ${unit.message.id} ${unit.name}`;
    const redrives = letters.redrivesOf(key, unit.part);
    if (redrives === 0) return;
    const known = allEndsOf(unit).length + (keepsAll ? 0 : unit.okAnswers);
    if (known <= redrives) fail(`lost after it was put back: ${describe(unit)}, ${redrives} times and ${known} ends`);
  }

  function wasAbsent(state: TargetState, { sentAt }: Message): boolean {
    const all = states.get(busOf(state.bus)) ?? [];
    return all
      .filter((_, index) => (all[index + 1]?.since ?? Infinity) > sentAt - STALE_MS)
      .some(({ there, targets: known }) => !there || !known.has(state.name));
  }

  return checkEnd;
}

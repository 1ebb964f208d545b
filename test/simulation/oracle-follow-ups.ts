import type { LedgerRecord } from '../../mesh/ledger.ts';
import { busOf, describe, type Facts, type Message, type TargetState, type Unit } from './oracle-facts.ts';

/** What an end leads to: what was given up is handed over, and a reply is published. */
export interface FollowUpCheck {
  readonly handedOver: (record: LedgerRecord, isThere: boolean) => void;
  readonly checkHandedOver: (unit: Unit, count: number) => void;
  readonly checkReply: (message: Message, cause: Unit) => void;
}

export function createFollowUpCheck(facts: Facts, checkEnd: (unit: Unit, state: TargetState) => void): FollowUpCheck {
  const { messages, targets, handed, letters, fail, unitOf, partsOf, endsOf, allEndsOf, isUnsteady, renew } = facts;

  /** What was given up is on its way to the target that takes such, or a crash has undone that. */
  function handedOver(record: LedgerRecord, isThere: boolean): void {
    const message = messages.get(`${record.source} ${record.eventId}`);
    const given = message && targets.get(`${busOf(message.bus)}/${record.rule}/${record.target}`);
    const taker = given && targets.get(`${busOf(given.bus)}/${record.rule}/${given.plan.target.deadLetter}`);
    if (message === undefined || taker === undefined) return;
    for (const part of partsOf(message, taker)) {
      const unit = unitOf(message, taker.name, part);
      handed.set(unit, (handed.get(unit) ?? 0) + (isThere ? 1 : -1));
      if (isThere) renew(unit);
    }
  }

  function checkHandedOver(unit: Unit, count: number): void {
    const { message, name, part } = unit;
    const state = targets.get(`${busOf(message.bus)}/${name}`);
    if (state === undefined) return;
    if (!message.deliveries.has(name)) checkEnd(unit, state);
    const leavesNone = state.rule.splits && message.event.data.length === 0;
    if (isUnsteady(message.bus) || leavesNone) return;
    const key = `${message.source} ${message.id} ${name}`;
    const known = allEndsOf(unit).length - letters.redrivesOf(key, part);
    const keepsAll = message.bus.settings.record === 'all';
    if (keepsAll ? known < count : known + unit.okAnswers < 1) {
      fail(`given up and not handed over: ${describe(unit)}, ${count} times and ${known} ends`);
    }
  }

  /** A reply is published when the delivery that it is the answer to counts. */
  function checkReply(message: Message, cause: Unit): void {
    if (isUnsteady(message.bus) || !endsOf(cause).some(({ status }) => status === 'delivered')) return;
    message.ackedAt = 0;
    for (const rule of message.bus.rules.filter(({ types }) => types.includes(message.event.type))) {
      for (const { target } of rule.targets) {
        const name = `${rule.name}/${target.name}`;
        if (!message.deliveries.has(name)) fail(`a reply that was not published: ${message.id} to ${name}`);
      }
    }
  }

  return { handedOver, checkHandedOver, checkReply };
}

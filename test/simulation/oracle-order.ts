import type { HttpOptions } from '../../connectors/sinks/http.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import { describe, type Facts, type TargetState, type Unit } from './oracle-facts.ts';

/** Of the events with a key, a target with an order takes each before the next one is sent. */
export function createOrderCheck(facts: Facts): (state: TargetState) => void {
  const { units, handed, fail, disturbancesOf, endsOf } = facts;

  function checkOrder(state: TargetState): void {
    const isBatch = (state.plan.target.options as HttpOptions).content === 'batch';
    const { ratePerSecond, concurrency } = state.plan.target;
    const hasHome = (ratePerSecond ?? concurrency) !== undefined && state.bus.settings.shards > 1;
    const ofKey = new Map<string, Unit[]>();
    for (const unit of units.values()) {
      const { message } = unit;
      if (message.bus !== state.bus || unit.name !== state.name || message.event.key === undefined) continue;
      const found = ofKey.get(message.event.key) ?? [];
      ofKey.set(message.event.key, found);
      found.push(unit);
    }
    for (const lane of ofKey.values()) {
      for (const later of lane) {
        for (const earlier of lane) {
          if (!isBefore(earlier, later) || earlier.firstTaken === Infinity) continue;
          // Those that are in one batch arrive at one moment.
          if (earlier.firstTaken <= (isBatch ? later.firstTaken : later.firstSent)) continue;
          // What is put back comes behind what was there.
          if (earlier.again > 0) continue;
          // What was given up waits in the shard where it was, perhaps not the one that all of the target's lanes are on.
          if (hasHome && (handed.get(later) ?? 0) > 0) continue;
          // It had come to its end (perhaps at a function), which was not written down before the disturbance.
          const { retry } = state.plan.target;
          const ended =
            state.rule.computes ||
            earlier.fatal ||
            earlier.tooLate ||
            wasOver(earlier, state, later.wallWhenSent) ||
            earlier.calls >= retry.maxAttempts ||
            endsOf(earlier).some(isNoDelivery);
          if (ended && disturbancesOf(state.bus) > earlier.message.disturbances) continue;
          fail(`out of order: ${describe(later)} was sent before ${describe(earlier)} was taken`);
        }
      }
    }
  }

  return checkOrder;
}

/** Its time was over by a clock that has been set back: after a crash that took its end away it is sent once more. */
function wasOver({ message }: Unit, { plan: { target } }: TargetState, at: number): boolean {
  return message.expiry <= at || message.acceptedBy + target.retry.maxAgeSeconds * 1000 < at;
}

function isNoDelivery({ status }: LedgerRecord): boolean {
  return status !== 'delivered';
}

/** Whether one has to come first: it was acknowledged before the other was sent, or stands before it in the request. */
function isBefore(one: Unit, other: Unit): boolean {
  if (one.message === other.message) return one.part < other.part;
  const { place } = one.message;
  const { request, index, attempt } = other.message.place;
  if (place.request === request && place.attempt === attempt) return place.index < index;
  return one.message.ackedAt !== undefined && one.message.ackedAt < other.message.sentAt;
}

import { encodeEnvelope, type PlannedEvent } from '../envelope.ts';
import type { LedgerRecord } from '../ledger.ts';
import type { Settlement } from '../ports/settlement.ts';
import { toChunks } from '../router.ts';
import { addressOf, toKnativeDeadLetter } from './dead-letter.ts';
import type { Group } from './group.ts';

/** A delivery that was given up. */
export interface Death {
  readonly group: Group;
  readonly planned: PlannedEvent;
  readonly record: LedgerRecord;
}

/**
 * Deliveries of what was given up to the dead-letter targets of its targets, with Knative's attributes. A dead-letter target
 * has none of its own: what it does not take ends there.
 */
export function handOver(deaths: readonly Death[], now: number): Settlement['retries'] {
  const together = new Map<string, { readonly group: Group; readonly events: PlannedEvent[] }>();
  for (const { group, planned, record } of deaths) {
    const { tenant, bus, compiled, rule, target } = group;
    const taker = target.deadLetter === undefined ? undefined : rule.target(target.deadLetter);
    if (taker === undefined || taker.disabled !== undefined) continue;
    const key = `${tenant}/${bus}/${compiled.snapshot.version}`;
    const known = together.get(key) ?? { group, events: [] };
    together.set(key, known);
    known.events.push({
      event: toKnativeDeadLetter(planned.event, record, addressOf(target.options)),
      // Its time begins now.
      receipt: { id: planned.receipt.id, at: now },
      index: planned.index,
      deliveries: [{ rule: rule.name, target: taker.name }],
    });
  }
  return [...together.values()].flatMap(({ group: { tenant, bus, compiled }, events }) =>
    toChunks(events, compiled.snapshot.settings.queue).map((chunk) => ({
      body: encodeEnvelope({ tenant, bus, version: compiled.snapshot.version, attempts: 0, events: chunk }),
      delayMs: 0,
    })),
  );
}

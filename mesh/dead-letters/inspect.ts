import { addressOf, toEventBridgeAttributes, toKnativeExtensions } from '../delivery/dead-letter.ts';
import { readRecords } from '../history.ts';
import type { LedgerRecord } from '../ledger.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Snapshot } from '../snapshot.ts';
import type { DeadLetterEntry } from './query.ts';

/** What the history has of it at most. */
const mostAttempts = 100;

/**
 * All that is known of a dead letter, as JSON text: why it died, every attempt that the history has, newest first, the
 * attributes with which other systems send dead letters on, and the event with its own text.
 */
export async function inspect(
  { id, record }: DeadLetterEntry & { readonly id: string },
  snapshot: Snapshot,
  ledger: Ledger,
  withEvent: boolean,
): Promise<string> {
  const { tenant, bus, eventId, source, type, rule, target } = record;
  const { shards } = snapshot.settings;
  const filter = { eventId, source, type, rule, target };
  const history = await readRecords(ledger, { tenant, bus, shards }, { filter, limit: mostAttempts });
  const { tenant: _tenant, bus: _bus, status: _status, event, ...rest } = record;
  const text = JSON.stringify({
    id,
    ...rest,
    attributes: {
      eventbridge: toEventBridgeAttributes(record),
      knative: toKnativeExtensions(record, addressOf(optionsOf(snapshot, record))),
    },
    attempts: history.records.map(toAttempt),
  });
  return withEvent && event !== undefined ? `${text.slice(0, -1)},"event":${event}}` : text;
}

function toAttempt(record: LedgerRecord): object {
  const { tenant: _t, bus: _b, rule: _r, target: _g, eventId: _i, source: _s, type: _y, event: _e, ...rest } = record;
  const { receipt: _receipt, ...attempt } = rest;
  return attempt;
}

function optionsOf({ rules }: Snapshot, { rule, target }: LedgerRecord): unknown {
  return rules.find(({ name }) => name === rule)?.targets.find(({ name }) => name === target)?.options;
}

import { decodeEnvelope, type Envelope } from '../../mesh/envelope.ts';
import { nameLength, type LedgerRecord, reasonLength } from '../../mesh/ledger.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';

/**
 * What our own code could not deal with, as dead letters: operators find them where they look, with the reason, and can
 * send them again once the code is mended. `undefined`: it cannot be read, or is not of this bus.
 */
export function giveUp(place: ShardPlace, body: string, reason: string, at: number): Settlement | undefined {
  const envelope = read(body);
  if (envelope === undefined || envelope.tenant !== place.tenant || envelope.bus !== place.bus) return undefined;
  const records: LedgerRecord[] = [];
  const ended: Record<string, { deadLettered: number }> = {};
  for (const { event, receipt, index, deliveries } of envelope.events) {
    const { id, source, type } = event.attributes;
    for (const delivery of deliveries) {
      records.push({
        at: Math.floor(at),
        tenant: place.tenant,
        bus: place.bus,
        status: 'dead-lettered',
        eventId: id.slice(0, nameLength),
        source: source.slice(0, nameLength),
        type: type.slice(0, nameLength),
        ...delivery,
        attempt: envelope.attempts + 1,
        reason: reason.slice(0, reasonLength),
        event: event.json,
        receipt: { id: receipt.id, index, at: receipt.at },
      });
      const name = `${delivery.rule}/${delivery.target}`;
      const before = ended[name]?.deadLettered ?? 0;
      ended[name] = { deadLettered: before + (delivery.parts?.length ?? 1) };
    }
  }
  return { retries: [], records, tally: { added: 0, ended } };
}

function read(body: string): Envelope | undefined {
  try {
    return decodeEnvelope(body);
  } catch {
    return undefined;
  }
}

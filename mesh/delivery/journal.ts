import type { Group } from './group.ts';
import type { PlannedEvent } from '../envelope.ts';
import { type DeliveryStatus, type LedgerRecord, nameLength } from '../ledger.ts';
import type { Runtime } from '../ports.ts';
import type { AttemptResult } from '../sink.ts';
import type { Decision } from './retry.ts';

/**
 * What one dispatch has to tell the ledger. Ends without a delivery are always kept, dead letters with the event as it was
 * accepted; the rest as the bus asks (`record`).
 */
export interface Journal {
  readonly records: readonly LedgerRecord[];
  attempted(group: Group, planned: PlannedEvent, result: AttemptResult, decision: Decision): void;
  postponed(group: Group, planned: PlannedEvent, reason: string, delayMs: number): void;
  died(group: Group, planned: PlannedEvent, reason: string): void;
  removed(place: RemovedPlace, planned: PlannedEvent): void;
}

/** A delivery whose rule or target is not there any more. */
export interface RemovedPlace {
  readonly tenant: string;
  readonly bus: string;
  readonly rule: string;
  readonly target: string;
  readonly attempts: number;
}

type Details = Pick<LedgerRecord, 'code' | 'latencyMs' | 'reason' | 'nextAt'>;

export function createJournal(runtime: Runtime): Journal {
  const records: LedgerRecord[] = [];

  function write(group: Group, planned: PlannedEvent, status: DeliveryStatus, details: Details): void {
    const { record: kept } = group.compiled.snapshot.settings;
    const dead = status === 'dead-lettered';
    const lost = dead || status === 'disabled';
    if (!lost && (kept === 'none' || (kept === 'failures' && status === 'delivered'))) return;
    records.push({
      ...toRecord(runtime.now(), planned, status),
      tenant: group.tenant,
      bus: group.bus,
      rule: group.rule.name,
      target: group.target.name,
      attempt: group.attempt,
      ...details,
      ...(dead ? { event: planned.event.json } : {}),
    });
  }

  return {
    records,
    attempted(group, planned, result, decision) {
      const details: Details = {
        ...(result.code === undefined ? {} : { code: result.code }),
        latencyMs: result.latencyMs,
        ...(result.ok ? {} : { reason: result.reason }),
      };
      if (decision.kind === 'delivered') write(group, planned, 'delivered', details);
      else if (decision.kind === 'retry') {
        write(group, planned, 'retrying', { ...details, nextAt: runtime.now() + decision.delayMs });
      } else {
        const status = decision.kind === 'disabled' ? 'disabled' : 'dead-lettered';
        write(group, planned, status, { ...details, reason: decision.reason });
      }
    },
    postponed(group, planned, reason, delayMs) {
      write(group, planned, 'retrying', { reason, nextAt: runtime.now() + delayMs });
    },
    died(group, planned, reason) {
      write(group, planned, 'dead-lettered', { reason });
    },
    removed({ tenant, bus, rule, target, attempts }, planned) {
      records.push({
        ...toRecord(runtime.now(), planned, 'disabled'),
        tenant,
        bus,
        rule,
        target,
        attempt: attempts + 1,
        reason: 'the rule or the target was removed or disabled after the event was matched',
      });
    },
  };
}

function toRecord(
  at: number,
  { event }: PlannedEvent,
  status: DeliveryStatus,
): Pick<LedgerRecord, 'at' | 'status' | 'eventId' | 'source' | 'type'> {
  const { id, source, type } = event.attributes;
  return {
    at,
    status,
    eventId: id.slice(0, nameLength),
    source: source.slice(0, nameLength),
    type: type.slice(0, nameLength),
  };
}

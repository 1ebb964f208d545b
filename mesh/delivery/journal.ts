import { isReplayed, replayAttribute } from '../../event/replay-mark.ts';
import { createTally, type End, type Tally } from '../books.ts';
import type { PlannedEvent } from '../envelope.ts';
import { type DeliveryStatus, type LedgerRecord, nameLength, reasonLength, type StepNote } from '../ledger.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { DeliveryOutcome } from '../publish/outcome.ts';
import { createOutcomes } from '../publish/outcomes.ts';
import type { AttemptResult } from '../sink.ts';
import type { Group } from './group.ts';
import type { Death } from './hand-over.ts';
import type { Decision, Exhausted } from './retry.ts';

/**
 * What one dispatch has to tell the ledger and the books. Ends without a delivery are always recorded, dead letters with the
 * event as it was accepted; the rest as the bus asks (`record`). The books count every end.
 */
export interface Journal {
  readonly records: readonly LedgerRecord[];
  /** Of the records, those of deliveries that were given up. */
  readonly deaths: readonly Death[];
  /** For publishers who wait. */
  readonly outcomes: readonly DeliveryOutcome[];
  /** Of everything that was written down so far. */
  tally(): Tally;
  /** So many deliveries came into being. */
  added(deliveries: number): void;
  /** The steps have made several events of one. */
  made(group: Group, planned: PlannedEvent, parts: readonly number[]): void;
  attempted(group: Group, about: About, result: AttemptResult, decision: Decision): void;
  died(group: Group, about: About, reason: string, exhausted?: Exhausted): void;
  /** It ends because its target wants no more. */
  disabled(group: Group, about: About, reason: string): void;
  filtered(group: Group, about: About): void;
  expired(group: Group, about: About): void;
  removed(place: RemovedPlace, about: About): void;
}

/** The event that a record is about, or one of several that the steps made of it. */
export interface About {
  readonly planned: PlannedEvent;
  readonly part?: number;
  /** Those that are left of it, where it comes to its end as a whole. */
  readonly parts?: readonly number[];
  readonly notes?: readonly StepNote[];
}

/** A delivery whose rule or target is not there any more. */
export interface RemovedPlace {
  readonly tenant: string;
  readonly bus: string;
  readonly rule: string;
  readonly target: string;
  readonly attempts: number;
}

type Details = Pick<LedgerRecord, 'code' | 'latencyMs' | 'failure' | 'exhausted' | 'reason' | 'nextAt'>;
type Draft = LedgerRecord & { parts?: number[] };

export function createJournal(runtime: Runtime): Journal {
  const records: Draft[] = [];
  const deaths: Death[] = [];
  const tally = createTally();
  const outcomes = createOutcomes(runtime);
  /** Parts of an event that fared alike share a record: a dead letter has the whole event in it. */
  const ofParts = new Map<PlannedEvent, Map<string, Draft>>();

  function write(
    group: Group,
    about: About,
    status: Exclude<DeliveryStatus, 'redriven'>,
    details: Details,
    result?: AttemptResult,
  ): void {
    const { record: kept } = group.compiled.snapshot.settings;
    const { planned, notes = [] } = about;
    const parts = about.part === undefined ? about.parts : [about.part];
    const place = { rule: group.rule.name, target: group.target.name };
    const end = ends[status];
    if (end !== undefined) tally.end(place, end, parts?.length ?? 1);
    if (planned.receipt.wait !== undefined) {
      outcomes.tell(planned, { ...details, ...place, status, attempt: group.attempt, parts }, result);
    }
    const dead = status === 'dead-lettered';
    const lost = dead || status === 'disabled' || status === 'expired';
    const fine = status === 'delivered' || status === 'filtered';
    if (!lost && (kept === 'none' || (kept === 'failures' && fine))) return;
    const alike = parts === undefined ? undefined : findAlike(group, planned, status);
    if (parts !== undefined && alike?.parts !== undefined) {
      alike.parts.push(...parts);
      return;
    }
    const draft: Draft = {
      ...toRecord(runtime.now(), planned, status),
      tenant: group.tenant,
      bus: group.bus,
      ...place,
      attempt: group.attempt,
      ...(parts === undefined ? {} : { parts: [...parts] }),
      // They are the same each time.
      ...(notes.length > 0 && (group.attempt === 1 || dead) ? { steps: notes } : {}),
      ...details,
      ...(details.reason === undefined ? {} : { reason: details.reason.slice(0, reasonLength) }),
      ...(dead ? { event: planned.event.json, receipt: toReceipt(planned) } : {}),
    };
    records.push(draft);
    if (dead) deaths.push({ group, planned, record: draft });
    if (parts !== undefined) ofParts.get(planned)?.set(keyOf(group, status), draft);
  }

  function findAlike(group: Group, planned: PlannedEvent, status: DeliveryStatus): Draft | undefined {
    let known = ofParts.get(planned);
    if (known === undefined) {
      known = new Map();
      ofParts.set(planned, known);
    }
    return known.get(keyOf(group, status));
  }

  return {
    records,
    deaths,
    outcomes: outcomes.told,
    tally: () => tally.total(),
    added: (deliveries) => tally.add(deliveries),
    made({ rule, target, attempt }, planned, parts) {
      outcomes.tell(planned, { rule: rule.name, target: target.name, status: 'pending', attempt, parts });
    },
    attempted(group, about, result, decision) {
      const details: Details = {
        ...(result.code === undefined ? {} : { code: result.code }),
        latencyMs: result.latencyMs,
        ...(result.ok ? {} : { failure: result.failure, reason: result.reason }),
      };
      if (decision.kind === 'delivered') write(group, about, 'delivered', details, result);
      else if (decision.kind === 'retry') {
        write(group, about, 'retrying', { ...details, nextAt: runtime.now() + decision.delayMs });
      } else {
        const status = decision.kind === 'disabled' ? 'disabled' : 'dead-lettered';
        const exhausted = decision.kind === 'dead' ? toExhausted(decision.exhausted) : {};
        write(group, about, status, { ...details, ...exhausted, reason: decision.reason });
      }
    },
    died(group, about, reason, exhausted) {
      write(group, about, 'dead-lettered', { ...toExhausted(exhausted), reason });
    },
    disabled(group, about, reason) {
      write(group, about, 'disabled', { reason });
    },
    filtered(group, about) {
      write(group, about, 'filtered', { reason: 'the steps left no event' });
    },
    expired(group, about) {
      write(group, about, 'expired', { reason: 'the time in expirytime is over' });
    },
    removed({ tenant, bus, rule, target, attempts }, { planned, parts }) {
      tally.end({ rule, target }, 'disabled', parts?.length ?? 1);
      outcomes.tell(planned, { rule, target, status: 'disabled', attempt: attempts + 1, parts });
      records.push({
        ...toRecord(runtime.now(), planned, 'disabled'),
        tenant,
        bus,
        rule,
        target,
        attempt: attempts + 1,
        ...(parts === undefined ? {} : { parts: [...parts] }),
        reason: 'the rule or the target was removed or disabled after the event was matched',
      });
    },
  };
}

const ends: { readonly [Status in DeliveryStatus]?: End } = {
  delivered: 'delivered',
  'dead-lettered': 'deadLettered',
  disabled: 'disabled',
  expired: 'expired',
  filtered: 'filtered',
};

/** Nobody waits for what is put back. */
function toReceipt({ receipt: { id, at }, index }: PlannedEvent): NonNullable<LedgerRecord['receipt']> {
  return { id, index, at };
}

function toExhausted(exhausted: Exhausted | undefined): Details {
  return exhausted === undefined ? {} : { exhausted };
}

function keyOf({ rule, target, attempt }: Group, status: DeliveryStatus): string {
  return `${rule.name}/${target.name}/${attempt}/${status}`;
}

function toRecord(
  at: number,
  { event }: PlannedEvent,
  status: DeliveryStatus,
): Pick<LedgerRecord, 'at' | 'status' | 'eventId' | 'source' | 'type' | 'replay'> {
  const { id, source, type } = event.attributes;
  return {
    at,
    status,
    eventId: id.slice(0, nameLength),
    source: source.slice(0, nameLength),
    type: type.slice(0, nameLength),
    ...(isReplayed(event) ? { replay: String(event.attributes[replayAttribute]).slice(0, nameLength) } : {}),
  };
}

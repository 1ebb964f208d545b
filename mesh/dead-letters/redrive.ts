import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { fromJson } from '../../event/json-format.ts';
import type { PlannedEvent, Receipt } from '../envelope.ts';
import { type LaneSettings, laneOfTarget } from '../lane.ts';
import { type LedgerRecord, nameLength } from '../ledger.ts';
import { addLaned, createDrafts, encodeDrafts, type ShardPlan } from '../router.ts';
import type { DeadLetterEntry } from './query.ts';

/** How dead letters are put back: everything that the queue's adapter cannot know. */
export interface RedriveOrder {
  readonly tenant: string;
  readonly bus: string;
  /** Of the snapshot whose rules are to deliver them, or a later one. */
  readonly version: number;
  /** Their age counts from its time; its id is that of an edited event. */
  readonly receipt: Receipt;
  /** The key's id of whoever asked. */
  readonly by: string;
  /** The targets that may have to be waited for; all others take deliveries as they come. */
  readonly lanes: readonly { readonly rule: string; readonly settings: LaneSettings }[];
  /** The JSON text of the event that is sent instead. */
  readonly event?: string;
}

export interface RedriveOutcome {
  readonly redriven: readonly number[];
  /** So many of those asked for, from the first, were looked at: large events make a call end early. */
  readonly looked: number;
}

export interface Redriven extends ShardPlan {
  /** Those whose event can be read; the others stay. */
  readonly sequences: readonly number[];
  /** For the history. */
  readonly records: readonly LedgerRecord[];
}

/** UTF-16 units of events that are put back in one transaction. */
export const redriveLength = 8_000_000;

/** Makes new deliveries of dead letters: with no attempts made, to the same rule and target, of the same parts. */
export function redrive(entries: readonly DeadLetterEntry[], order: RedriveOrder): Redriven {
  const { receipt, by } = order;
  const lanes = new Map(order.lanes.map(({ rule, settings }) => [`${rule}/${settings.name}`, settings]));
  const drafts = createDrafts();
  const sequences: number[] = [];
  const records: LedgerRecord[] = [];
  for (const [position, { sequence, record }] of entries.entries()) {
    const event = readEvent(order.event ?? record.event);
    if (event === undefined) continue;
    const { rule, target, parts, steps: _steps, event: _event, receipt: first, ...rest } = record;
    const planned: PlannedEvent = {
      event,
      // A target knows by the delivery's id what it has seen: an edited event is another one.
      receipt: { id: order.event === undefined ? (first?.id ?? receipt.id) : receipt.id, at: receipt.at },
      index: first?.index ?? position,
      deliveries: [{ rule, target, ...(parts === undefined ? {} : { parts }) }],
    };
    const settings = lanes.get(`${rule}/${target}`);
    const lane = settings === undefined ? undefined : laneOfTarget(rule, settings, event);
    if (lane === undefined) drafts.direct.push(planned);
    else addLaned(drafts, lane, planned);
    sequences.push(sequence);
    records.push(toRecord({ ...rest, rule, target, ...(parts === undefined ? {} : { parts }) }, order, event, by));
  }
  return { ...encodeDrafts(order, drafts), sequences, records };
}

function toRecord(record: LedgerRecord, order: RedriveOrder, event: Event, by: string): LedgerRecord {
  const { code: _code, latencyMs: _latencyMs, failure: _failure, exhausted: _exhausted, ...rest } = record;
  const edited = order.event === undefined ? '' : ', with an edited event';
  const { id } = event.attributes;
  const renamed = id.slice(0, nameLength) === record.eventId ? '' : ` of the id ${id.slice(0, 256)}`;
  return { ...rest, at: order.receipt.at, status: 'redriven', reason: `redriven by the key ${by}${edited}${renamed}` };
}

/** A row may be older than events in it, or damaged. */
function readEvent(json: string | undefined): Event | undefined {
  if (json === undefined) return undefined;
  try {
    return fromJson(json);
  } catch (error) {
    if (TulleError.is(error)) return undefined;
    throw error;
  }
}

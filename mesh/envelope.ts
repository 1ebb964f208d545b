import { TulleError } from '../event/error.ts';
import type { DataSpan, Event } from '../event/event.ts';
import { readEvent } from '../event/json-format.ts';
import { deliveriesIn } from './books.ts';
import { frame, unframe } from './frame.ts';

/**
 * What travels in the queue: events, and to which targets each of them goes. Retry state is part of it, so that every
 * platform follows the same schedule whatever its queue counts. All events of one envelope share that state.
 */
export interface Envelope {
  readonly tenant: string;
  readonly bus: string;
  /** Version of the snapshot that matched: the dispatcher needs this one or a later one. */
  readonly version: number;
  /** Attempts made so far for every delivery in here. */
  readonly attempts: number;
  readonly events: readonly PlannedEvent[];
}

export interface PlannedEvent {
  readonly event: Event;
  /**
   * The publisher's request that brought it: its id, and when it was accepted (ms since the epoch). The age of every
   * delivery counts from then, whatever the retry preset.
   */
  readonly receipt: Receipt;
  /** Which event of the request it was, from 0. */
  readonly index: number;
  readonly deliveries: readonly DeliveryPlan[];
  /** What else was planned for it and travels in lanes: for those who trace it, not to be delivered from here. */
  readonly laned?: readonly DeliveryPlan[];
}

export interface Receipt {
  readonly id: string;
  readonly at: number;
  /** The publisher waits for what becomes of it, until then (ms since the epoch), or for a target's reply. */
  readonly wait?: { readonly until: number; readonly reply: boolean };
}

/** Names, not positions: the rule may have moved in the snapshot that delivers. */
export interface DeliveryPlan {
  readonly rule: string;
  readonly target: string;
  /** Of the events that the rule's steps make of this one, those that are left to deliver, from 1; absent: all. */
  readonly parts?: readonly number[];
}

export function encodeEnvelope(envelope: Envelope): string {
  const names = createTable<string>();
  const receipts = createTable<string>();
  const receiptRows: ReceiptRow[] = [];
  const rows: EventRow[] = [];
  const parts: string[] = [''];
  let weight = 0;
  for (const { event, receipt, index, deliveries, laned } of envelope.events) {
    const request = receipts.place(receipt.id);
    receiptRows[request] = toReceiptRow(receipt);
    const plan = deliveries.map((delivery) => names.place(toName(delivery)));
    for (const delivery of deliveries) weight += deliveriesIn(delivery);
    const span = event.data;
    const member = span === undefined ? 0 : span.member === 'data' ? 1 : 2;
    const row: EventRow = [request, index, member, span?.start ?? 0, span?.end ?? 0, plan];
    if (laned !== undefined) row.push(laned.map((delivery) => names.place(toName(delivery))));
    rows.push(row);
    parts.push(event.json);
  }
  const header: Header = {
    w: weight,
    v: 1,
    t: envelope.tenant,
    b: envelope.bus,
    s: envelope.version,
    n: envelope.attempts,
    r: receiptRows,
    d: names.entries,
    e: rows,
  };
  parts[0] = JSON.stringify(header);
  return frame(parts);
}

export function decodeEnvelope(text: string): Envelope {
  const [first = '', ...texts] = unframe(text);
  const header = JSON.parse(first) as Header;
  const receipts = header.r.map(fromReceiptRow);
  const plans = header.d.map(fromName);
  return {
    tenant: header.t,
    bus: header.b,
    version: header.s,
    attempts: header.n,
    events: header.e.map(([request, index, member, start, end, plan, laned], position) => ({
      event: readEvent(entry(texts, position), toSpan(member, start, end)),
      receipt: entry(receipts, request),
      index,
      deliveries: plan.map((place) => entry(plans, place)),
      ...(laned === undefined ? {} : { laned: laned.map((place) => entry(plans, place)) }),
    })),
  };
}

/**
 * Of how many deliveries a message is, without reading more of it than that. What is no envelope counts as one: the
 * dispatcher refuses it as a whole.
 */
export function deliveriesOf(message: string): number {
  const start = message.indexOf('\n') + 1;
  if (!message.startsWith(weightKey, start)) return countDeliveries(message, start);
  const weight = Number.parseInt(message.slice(start + weightKey.length, start + weightKey.length + 16), 10);
  return weight >= 0 ? weight : 1;
}

/** Messages from before the number was in them. */
function countDeliveries(message: string, start: number): number {
  try {
    const header = JSON.parse(message.slice(start, start + Number.parseInt(message, 10))) as Header;
    const weights = header.d.map((name) => deliveriesIn(fromName(name)));
    return header.e.reduce((sum, [, , , , , plan]) => sum + plan.reduce((all, at) => all + (weights[at] ?? 0), 0), 0);
  } catch {
    return 1;
  }
}

const weightKey = '{"w":';

/** Short keys: the header is written and read once a batch on the hot path, and stored. */
interface Header {
  /** How many deliveries it is of. First, so that `deliveriesOf` finds it. */
  w: number;
  v: 1;
  t: string;
  b: string;
  s: number;
  n: number;
  r: ReceiptRow[];
  d: string[];
  e: EventRow[];
}

/** Place in `r`, index, payload member (0 none, 1 `data`, 2 `data_base64`), its span, places in `d`, those of lanes. */
type EventRow = [number, number, 0 | 1 | 2, number, number, number[], number[]?];

/** Id, when it was accepted; where somebody waits: until when, and 1 for a reply. */
type ReceiptRow = [string, number, number?, 1?];

function toReceiptRow({ id, at, wait }: Receipt): ReceiptRow {
  if (wait === undefined) return [id, at];
  return wait.reply ? [id, at, wait.until, 1] : [id, at, wait.until];
}

function fromReceiptRow([id, at, until, reply]: ReceiptRow): Receipt {
  return until === undefined ? { id, at } : { id, at, wait: { until, reply: reply === 1 } };
}

/** Names have no slash. */
function toName({ rule, target, parts }: DeliveryPlan): string {
  return parts === undefined ? `${rule}/${target}` : `${rule}/${target}/${parts.join(',')}`;
}

function fromName(name: string): DeliveryPlan {
  const [rule = '', target = '', parts] = name.split('/');
  return parts === undefined ? { rule, target } : { rule, target, parts: parts.split(',').map(Number) };
}

function toSpan(member: 0 | 1 | 2, start: number, end: number): DataSpan | undefined {
  return member === 0 ? undefined : { member: member === 1 ? 'data' : 'data_base64', start, end };
}

function entry<Value>(values: readonly Value[], place: number): Value {
  const value = values[place];
  if (value === undefined) throw new TulleError('internal', 'a stored message is damaged: its header points nowhere');
  return value;
}

function createTable<Value>(): { readonly entries: Value[]; place(value: Value): number } {
  const entries: Value[] = [];
  let places: Map<Value, number> | undefined;
  return {
    entries,
    place(value) {
      // Mostly all events are of one request, and go to the same target.
      if (entries.length === 0) return entries.push(value) - 1;
      if (value === entries[0]) return 0;
      places ??= new Map();
      let place = places.get(value);
      if (place === undefined) {
        place = entries.push(value) - 1;
        places.set(value, place);
      }
      return place;
    },
  };
}

import { decodeEnvelope, type DeliveryPlan, type Envelope, type PlannedEvent, type Receipt } from '../envelope.ts';
import { nameLength } from '../ledger.ts';

/** Which of the kept events are meant; what is absent does not matter. */
export interface EventFilter {
  readonly id?: string;
  readonly source?: string;
  readonly type?: string;
  /** Received not before this, and before that, in milliseconds since the epoch. */
  readonly from?: number;
  readonly to?: number;
}

/** Of one shard, newest first. */
export interface EventQuery {
  readonly filter: EventFilter;
  /** Goes on after this position. */
  readonly after?: string;
  /** At most 1,000. */
  readonly limit: number;
  /** UTF-16 units of events' texts that the page may carry, the first one whatever its length; absent: none. */
  readonly eventLength?: number;
}

export interface EventPage {
  readonly items: readonly KeptEvent[];
  /** So far was looked, and there may be more: pass it as `after`. */
  readonly reached?: string;
}

/** An event as the queue keeps it. */
export interface KeptEvent {
  /** Where it stands in the shard, as only the queue understands it: see `isPosition`. */
  readonly position: string;
  /** This and the next two are cut to `nameLength`. */
  readonly eventId: string;
  readonly source: string;
  readonly type: string;
  /** The publisher's request that brought it, and when that was accepted. */
  readonly receipt: Receipt;
  /** Which event of the request it was, from 0. */
  readonly index: number;
  /** Version of the snapshot that matched it. */
  readonly version: number;
  /** What was planned outside of lanes; nothing where no rule matched and the bus records all. */
  readonly deliveries: readonly DeliveryPlan[];
  /** What was planned in lanes. */
  readonly laned?: readonly DeliveryPlan[];
  /** `false`: it is still to be handed out, or with the dispatcher just now. */
  readonly settled: boolean;
  /** The event's own text, where the query asks for it and its length allows. */
  readonly event?: string;
}

export interface WaitingDeliveries {
  readonly items: readonly WaitingDelivery[];
  /** There was more that waits than one look takes: something may be missing. */
  readonly incomplete?: true;
}

export interface WaitingDelivery extends DeliveryPlan {
  readonly source: string;
  readonly receipt: Receipt;
  /** Which event of the request it was, from 0. */
  readonly index: number;
  /** Made so far. */
  readonly attempts: number;
  /** Not before this, in milliseconds since the epoch. */
  readonly dueAt: number;
  /** The lane that it waits in; absent for a retry outside of lanes. */
  readonly lane?: string;
  /** Our own code failed on it too often, at `dueAt` for the last time: it is not tried again. */
  readonly setAside?: true;
}

/** A stored event beside the envelope that it came in. */
export interface EnclosedEvent {
  readonly envelope: Envelope;
  readonly planned: PlannedEvent;
}

/** The events of stored messages, in their order. A message that cannot be read has none: the dispatcher refuses it, too. */
export function eventsOf(messages: readonly string[]): EnclosedEvent[] {
  return messages.flatMap((message) => {
    let envelope: Envelope;
    try {
      envelope = decodeEnvelope(message);
    } catch {
      return [];
    }
    return envelope.events.map((planned) => ({ envelope, planned }));
  });
}

/** Whether a stored event is meant. */
export function isSought({ planned }: EnclosedEvent, filter: EventFilter): boolean {
  const { attributes } = planned.event;
  const { at } = planned.receipt;
  const { id, source, type, from, to } = filter;
  return (
    (id === undefined || attributes.id === id) &&
    (source === undefined || attributes.source === source) &&
    (type === undefined || attributes.type === type) &&
    (from === undefined || at >= from) &&
    (to === undefined || at < to)
  );
}

/** A stored event as a page shows it. */
export function toKept(
  { envelope, planned }: EnclosedEvent,
  place: Pick<KeptEvent, 'position' | 'settled'>,
  withEvent: boolean,
): KeptEvent {
  const { event, receipt, index, deliveries, laned } = planned;
  const { id, source, type } = event.attributes;
  return {
    ...place,
    eventId: id.slice(0, nameLength),
    source: source.slice(0, nameLength),
    type: type.slice(0, nameLength),
    receipt: toReceipt(receipt),
    index,
    version: envelope.version,
    deliveries,
    ...(laned === undefined ? {} : { laned }),
    ...(withEvent ? { event: event.json } : {}),
  };
}

/** The deliveries of events of this id in stored messages that wait; of one bus, where the messages may be of several. */
export function waitingOf(
  messages: readonly string[],
  eventId: string,
  place: Pick<WaitingDelivery, 'dueAt' | 'lane' | 'setAside'>,
  bus?: { readonly tenant: string; readonly bus: string },
): WaitingDelivery[] {
  return eventsOf(messages)
    .filter(({ envelope }) => bus === undefined || (envelope.tenant === bus.tenant && envelope.bus === bus.bus))
    .filter((enclosed) => isSought(enclosed, { id: eventId }))
    .flatMap(({ envelope, planned }) =>
      planned.deliveries.map((delivery) => ({
        ...delivery,
        source: planned.event.attributes.source.slice(0, nameLength),
        receipt: toReceipt(planned.receipt),
        index: planned.index,
        attempts: envelope.attempts,
        ...place,
      })),
    );
}

function toReceipt({ id, at }: Receipt): Receipt {
  return { id, at };
}

import { type CloudEvent, encodeEvent, type EncodedEvent, type EventInput } from './event.ts';
import { TulleRequestError } from './error.ts';
import type { Transport } from './transport.ts';

export interface PublishOptions {
  /** `default` where nothing is said. */
  readonly bus?: string;
  /** After each request of many: how many events are accepted so far. */
  readonly onProgress?: (accepted: number) => void;
}

export interface WaitOptions extends PublishOptions {
  /** Seconds, 1 to 60. */
  readonly wait: number;
}

/** What became of events at their publication: they are durable. */
export interface Accepted {
  readonly accepted: number;
  readonly events: readonly AcceptedEvent[];
}

export interface AcceptedEvent {
  readonly id: string;
  /** Rules that took it. */
  readonly matched: number;
  /** The bus had it already, and left this one out. */
  readonly duplicate?: true;
  /** With `wait`: what became of it. */
  readonly deliveries?: readonly DeliveryOutcome[];
}

export interface DeliveryOutcome {
  readonly rule: string;
  readonly target: string;
  readonly status: 'delivered' | 'dead-lettered' | 'disabled' | 'expired' | 'filtered' | 'pending' | 'retrying';
  readonly attempts: number;
  readonly code?: number;
  readonly reason?: string;
  /** Milliseconds since 1970. */
  readonly nextAt?: number;
  readonly part?: number;
}

export interface Publishing {
  /**
   * Publishes one event or many. Many go in as few requests as the limits allow, one after the other, in their order.
   * @throws PublishError where some of several requests were accepted; TulleRequestError
   */
  publish(events: EventInput | readonly EventInput[], options?: PublishOptions): Promise<Accepted>;
  /** Waits until every delivery has ended, or the time is over; `ended` says which. */
  publishAndWait(event: EventInput, options: WaitOptions): Promise<AcceptedEvent & { readonly ended: boolean }>;
  /**
   * The event that a target replies; `undefined` where none does.
   * @throws TulleRequestError `reply_missing`, `reply_late`: the event is durable all the same
   */
  request(event: EventInput, options: WaitOptions): Promise<CloudEvent | undefined>;
}

/** Some of the requests of one call were accepted before one was not. */
export class PublishError extends Error {
  readonly accepted: Accepted;

  constructor(accepted: Accepted, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${accepted.accepted} events were accepted, then: ${why}`, { cause });
    this.name = 'PublishError';
    this.accepted = accepted;
  }
}

export function createPublishing(transport: Transport): Publishing {
  async function post(bus: string, batch: readonly EncodedEvent[], isOne: boolean): Promise<Accepted> {
    return transport.json<Accepted>({
      ...toRequest(bus, isOne ? (batch[0]?.json ?? '') : `[${batch.map(({ json }) => json).join(',')}]`),
      headers: { 'content-type': isOne ? singleType : batchType },
    });
  }

  return {
    async publish(input, { bus = 'default', onProgress } = {}) {
      if (!isMany(input)) return post(bus, [encodeEvent(input)], true);
      let done: Accepted = { accepted: 0, events: [] };
      for (const batch of toBatches(input.map(encodeEvent))) {
        try {
          const { accepted, events } = await post(bus, batch, false);
          done = { accepted: done.accepted + accepted, events: done.events.concat(events) };
        } catch (error) {
          throw done.accepted === 0 ? error : new PublishError(done, error);
        }
        onProgress?.(done.accepted);
      }
      return done;
    },

    async publishAndWait(input, { bus = 'default', wait }) {
      const response = await transport.send({
        ...toRequest(bus, encodeEvent(input).json),
        headers: { 'content-type': singleType, prefer: `wait=${wait}` },
        timeoutMs: (wait + graceSeconds) * 1_000,
      });
      const { events } = await response.json<Accepted>();
      const [event] = events;
      if (event === undefined)
        throw new TulleRequestError('POST', response.status, { detail: 'The answer has no event.' });
      return { ...event, ended: response.status === 200 };
    },

    async request(input, { bus = 'default', wait }) {
      const response = await transport.send({
        ...toRequest(bus, encodeEvent(input).json),
        headers: { 'content-type': singleType, accept: singleType, prefer: `wait=${wait}, reply` },
        timeoutMs: (wait + graceSeconds) * 1_000,
      });
      return response.status === 200 ? response.json<CloudEvent>() : undefined;
    },
  };
}

/** As few requests as the limits of Tulle allow. An event that is too large goes alone, to be refused with the reason. */
export function toBatches(events: readonly EncodedEvent[]): EncodedEvent[][] {
  const batches: EncodedEvent[][] = [];
  let room = { events: 0, bytes: 0 };
  for (const event of events) {
    if (room.events === 0 || room.bytes < event.bytes + 1) {
      batches.push([]);
      // The brackets.
      room = { events: batchEvents, bytes: batchBytes - 2 };
    }
    batches.at(-1)?.push(event);
    room = { events: room.events - 1, bytes: room.bytes - event.bytes - 1 };
  }
  return batches;
}

const batchEvents = 1_000;
const batchBytes = 4_194_304;
const singleType = 'application/cloudevents+json';
const batchType = 'application/cloudevents-batch+json';
/** What the network takes beside the waiting. */
const graceSeconds = 15;

function toRequest(bus: string, body: string) {
  return { method: 'POST', path: `/v1/buses/${encodeURIComponent(bus)}/events`, body, idempotent: true } as const;
}

function isMany(input: EventInput | readonly EventInput[]): input is readonly EventInput[] {
  return Array.isArray(input);
}

import type { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';

/**
 * A wire protocol that events are published in. One file a protocol, one `defineProtocol` call.
 */
export interface Protocol {
  readonly name: string;
  readonly description: string;
  /** Whether the request speaks this protocol, by its method, address and headers; the body is not read. */
  match(request: Request): boolean;
  /**
   * Reads the body, bounded by `limits`, and answers the events in it.
   * @throws TulleError, always with a status below 500
   */
  decode(request: Request, limits: Limits): Promise<Decoded>;
  /** The answer to the publisher, where the protocol has an answer of its own. */
  respond?(outcome: Outcome): Response;
}

export interface Decoded {
  readonly events: Event[];
  /** The request was a batch: also a batch of one, or of none. */
  readonly batch: boolean;
}

export type Outcome =
  | { readonly ok: true; readonly events: readonly Event[] }
  | { readonly ok: false; readonly error: TulleError };

export interface Limits {
  /** One event, as it is sent and as its JSON text, in bytes. */
  readonly eventBytes: number;
  /** The body of a batch, in bytes, after it was inflated. */
  readonly batchBytes: number;
  readonly batchEvents: number;
  /** The platform ends every body at its `Content-Length` (RFC 9112, 6.2), so that it need not be counted. */
  readonly exactLength?: boolean;
}

export const defaultLimits: Limits = { eventBytes: 1_048_576, batchBytes: 4_194_304, batchEvents: 1_000 };

export function defineProtocol(protocol: Protocol): Protocol {
  return protocol;
}

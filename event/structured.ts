import { dataBytes, dataContentType } from './data.ts';
import type { Event } from './event.ts';

/** What an HTTP request or response carries; a string body stands for its UTF-8 bytes. Header names are lower-case. */
export interface HttpMessage {
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array | null;
}

export const structuredType = 'application/cloudevents+json; charset=UTF-8';
export const batchType = 'application/cloudevents-batch+json; charset=UTF-8';

/** One event in structured mode: its JSON text as it is. */
export function toStructured(event: Event): HttpMessage {
  return { headers: { 'content-type': structuredType }, body: event.json };
}

/** Events in batched mode. */
export function toBatch(events: readonly Event[]): HttpMessage {
  return { headers: { 'content-type': batchType }, body: `[${events.map((event) => event.json).join(',')}]` };
}

/** The payload alone with its media type, for receivers that know no CloudEvents. */
export function toRaw(event: Event): HttpMessage {
  const type = dataContentType(event);
  return { headers: type === undefined ? {} : { 'content-type': type }, body: dataBytes(event) ?? null };
}

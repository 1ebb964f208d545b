/**
 * An event as a publisher writes it: `source` and `type` suffice. Without an `id` it gets one, under which it is also sent
 * again. The `CloudEvent` of the package `cloudevents` is one as well.
 */
export interface EventInput {
  readonly source: string;
  readonly type: string;
  readonly id?: string | undefined;
  readonly specversion?: string;
  readonly subject?: string | undefined;
  /** RFC 3339, or a `Date`. */
  readonly time?: string | Date | undefined;
  readonly datacontenttype?: string | undefined;
  readonly dataschema?: string | undefined;
  /** Any JSON value; bytes travel as base64. */
  readonly data?: unknown;
  readonly data_base64?: string | undefined;
  /** Extension attributes: lower-case letters and digits. */
  readonly [attribute: string]: unknown;
}

/** An event as it comes back. */
export interface CloudEvent {
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly data?: unknown;
  readonly [attribute: string]: unknown;
}

/** An event in the JSON format of CloudEvents, with its id. */
export interface EncodedEvent {
  readonly id: string;
  readonly json: string;
  /** In UTF-8. */
  readonly bytes: number;
}

export function encodeEvent(input: EventInput): EncodedEvent {
  const { data, ...attributes } = toPlain(input);
  const { id = crypto.randomUUID() } = attributes as { id?: string };
  const bytes = toBytes(data);
  const event = {
    specversion: '1.0',
    ...attributes,
    id,
    ...(bytes === undefined ? { data } : { data_base64: toBase64(bytes) }),
  };
  const json = JSON.stringify(event);
  return { id, json, bytes: new TextEncoder().encode(json).length };
}

/** `cloudevents` knows itself how its class becomes JSON. */
function toPlain(input: EventInput): Readonly<Record<string, unknown>> {
  const { toJSON } = input;
  if (typeof toJSON !== 'function') return input;
  return Reflect.apply(toJSON, input, []) as Readonly<Record<string, unknown>>;
}

function toBytes(data: unknown): Uint8Array | undefined {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return undefined;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  // In parts: an engine takes some ten thousand arguments.
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}

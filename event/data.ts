import { isJsonMediaType } from './attribute-formats.ts';
import { fromBase64 } from './base64.ts';
import type { Event } from './event.ts';
import { parseJson } from './parse-json.ts';

/**
 * The payload as it goes out on its own: a string stands for its UTF-8 bytes, `undefined` for no payload.
 * JSON is the very text that came in; other `data` that is a JSON string is what the string says.
 */
export function dataBytes(event: Event): string | Uint8Array | undefined {
  const text = dataText(event);
  if (text === undefined) return undefined;
  if (event.data?.member === 'data_base64') return fromBase64(JSON.parse(text) as string);
  if (isJsonData(event) || !text.trimStart().startsWith('"')) return text;
  return JSON.parse(text) as string;
}

/** The JSON text of `data`, or of `data_base64` with its quotes, just as it stands in the event. */
export function dataText(event: Event): string | undefined {
  return event.data === undefined ? undefined : event.json.slice(event.data.start, event.data.end);
}

/** The payload as a value: what `data` holds, or the base64 string of `data_base64`. */
export function dataValue(event: Event): unknown {
  const text = dataText(event);
  return text === undefined ? undefined : parseJson(text);
}

/** The media type of the payload: `application/json` is implied for `data` without `datacontenttype`. */
export function dataContentType(event: Event): string | undefined {
  const declared = event.attributes.datacontenttype;
  if (typeof declared === 'string') return declared;
  return event.data?.member === 'data' ? 'application/json' : undefined;
}

function isJsonData(event: Event): boolean {
  const type = dataContentType(event);
  return type !== undefined && isJsonMediaType(type);
}

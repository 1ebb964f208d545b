import { hasUtf8Charset, isJsonMediaType } from './attribute-formats.ts';
import { toBase64 } from './base64.ts';
import { TulleError } from './error.ts';
import type { Attributes, DataSpan, Event } from './event.ts';
import { endOfText, newScan, scanJson } from './json-scan.ts';

/**
 * Puts a payload that came as bytes into an event: JSON is embedded as it is, text as a string, anything else as base64.
 * The same bytes go out again.
 * @param json the event's JSON text, still without its closing brace
 * @param type the media type of the bytes
 * @param body `undefined` when there is none; an empty body of a JSON type is no valid JSON
 * @throws TulleError `json_invalid`
 */
export function withPayload(
  json: string,
  attributes: Attributes,
  type: string | null,
  body: Uint8Array | undefined,
): Event {
  const payload = readPayload(type, body);
  if (payload === undefined) return { json: `${json}}`, attributes, data: undefined, duplicateKeys: false };
  const head = `${json},"${payload.member}":`;
  return {
    json: `${head}${payload.text}}`,
    attributes,
    data: { member: payload.member, start: head.length, end: head.length + payload.text.length },
    duplicateKeys: payload.duplicateKeys,
  };
}

export interface Payload {
  readonly member: DataSpan['member'];
  /** JSON text. */
  readonly text: string;
  readonly duplicateKeys: boolean;
}

/** What bytes are as a member of an event; `undefined` for none. @throws TulleError `json_invalid` */
export function readPayload(type: string | null, body: Uint8Array | undefined): Payload | undefined {
  if (body === undefined) return undefined;
  if (type !== null && isJsonMediaType(type)) {
    const text = decodeUtf8(body);
    if (text === undefined) throw notUtf8();
    scanJson(text, 0, scan, 1);
    endOfText(text, scan.end);
    return { member: 'data', text, duplicateKeys: scan.duplicateKeys };
  }
  if (body.length === 0) return undefined;
  if (type !== null && /^text\//i.test(type) && hasUtf8Charset(type)) {
    const text = decodeUtf8(body);
    const escaped = text === undefined ? undefined : JSON.stringify(text);
    if (escaped !== undefined && escaped.length <= mostEscaped(body.length)) {
      return { member: 'data', text: escaped, duplicateKeys: false };
    }
  }
  return { member: 'data_base64', text: `"${toBase64(body)}"`, duplicateKeys: false };
}

/** Escapes can make a text six times as long, base64 a third longer: a large text that hardly is one goes as bytes. */
function mostEscaped(bytes: number): number {
  return Math.max(bytes * 1.5, 262_144);
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function notUtf8(): TulleError {
  return new TulleError('json_invalid', 'The JSON body is not valid UTF-8', {
    place: 'body',
    mend: 'Send JSON encoded in UTF-8 (RFC 8259, section 8.1).',
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const scan = newScan();

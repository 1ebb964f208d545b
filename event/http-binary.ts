import { hasUtf8Charset, isJsonMediaType } from './attribute-formats.ts';
import { checkAttribute, checkRequired } from './attributes.ts';
import { toBase64 } from './base64.ts';
import { TulleError } from './error.ts';
import type { Attributes, AttributeValue, DataSpan, Event } from './event.ts';
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts';
import { endOfText, newScan, scanJson } from './json-scan.ts';
import { toRaw } from './structured.ts';
import type { HttpMessage } from './structured.ts';

/**
 * Reads an event in binary mode (CloudEvents HTTP binding 1.0, 3.1): attributes from `ce-` headers, the body as data.
 * The same bytes go out again: JSON is embedded as it is, text as a string, anything else as base64.
 * @param body `undefined` when there is none; an empty body of a JSON type is no valid JSON
 * @throws TulleError `event_invalid` with the header's name, `json_invalid`
 */
export function fromBinary(headers: Headers, body: Uint8Array | undefined): Event {
  const attributes = Object.create(null) as Record<string, AttributeValue>;
  let json = '{"specversion":"1.0"';
  const add = (name: string, text: string): void => {
    attributes[name] = checkAttribute(name, text, headerPlace);
    if (name !== 'specversion') json += `,"${name}":${JSON.stringify(text)}`;
  };
  headers.forEach((value, header) => {
    if (!header.startsWith('ce-')) return;
    const name = header.slice(3);
    if (name === 'datacontenttype') throw contentTypeTwice();
    if (joinsTwo(name, value)) throw sentTwice(header);
    add(name, decodeHeaderValue(value, header));
  });
  checkRequired(attributes, headerPlace);
  const type = headers.get('content-type');
  if (type !== null) add('datacontenttype', type);

  const payload = readPayload(type, body);
  if (payload === undefined) {
    return { json: `${json}}`, attributes: attributes as Attributes, data: undefined, duplicateKeys: false };
  }
  json += `,"${payload.member}":`;
  return {
    json: `${json}${payload.text}}`,
    attributes: attributes as Attributes,
    data: { member: payload.member, start: json.length, end: json.length + payload.text.length },
    duplicateKeys: payload.duplicateKeys,
  };
}

/** The event in binary mode. Attribute values are percent-encoded, the payload goes as it came. */
export function toBinary(event: Event): HttpMessage {
  const { headers, body } = toRaw(event);
  for (const name of Object.keys(event.attributes)) {
    if (name !== 'datacontenttype') headers[`ce-${name}`] = encodeHeaderValue(String(event.attributes[name]));
  }
  return { headers, body };
}

interface Payload {
  member: DataSpan['member'];
  text: string;
  duplicateKeys: boolean;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const scan = newScan();

function readPayload(type: string | null, body: Uint8Array | undefined): Payload | undefined {
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

/** Headers sent twice arrive joined by comma and space, which a validly encoded value never holds. */
function joinsTwo(name: string, value: string): boolean {
  return (name === 'id' || name === 'type') && value.includes(', ');
}

function headerPlace(name: string): string {
  return name === 'datacontenttype' ? 'content-type' : `ce-${name.slice(0, 65)}`;
}

function contentTypeTwice(): TulleError {
  return new TulleError('event_invalid', 'In binary mode datacontenttype is not a header of its own', {
    place: 'ce-datacontenttype',
    mend: 'Send the media type of the data as Content-Type and leave ce-datacontenttype out.',
  });
}

function sentTwice(header: string): TulleError {
  return new TulleError('event_invalid', `The header ${header} was sent twice, or has a space that is not encoded`, {
    place: header,
    mend: 'Send the header once, and a space in its value as %20.',
  });
}

function notUtf8(): TulleError {
  return new TulleError('json_invalid', 'The JSON body is not valid UTF-8', {
    place: 'body',
    mend: 'Send JSON encoded in UTF-8 (RFC 8259, section 8.1).',
  });
}

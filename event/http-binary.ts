import { checkAttribute, checkRequired } from './attributes.ts';
import { withPayload } from './binary-payload.ts';
import { TulleError } from './error.ts';
import type { Attributes, AttributeValue, Event } from './event.ts';
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts';
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

  return withPayload(json, attributes as Attributes, type, body);
}

/** The event in binary mode. Attribute values are percent-encoded, the payload goes as it came. */
export function toBinary(event: Event): HttpMessage {
  const { headers, body } = toRaw(event);
  for (const name of Object.keys(event.attributes)) {
    if (name !== 'datacontenttype') headers[`ce-${name}`] = encodeHeaderValue(String(event.attributes[name]));
  }
  return { headers, body };
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

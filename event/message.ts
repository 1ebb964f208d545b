import { checkAttribute, checkRequired } from './attributes.ts';
import { toBase64 } from './base64.ts';
import { withPayload } from './binary-payload.ts';
import { dataBytes, dataContentType } from './data.ts';
import { TulleError } from './error.ts';
import type { Attributes, AttributeValue, Event } from './event.ts';
import { decodeHeaderValue, encodeHeaderValue } from './header-value.ts';
import { fromJson } from './json-format.ts';
import { structuredType } from './structured.ts';

/**
 * How the messages of a broker carry events (CloudEvents 1.0.2, protocol bindings). All of them are alike: attributes as
 * properties with a prefix and the payload as the body, or the whole event as the body, told by its media type.
 */
export interface MessageBinding {
  /** What the names of attributes begin with among the properties; the first is the one that is written. */
  readonly prefixes: readonly string[];
  /** The property that holds the media type of the payload, where that has no place of its own. */
  readonly contentType?: string;
  /** Property names in any case. */
  readonly ignoresCase?: boolean;
  /** Values are percent-encoded as in HTTP. */
  readonly isPercentEncoded?: boolean;
}

/** AMQP binding: application properties (in AMQP 0-9-1: headers), the content type is a property of the message. */
export const amqpBinding: MessageBinding = { prefixes: ['cloudEvents_', 'cloudEvents:'] };

/** MQTT 5 binding: user properties, named as the attributes are. In MQTT 3.1.1 there are none: structured mode only. */
export const mqttBinding: MessageBinding = { prefixes: [''] };

/** NATS binding: headers, values encoded as in HTTP; the media type of the payload is an attribute like any other. */
export const natsBinding: MessageBinding = {
  prefixes: ['ce-'],
  contentType: 'ce-datacontenttype',
  ignoresCase: true,
  isPercentEncoded: true,
};

/** Kafka binding: headers, UTF-8 as it is; the content type is the header of that name. */
export const kafkaBinding: MessageBinding = { prefixes: ['ce_'], contentType: 'content-type' };

export interface IncomingMessage {
  /** The message's own content type, where the protocol has one. */
  readonly contentType: string | undefined;
  readonly properties: Iterable<readonly [name: string, value: unknown]>;
  readonly body: Uint8Array;
}

export interface OutgoingMessage {
  /** The media type of the body. */
  readonly contentType: string | undefined;
  readonly properties: Record<string, AttributeValue>;
  /** A string stands for its UTF-8 bytes. */
  readonly body: string | Uint8Array;
}

/** The binary and the structured mode of CloudEvents, or the payload alone. */
export type MessageContent = 'binary' | 'structured' | 'raw';

/**
 * The event that a message carries; `undefined` when it does not say that it is one: its content type is none of
 * CloudEvents, and one of the four required attributes is not among its properties.
 * @throws TulleError `event_invalid`, `json_invalid`, `media_type_unsupported` when it says so and is none
 */
export function fromMessage(
  binding: MessageBinding,
  { contentType, properties, body }: IncomingMessage,
): Event | undefined {
  if (isStructured(contentType)) return fromStructured(contentType ?? '', body);
  const found = attributesOf(binding, properties);
  if (!required.every((name) => found.has(name))) return undefined;
  const attributes = Object.create(null) as Record<string, AttributeValue>;
  let json = '';
  const declared = textOf(decode(binding, 'datacontenttype', found.get('datacontenttype')));
  const type = (binding.contentType === undefined ? (contentType ?? declared) : (declared ?? contentType)) ?? null;
  for (const [name, value] of found) {
    if (name === 'datacontenttype') continue;
    const attribute = checkAttribute(name, decode(binding, name, value), placeOf);
    attributes[name] = attribute;
    json += `${json === '' ? '{' : ','}"${name}":${JSON.stringify(attribute)}`;
  }
  checkRequired(attributes, placeOf);
  if (type !== null) {
    attributes['datacontenttype'] = checkAttribute('datacontenttype', type, placeOf);
    json += `,"datacontenttype":${JSON.stringify(type)}`;
  }
  // A message always has a body: an empty one is no payload.
  return withPayload(json, attributes as Attributes, type, body.length === 0 ? undefined : body);
}

/** The message that carries an event. Values of properties are as the attributes are, or texts where the binding encodes. */
export function toMessage(binding: MessageBinding, event: Event, content: MessageContent): OutgoingMessage {
  if (content === 'structured') return { contentType: structuredType, properties: {}, body: event.json };
  const contentType = dataContentType(event);
  const body = dataBytes(event) ?? '';
  const properties: Record<string, AttributeValue> = {};
  if (contentType !== undefined && binding.contentType !== undefined) {
    properties[binding.contentType] = encode(binding, contentType);
  }
  if (content === 'raw') return { contentType, properties, body };
  const [prefix = ''] = binding.prefixes;
  for (const [name, value] of Object.entries(event.attributes)) {
    if (name !== 'datacontenttype') properties[`${prefix}${name}`] = encode(binding, value);
  }
  return { contentType, properties, body };
}

const required = ['specversion', 'id', 'source', 'type'] as const;

function isStructured(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/cloudevents\b/i.test(contentType);
}

function fromStructured(contentType: string, body: Uint8Array): Event {
  if (!/^application\/cloudevents\+json[ \t]*(?:;|$)/i.test(contentType)) {
    throw new TulleError('media_type_unsupported', `No event is read from ${contentType.slice(0, 100)}`, {
      mend: 'Send one event a message, in the JSON format: application/cloudevents+json.',
    });
  }
  return fromJson(decodeText(body));
}

function decodeText(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new TulleError('json_invalid', 'The message is not valid UTF-8', { mend: 'Send JSON encoded in UTF-8.' });
  }
}

/** Other properties are the broker's and the application's: they have no prefix, or a name that no attribute can have. */
function attributesOf(
  binding: MessageBinding,
  properties: IncomingMessage['properties'],
): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const { prefixes, contentType, ignoresCase = false } = binding;
  for (const [given, value] of properties) {
    const property = ignoresCase ? given.toLowerCase() : given;
    const prefix = prefixes.find((one) => property.startsWith(one));
    const name = property === contentType ? 'datacontenttype' : property.slice(prefix?.length ?? 0);
    const isAttribute = property === contentType || (prefix !== undefined && attributeName.test(name));
    if (!isAttribute || name === 'data' || value === null || value === undefined) continue;
    if (found.has(name)) {
      throw new TulleError('event_invalid', `The message names the attribute ${name} twice`, {
        place: name,
        mend: 'Send every attribute once.',
      });
    }
    found.set(name, value);
  }
  return found;
}

const attributeName = /^[a-z0-9]{1,64}$/;

function decode({ isPercentEncoded }: MessageBinding, name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64(value);
  return isPercentEncoded && typeof value === 'string' ? decodeHeaderValue(value, name) : value;
}

function encode({ isPercentEncoded }: MessageBinding, value: AttributeValue): AttributeValue {
  return isPercentEncoded ? encodeHeaderValue(String(value)) : value;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function placeOf(name: string): string {
  return name.slice(0, 65);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

import { toBase64 } from '../../event/base64.ts';
import { dataBytes, dataContentType } from '../../event/data.ts';
import type { Event } from '../../event/event.ts';
import { type MessageBinding, type MessageContent, toMessage } from '../../event/message.ts';
import { toBuffer } from './endpoint.ts';
import type { BrokerMessage } from './messages.ts';

/**
 * Redis has no binding of CloudEvents. Its fields are taken as MQTT's user properties are: named as the attributes, with the
 * payload in `data` and its media type in `datacontenttype`; in structured mode that is the media type of CloudEvents.
 */
export const redisBinding: MessageBinding = { prefixes: [''], contentType: 'datacontenttype' };

/** An entry as Redis answers it: its id, and its fields and their values in turn. */
export type Entry = readonly [id: Uint8Array, fields: readonly Uint8Array[]];

/** What is no event and no single payload is an object of its fields. */
export function toEntryMessage(stream: string, [idBytes, flat]: Entry): BrokerMessage {
  const id = toText(idBytes) as string;
  const fields = pairsOf(flat);
  const last = new Map(fields);
  const about = { id: `${stream}:${id}`, subject: stream, time: timeOf(id) };
  const declared = last.get('datacontenttype');
  const contentType = declared === undefined ? undefined : String(toText(declared));
  const data = last.get('data') ?? new Uint8Array();
  const isEvent = required.every((name) => last.has(name)) || /^application\/cloudevents/i.test(contentType ?? '');
  const isPayload = fields.every(([name]) => name === 'data' || name === 'datacontenttype');
  if (!isEvent && !isPayload) {
    const body = utf8.encode(JSON.stringify(toObject(fields)));
    return { ...about, contentType: 'application/json', properties: [], body };
  }
  const properties = fields.filter(([name]) => name !== 'data').map(([name, value]) => [name, toText(value)] as const);
  return { ...about, contentType, properties, body: data };
}

/** The fields of an event and their values in turn. */
export function toFields(event: Event, content: MessageContent): readonly (string | Buffer)[] {
  const { contentType, properties, body } = toMessage(redisBinding, event, content);
  const fields: (string | Buffer)[] = [];
  for (const [name, value] of Object.entries(properties)) fields.push(name, String(value));
  if (content === 'structured') fields.push('datacontenttype', contentType ?? '');
  if (content !== 'binary' || hasData(event)) fields.push('data', toBuffer(body));
  return fields;
}

function hasData(event: Event): boolean {
  return dataContentType(event) !== undefined && dataBytes(event) !== undefined;
}

const required = ['specversion', 'id', 'source', 'type'];

function pairsOf(flat: readonly Uint8Array[]): (readonly [string, Uint8Array])[] {
  const pairs: (readonly [string, Uint8Array])[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    pairs.push([loose.decode(flat[at]), flat[at + 1] ?? new Uint8Array()]);
  }
  return pairs;
}

/** A field that is there several times is a list. */
function toObject(fields: readonly (readonly [string, Uint8Array])[]): object {
  const values = new Map<string, unknown>();
  for (const [name, bytes] of fields) {
    const text = toText(bytes);
    const value = typeof text === 'string' ? text : { base64: toBase64(text) };
    const before = values.get(name);
    values.set(
      name,
      !values.has(name) ? value : Array.isArray(before) ? [...(before as unknown[]), value] : [before, value],
    );
  }
  return Object.fromEntries(values);
}

/** Bytes stay bytes where they are no text. */
function toText(bytes: Uint8Array): string | Uint8Array {
  try {
    return strict.decode(bytes);
  } catch {
    return bytes;
  }
}

/** Redis puts the time into the ids that it makes; one that somebody chose is none. */
function timeOf(id: string): string | undefined {
  const milliseconds = Number(id.split('-')[0]);
  return milliseconds >= year2000 && milliseconds < year2100 ? new Date(milliseconds).toISOString() : undefined;
}

const year2000 = 946_684_800_000;
const year2100 = 4_102_444_800_000;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const loose = new TextDecoder();
const utf8 = new TextEncoder();

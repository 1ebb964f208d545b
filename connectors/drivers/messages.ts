import { isMediaType } from '../../event/attribute-formats.ts';
import { toBase64 } from '../../event/base64.ts';
import { type Payload, readPayload } from '../../event/binary-payload.ts';
import { dataText } from '../../event/data.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { fromMessage, type IncomingMessage, type MessageBinding } from '../../event/message.ts';
import type { PoisonRecord, SourceRecord } from '../../mesh/connector/source.ts';

/** A message of a broker, with what it is called where it carries no CloudEvent. */
export interface BrokerMessage extends IncomingMessage {
  readonly id: string;
  readonly subject?: string | undefined;
  /** RFC 3339. */
  readonly time?: string | undefined;
}

export interface ReadMessages {
  readonly records: readonly SourceRecord[];
  readonly poison: readonly PoisonRecord[];
}

/**
 * Messages as records: a CloudEvent by the binding is itself, of any other the payload is the data. A message that says
 * that it is an event, or JSON, and is not, is set aside.
 */
export function readMessages(binding: MessageBinding, messages: readonly BrokerMessage[]): ReadMessages {
  const records: SourceRecord[] = [];
  const poison: PoisonRecord[] = [];
  for (const message of messages) {
    try {
      if (message.body.length > eventLimit) throw new TulleError('too_large', 'The message is larger than 1 MiB');
      const event = fromMessage(binding, message);
      records.push(event === undefined ? toRecord(message) : toRecordOfEvent(event));
    } catch (error) {
      if (!TulleError.is(error)) throw error;
      poison.push({ record: toPoison(message), reason: reasonOf(error) });
    }
  }
  return { records, poison };
}

function toRecordOfEvent(event: Event): SourceRecord {
  const { specversion: _specversion, ...attributes } = event.attributes;
  const text = dataText(event);
  if (text === undefined) return attributes as SourceRecord;
  if (event.data?.member === 'data_base64')
    return { ...attributes, data_base64: JSON.parse(text) as string } as SourceRecord;
  return { ...attributes, dataJson: text } as SourceRecord;
}

function toRecord({ id, subject, time, contentType, body }: BrokerMessage): SourceRecord {
  return {
    id,
    ...(subject === undefined || subject === '' ? {} : { subject: subject.toWellFormed() }),
    ...(time === undefined ? {} : { time }),
    ...toData(contentType, body),
  };
}

/** What it says it is; where it says nothing: JSON if it is that, else a text, else bytes. */
function toData(declared: string | undefined, body: Uint8Array): Partial<SourceRecord> {
  if (body.length === 0) return {};
  if (declared !== undefined && isMediaType(declared)) return toMembers(readPayload(declared, body), declared);
  try {
    return toMembers(readPayload('application/json', body));
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    const text = readPayload('text/plain', body);
    return toMembers(text, text?.member === 'data' ? 'text/plain' : 'application/octet-stream');
  }
}

function toMembers(payload: Payload | undefined, datacontenttype?: string): Partial<SourceRecord> {
  const type = datacontenttype === undefined ? {} : { datacontenttype };
  if (payload === undefined) return type;
  if (payload.member === 'data') return { ...type, dataJson: payload.text };
  return { ...type, data_base64: JSON.parse(payload.text) as string };
}

function reasonOf({ code, message, place }: TulleError): string {
  const said = code === 'json_invalid' ? `It is no valid JSON: ${message}` : message;
  return place ? `${said} (${place})` : said;
}

/** The start of it: enough to see what it is. */
function toPoison({ id, subject, contentType, properties, body }: BrokerMessage): unknown {
  const start = body.subarray(0, poisonBytes);
  const named = [...properties].slice(0, 64).map(([name, value]) => [name.slice(0, 100), String(value).slice(0, 200)]);
  return { id, subject, contentType, properties: named, bytes: body.length, body_base64: toBase64(start) };
}

/** As of what is published. */
const eventLimit = 1_048_576;
const poisonBytes = 4_096;

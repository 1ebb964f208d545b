import { toBase64 } from '../../event/base64.ts';
import { kafkaBinding } from '../../event/message.ts';
import type { PoisonRecord, SourceRecord } from '../../mesh/connector/source.ts';
import type { KafkaRecord } from './kafka-batches.ts';
import { readMessages } from './messages.ts';

export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
}

/** What one record becomes: one of the two has one item. */
export interface ReadRecord {
  readonly records: readonly SourceRecord[];
  readonly poison: readonly PoisonRecord[];
}

/**
 * A record as a record of a source. A CloudEvent by the Kafka binding is itself; of any other the value is the data, the
 * place its id. The key is `partitionkey`, as the partitioning extension of CloudEvents has it. `names` are headers that
 * become attributes.
 */
export function readRecord(
  { offset, timestamp, key, value, headers }: KafkaRecord,
  { topic, partition }: RecordPlace,
  names: readonly string[] = [],
): ReadRecord {
  const texts = headers.map(([name, content]) => [textOf(name) ?? '', textOf(content) ?? ''] as const);
  const message = {
    id: `${topic}:${partition}:${offset}`,
    time: timestamp >= 0 ? new Date(timestamp).toISOString() : undefined,
    contentType: texts.findLast(([name]) => name.toLowerCase() === 'content-type')?.[1],
    properties: texts,
    body: value ?? new Uint8Array(),
  };
  const { records, poison } = readMessages(kafkaBinding, [message]);
  const partitionkey = textOf(key);
  const added: Record<string, unknown> = {};
  if (partitionkey !== undefined && partitionkey !== '') added['partitionkey'] = partitionkey;
  for (const name of names) {
    const text = texts.findLast(([one]) => one === name)?.[1];
    if (text !== undefined && text !== '') added[attributeNameOf(name)] = text;
  }
  return { records: records.map((record) => ({ ...added, ...markOf(record, value), ...record })), poison };
}

/** Of a position: of each partition the offset of the next record. */
export const offsetsSchema = {
  type: 'object',
  maxProperties: 4_096,
  patternProperties: { '^(?:0|[1-9][0-9]{0,5})$': { type: 'integer', minimum: 0, description: 'of the next record' } },
  additionalProperties: false,
  description: 'by partition',
} as const;

/** `x-tenant` is the attribute `xtenant`: names of attributes are letters and digits. */
export function attributeNameOf(header: string): string {
  return header.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** A record without a value says that its key is deleted; a CloudEvent without data says nothing of the kind. */
function markOf({ source }: SourceRecord, value: Uint8Array | null): { readonly tombstone?: true } {
  return value === null && source === undefined ? { tombstone: true } : {};
}

/** What is not UTF-8 goes as base64: keys are often binary numbers. */
function textOf(bytes: Uint8Array | null): string | undefined {
  if (bytes === null) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return toBase64(bytes);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

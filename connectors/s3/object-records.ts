import { TulleError } from '../../event/error.ts';
import { parseJson } from '../../event/parse-json.ts';
import { compilePick, type Pick as PickValue } from '../../mesh/connector/expression.ts';
import type { PoisonRecord, SourceRecord } from '../../mesh/connector/source.ts';
import type { RecordExpressions } from '../sources/http-records.ts';
import type { ListedObject } from './answer.ts';
import type { Bucket } from './bucket.ts';
import { readFields } from './csv.ts';
import { ObjectFailure, readText } from './object-text.ts';
import { type Row, rowBytes, splitRows } from './rows.ts';

export interface FormatOptions extends RecordExpressions {
  readonly format?: 'object' | 'lines' | 'json' | 'csv';
  /** Of CSV; default a comma. */
  readonly delimiter?: string;
}

/** How far an object was read. */
export interface Reading {
  /** Of the next row, as the text is inflated; of `json` how many records were taken. */
  readonly offset: number;
  readonly gzip?: boolean;
  /** What the head of a CSV names its columns. */
  readonly columns?: readonly string[];
}

export interface Part {
  readonly records: SourceRecord[];
  readonly poison: PoisonRecord[];
  /** `undefined`: it was read to its end. */
  readonly reading: Reading | undefined;
  /** This pull may read no further. */
  readonly isLast: boolean;
  /** There is another object of this key: what was not read of this one is gone. */
  readonly isReplaced?: true;
}

export interface PartLimit {
  readonly records: number;
  readonly bytes: number;
}

/** Turns an object into records, a part of it at a time. */
export type ReadPart = (
  bucket: Bucket,
  object: ListedObject,
  from: Reading | undefined,
  limit: PartLimit,
) => Promise<Part>;

/** @throws TulleError `resource_invalid` for what is no JSONata */
export function createPartReader(options: FormatOptions): ReadPart {
  const { format = 'object', delimiter = ',' } = options;
  const toRecord = createToRecord(options);
  if (format === 'object') return async (bucket, object) => readMetadata(bucket, object, toRecord);
  if (format === 'json') return createJsonReader(options, toRecord);

  return async (bucket, object, from = { offset: 0 }, limit) => {
    const part = { records: [] as SourceRecord[], poison: [] as PoisonRecord[] };
    let { offset, gzip, columns } = from;
    const startedAt = offset;
    const reading = (): Reading => ({
      offset,
      ...(gzip === undefined ? {} : { gzip }),
      ...(columns === undefined ? {} : { columns }),
    });

    function take({ start, text }: Row): void {
      if (text === undefined) {
        part.poison.push({ record: { key: object.key, offset: start }, reason: tooLong });
      } else if (text.trim() !== '') {
        if (format === 'csv' && columns === undefined) columns = readHead(text, delimiter);
        else add(part, object, { start, text, value: () => valueOf(text) });
      }
    }

    function valueOf(text: string): unknown {
      if (format === 'lines') return readJson(text);
      const fields = readFields(text, delimiter);
      if (fields === undefined) throw new TulleError('event_invalid', 'the quotes of the row are wrong');
      const names = columns ?? [];
      if (fields.length !== names.length) {
        throw new TulleError('event_invalid', `the row has ${fields.length} fields, and the head ${names.length}`);
      }
      return Object.fromEntries(names.map((name, index) => [name, fields[index]]));
    }

    function add(
      to: typeof part,
      { key, etag }: ListedObject,
      row: { start: number; text: string; value(): unknown },
    ): void {
      const id = idOf(key, etag, row.start);
      try {
        const value = row.value();
        to.records.push(toRecord(value, { id, object, ...(format === 'lines' ? { text: row.text } : {}) }));
      } catch (error) {
        if (!TulleError.is(error)) throw error;
        to.poison.push({
          record: { key, offset: row.start, row: row.text.slice(0, poisonLength) },
          reason: error.message,
        });
      }
    }

    try {
      const chunks = readText(bucket, object, { offset, gzip, onGzip: (found) => (gzip = found) });
      for await (const row of splitRows(chunks, { offset, ...(format === 'csv' ? { delimiter } : {}) })) {
        take(row);
        offset = row.end;
        const isFull = part.records.length + part.poison.length >= limit.records || offset - startedAt >= limit.bytes;
        if (isFull) return { ...part, reading: reading(), isLast: true };
      }
      return { ...part, reading: undefined, isLast: false };
    } catch (error) {
      if (!(error instanceof ObjectFailure)) throw error;
      return { ...part, ...toEnd(error, object, part.poison, reading()) };
    }
  };
}

const tooLong = `a row is longer than ${rowBytes} bytes, or no UTF-8`;
const poisonLength = 8_192;
const columnsLimit = 500;
const headLength = 16_384;

/** What becomes of an object that cannot be read on. */
function toEnd(
  failure: ObjectFailure,
  { key }: ListedObject,
  poison: PoisonRecord[],
  reading: Reading,
): Pick<Part, 'reading' | 'isLast' | 'isReplaced'> {
  if (failure.kind === 'later') return { reading, isLast: true };
  if (failure.kind === 'changed') return { reading: undefined, isLast: false, isReplaced: true };
  poison.push({ record: { key, offset: reading.offset }, reason: failure.message });
  return { reading: undefined, isLast: false };
}

function readHead(text: string, delimiter: string): readonly string[] {
  const names = text.length > headLength ? undefined : readFields(text, delimiter);
  if (names === undefined) throw new ObjectFailure('broken', 'the head of the CSV cannot be read');
  if (names.length > columnsLimit || new Set(names).size < names.length || names.includes('')) {
    throw new ObjectFailure(
      'broken',
      `the head of the CSV has columns without a name, twice, or above ${columnsLimit}`,
    );
  }
  return names;
}

interface Origin {
  readonly id: string;
  readonly object: ListedObject;
  /** The record as it stands in the object. */
  readonly text?: string;
}

type ToRecord = (value: unknown, origin: Origin) => SourceRecord;

function createToRecord(options: RecordExpressions): ToRecord {
  const pick = (name: keyof RecordExpressions): PickValue | undefined => {
    const text = options[name];
    return text === undefined ? undefined : compilePick(text, `/${name}`);
  };
  const pickId = pick('id');
  const pickData = pick('data');
  const texts = (['type', 'subject', 'time'] as const).map((name) => [name, pick(name)] as const);
  return (value, { id, object, text }) => {
    const own = pickId === undefined ? id : pickId(value);
    if (typeof own !== 'string' && typeof own !== 'number')
      throw new TulleError('event_invalid', 'the record has no id');
    const members: Record<string, unknown> = { subject: object.key.toWellFormed() };
    for (const [name, expression] of texts) {
      const found = expression?.(value);
      if (found !== undefined) members[name] = found;
    }
    if (pickData !== undefined) return { ...members, id: String(own), data: pickData(value) };
    // Numbers that are more than JavaScript's stay as they are.
    return { ...members, id: String(own), ...(text === undefined ? { data: value } : { dataJson: text }) };
  };
}

/** An event for an object, with what the list says of it. */
function readMetadata(bucket: Bucket, object: ListedObject, toRecord: ToRecord): Part {
  const { key, etag, size, modified } = object;
  const time = new Date(modified).toISOString();
  const data = { bucket: bucket.name, key, etag: etag.replaceAll('"', ''), size, modified: time };
  const record = toRecord(data, { id: idOf(key, etag), object });
  return { records: [{ time, ...record }], poison: [], reading: undefined, isLast: false };
}

/** The whole of an object at once: JSON cannot be read from the middle. */
function createJsonReader({ records: where }: RecordExpressions, toRecord: ToRecord): ReadPart {
  const pickRecords = where === undefined ? undefined : compilePick(where, '/records', { isAsIs: true });
  return async (bucket, object, from = { offset: 0 }, limit) => {
    const part = { records: [] as SourceRecord[], poison: [] as PoisonRecord[] };
    let found: readonly unknown[];
    try {
      const whole = readJson(await readWhole(bucket, object, limit.bytes));
      const picked = pickRecords === undefined ? whole : (pickRecords(whole) ?? []);
      found = Array.isArray(picked) ? picked : [picked];
    } catch (error) {
      if (error instanceof ObjectFailure) return { ...part, ...toEnd(error, object, part.poison, from) };
      if (!TulleError.is(error) || error.code === 'unavailable') throw error;
      part.poison.push({ record: { key: object.key }, reason: error.message });
      return { ...part, reading: undefined, isLast: false };
    }
    const end = Math.min(found.length, from.offset + limit.records);
    for (let index = from.offset; index < end; index += 1) {
      try {
        part.records.push(toRecord(found[index], { id: idOf(object.key, object.etag, index), object }));
      } catch (error) {
        if (!TulleError.is(error)) throw error;
        part.poison.push({ record: { key: object.key, index, value: found[index] }, reason: error.message });
      }
    }
    const isLast = end < found.length;
    return { ...part, reading: isLast ? { offset: end } : undefined, isLast };
  };
}

async function readWhole(bucket: Bucket, object: ListedObject, most: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of readText(bucket, object, { offset: 0, gzip: undefined, onGzip: () => undefined })) {
    bytes += chunk.length;
    if (bytes > most)
      throw new ObjectFailure('broken', `the object has more than ${most} bytes: JSON is read as a whole`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new TulleError('json_invalid', 'it is no JSON');
  }
}

/** The same whenever this version of the object is read. */
function idOf(key: string, etag: string, place?: number): string {
  const version = `${key}@${etag.replaceAll('"', '')}`.toWellFormed();
  return place === undefined ? version : `${version}#${place}`;
}

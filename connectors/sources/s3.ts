import { TulleError } from '../../event/error.ts';
import { defineSource, type PoisonRecord, type Position, type SourceRecord } from '../../mesh/connector/source.ts';
import type { ListedObject } from '../s3/answer.ts';
import { openBucket } from '../s3/bucket.ts';
import { locate, type LocationOptions, locationSchema } from '../s3/location.ts';
import { createKeyOrder, createTimeOrder, type OrderPosition, type Scan } from '../s3/object-order.ts';
import { createPartReader, type FormatOptions, type Reading } from '../s3/object-records.ts';
import { recordSchema } from './http-records.ts';

export interface S3SourceOptions extends LocationOptions, FormatOptions {
  readonly prefix?: string;
  readonly suffix?: string;
  /** `key`: keys grow with time (default). `modified`: they do not. */
  readonly order?: 'key' | 'modified';
  /** Seconds, default 900; see `createTimeOrder`. */
  readonly overlapSeconds?: number;
}

/** Where a source is: between objects, or in the middle of one. */
interface S3Position extends OrderPosition {
  readonly object?: ListedObject & Reading;
}

interface Session {
  /** What the last scan found, and the position that it goes with. */
  scan?: { readonly found: Scan; readonly at: string };
}

/** Pulls new objects, or what is in them: at Amazon, and wherever else S3 is spoken. */
export const s3 = defineSource<S3SourceOptions, Session>({
  kind: 's3',
  description: 'Pulls new objects of Amazon S3, R2 or what else speaks S3, or the lines, rows and records in them',
  platforms: ['cloudflare', 'aws', 'node'],
  phases: ['full', 'incremental'],
  schema: {
    type: 'object',
    additionalProperties: false,
    oneOf: [{ required: ['arn', 'region'] }, { required: ['endpoint', 'bucket', 'connection'] }],
    properties: {
      ...locationSchema,
      prefix: { type: 'string', maxLength: 512, description: 'what the keys begin with; default nothing' },
      suffix: { type: 'string', maxLength: 100, description: 'what the keys end with, such as .csv; default nothing' },
      order: {
        enum: ['key', 'modified'],
        description:
          'key (default): keys grow with time, and the next is after the last; modified: all are listed at each run, and those that changed are new',
      },
      overlapSeconds: {
        type: 'integer',
        minimum: 0,
        maximum: 86_400,
        description:
          'with order modified: how much older than the newest an object may be that shows up late, as large uploads do; default 900',
      },
      format: {
        enum: ['object', 'lines', 'json', 'csv'],
        description:
          'object (default): an event says that there is one; lines: each line is JSON; json: the whole is JSON; csv: rows below a head',
      },
      delimiter: {
        type: 'string',
        pattern: '^[\\t !#-~]$',
        description: 'with format csv: what is between fields; default a comma',
      },
      ...recordSchema,
      records: {
        ...recordSchema.records,
        description: 'with format json: JSONata, where the records are; default the whole',
      },
      id: {
        ...recordSchema.id,
        description: 'JSONata on a record; default the key, the version and the place in the object',
      },
    },
  },
  position: {
    type: 'object',
    properties: {
      after: { type: 'string', description: 'with order key: the key after which it goes on' },
      floor: { type: 'number', description: 'with order modified: what is older is done, in ms since 1970' },
      seen: { type: 'array', items: { type: 'string' } },
      object: { type: 'object' },
    },
    additionalProperties: false,
  },
  example: {
    endpoint: 'https://0123456789abcdef.r2.cloudflarestorage.com',
    bucket: 'exports',
    connection: 'warehouse',
    prefix: 'orders/',
    suffix: '.csv.gz',
    order: 'modified',
    format: 'csv',
  },
  guarantees:
    'Objects that begin as gzip does are inflated. A pull that ends in the middle of an object goes on there; a gzip is read again from its start, so keep those below 100 MB. With `order: key` what is added before the last key is not seen. With `order: modified` there may be 30,000 objects under the prefix. An object that is replaced is new, with all of its records. Rows that cannot be read are set aside, with the key and where they are. JSON is read as a whole: up to 16 MiB. `lines` gives the very text of a line as data; fields of `csv` are texts.',

  check(options, policy) {
    locate(options, policy);
    createPartReader(options);
    const { format = 'object', records, delimiter } = options;
    for (const [name, value, needed] of [
      ['records', records, 'json'],
      ['delimiter', delimiter, 'csv'],
    ] as const) {
      if (value === undefined || format === needed) continue;
      throw new TulleError('resource_invalid', `${name} is for format ${needed} only.`, {
        place: `/${name}`,
        mend: `Leave it out, or say format: ${needed}.`,
      });
    }
  },

  open: async () => ({}),

  async pull(stored, context) {
    const { options, limit, session } = context;
    const { prefix = '', suffix = '', order: by = 'key', overlapSeconds = 900 } = options;
    const position = readPosition(stored);
    const bucket = await openBucket(options, context);
    const readPart = createPartReader(options);
    const records: SourceRecord[] = [];
    const poison: PoisonRecord[] = [];
    let { object: current } = position;
    let scan: Scan | undefined;

    async function openOrder() {
      if (by === 'key') return createKeyOrder({ bucket, prefix, suffix }, position);
      const former =
        session.scan !== undefined && session.scan.at === JSON.stringify(stored) ? session.scan.found : undefined;
      const made = await createTimeOrder(
        { bucket, prefix, suffix, overlapMs: overlapSeconds * 1000 },
        position,
        former,
      );
      ({ scan } = made);
      return made.order;
    }
    const order = await openOrder();

    function toPulled(done: boolean, lagsBehind?: ListedObject) {
      const next: S3Position = { ...order.position(), ...(current === undefined ? {} : { object: current }) };
      // A run that begins anew lists anew.
      delete session.scan;
      if (scan !== undefined && !done) session.scan = { found: scan, at: JSON.stringify(next) };
      const lag = lagsBehind === undefined ? {} : { lag: { seconds: (context.now() - lagsBehind.modified) / 1000 } };
      return { records, poison, position: next as Position, done, ...(done ? { lag: { seconds: 0 } } : lag) };
    }

    let bytes = 0;
    for (;;) {
      const object = current ?? (await order.next());
      if (object === undefined) return toPulled(true);
      if (object === 'later') return toPulled(false);
      const isFirst = bucket.made() === 0;
      const part = await readPart(bucket, object, current, {
        records: limit.records - records.length - poison.length,
        bytes: limit.bytes,
      });
      records.push(...part.records);
      poison.push(...part.poison);
      bytes += object.size;
      if (part.isReplaced === true) {
        const again = await order.findAgain(object);
        current = again === undefined ? undefined : { ...again, offset: 0 };
      } else if (part.reading === undefined) current = undefined;
      else if (
        isFirst &&
        part.records.length + part.poison.length === 0 &&
        part.reading.offset === (current?.offset ?? 0)
      ) {
        poison.push({ record: { key: object.key, offset: part.reading.offset }, reason: tooLarge });
        current = undefined;
      } else {
        const { key, etag, size, modified } = object;
        current = { key, etag, size, modified, ...part.reading };
      }
      if (current === undefined) order.finish(object);
      if (part.isLast || bytes >= limit.bytes || records.length + poison.length >= limit.records) {
        return toPulled(false, object);
      }
    }
  },
});

const tooLarge = 'a whole pull does not get through the next row: the object is passed over from here on';

function readPosition(stored: Position | undefined): S3Position {
  const { after, floor, seen, object } = (stored ?? {}) as S3Position;
  return {
    ...(typeof after === 'string' ? { after } : {}),
    ...(typeof floor === 'number' ? { floor } : {}),
    ...(Array.isArray(seen) ? { seen } : {}),
    ...(typeof object === 'object' && object !== null ? { object } : {}),
  };
}

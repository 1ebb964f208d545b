import type { Redis } from 'ioredis';
import { TulleError } from '../../event/error.ts';
import { defineSource, type Lag, type PoisonRecord, type Position, type Pulled } from '../../mesh/connector/source.ts';
import { credentialsOf, readAddress, toDriverFailure } from '../drivers/endpoint.ts';
import { readMessages } from '../drivers/messages.ts';
import { openRedis, redisProtocols } from '../drivers/redis.ts';
import { type Entry, redisBinding, toEntryMessage } from '../drivers/redis-entries.ts';
import { secretProperty } from '../drivers/secret-property.ts';

export interface RedisStreamSourceOptions {
  /** The name of a secret that holds `redis://USER:PASSWORD@HOST:PORT/DATABASE`; `rediss:` is encrypted. */
  readonly secret: string;
  readonly stream: string;
  /** Where the first pull begins; default the start. */
  readonly from?: 'start' | 'end';
}

interface Session {
  readonly redis: Redis;
  readonly hidden: readonly string[];
}

/**
 * Reads a stream from an id on. The position is ours: there is no consumer group, and nothing is left in Redis. Entries that
 * were trimmed before they were read are told as a record that is set aside (Redis 7 and later).
 */
export const redisStream = defineSource<RedisStreamSourceOptions, Session>({
  kind: 'redis-stream',
  description: 'Pulls the entries of a Redis stream',
  platforms: ['node'],
  phases: ['full', 'incremental'],
  schema: {
    type: 'object',
    properties: {
      secret: secretProperty('the name of a secret that holds redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss://…'),
      stream: { type: 'string', minLength: 1, maxLength: 512, description: 'the key of the stream' },
      from: {
        enum: ['start', 'end'],
        description: 'where the first pull begins: at the start (default), or with what is new',
      },
    },
    required: ['secret', 'stream'],
    additionalProperties: false,
  },
  position: {
    type: 'object',
    properties: {
      after: { type: 'string', pattern: '^[0-9]{1,20}-[0-9]{1,20}$', description: 'the entry after which it goes on' },
      count: { type: 'integer', minimum: 0, description: 'the how manieth of all that were ever added it was' },
    },
    required: ['after'],
    additionalProperties: false,
  },
  example: { secret: 'shop-redis', stream: 'orders' },
  guarantees:
    'An entry with the fields of a CloudEvent (`specversion`, `id`, `source`, `type` and `data`) is that event. Of any other the field `data` is the data, or all of its fields are; the id is `stream:entry`. Entries that were trimmed before they were pulled are told: a record with their number is set aside (Redis 7 and later). When the stream was deleted and begun anew with smaller ids, the connector fails until it is restarted.',

  async open(context) {
    const url = await readAddress(context, redisProtocols);
    return { redis: await openRedis(url, context.sockets), hidden: credentialsOf(url) };
  },

  close: async ({ redis }) => redis.disconnect(),

  async pull(stored, { session: { redis, hidden }, options, limit }) {
    try {
      return await read(redis, options, stored, limit);
    } catch (error) {
      throw toDriverFailure('Redis', error, hidden);
    }
  },
});

/** After which entry, and the how manieth it was of all that were ever added (Redis 7 and later). */
type StreamPosition = { readonly after: string; readonly count?: number };

async function read(
  redis: Redis,
  { stream, from = 'start' }: RedisStreamSourceOptions,
  stored: Position | undefined,
  limit: { readonly records: number; readonly bytes: number },
): Promise<Pulled> {
  const position = stored as StreamPosition | undefined;
  const entries: Entry[] = [];
  let after = position?.after ?? '0-0';
  let room = limit.bytes;
  let asked = Math.min(firstRead, limit.records);
  // In one step with the first entries: so the counts are those of the moment at which they were read.
  const { info, found } = await readFirst(redis, stream, after, asked);
  if (position === undefined && from === 'end') {
    return { records: [], position: { after: info.lastId, ...countOf(info.added) }, done: true };
  }
  const gap = position === undefined ? undefined : toGap(stream, position, info);
  let batch = found;
  for (;;) {
    entries.push(...batch);
    for (const entry of batch) room -= sizeOf(entry);
    const last = batch.at(-1);
    if (last !== undefined) after = ids.decode(last[0]);
    const isEnd = batch.length < asked;
    if (isEnd || entries.length >= limit.records || room <= 0) {
      return toPulled({ stream, position, after, entries, info, gap, isEnd, isWhole: isEnd && batch === found });
    }
    // Entries may be of any size.
    const average = (limit.bytes - room) / entries.length;
    asked = Math.min(mostRead, Math.ceil(room / average), limit.records - entries.length);
    batch = await readNext(redis, stream, after, asked);
  }
}

function toPulled(read: {
  readonly stream: string;
  readonly position: StreamPosition | undefined;
  readonly after: string;
  readonly entries: readonly Entry[];
  readonly info: Info;
  readonly gap: PoisonRecord | undefined;
  readonly isEnd: boolean;
  /** Everything there was came with the first reading. */
  readonly isWhole: boolean;
}): Pulled {
  const { stream, position, after, entries, info, gap, isEnd, isWhole } = read;
  const { records, poison } = readMessages(
    redisBinding,
    entries.map((entry) => toEntryMessage(stream, entry)),
  );
  const dropped = info.added === undefined ? 0 : info.added - info.length;
  const passed = Math.max(position?.count ?? 0, dropped);
  const count = info.added === undefined ? undefined : isWhole ? info.added : passed + entries.length;
  const next: StreamPosition = { after, ...countOf(count) };
  return {
    records,
    poison: gap === undefined ? poison : [gap, ...poison],
    position: next,
    done: isEnd,
    lag: lagOf(info, count, isEnd, position, entries.length),
  };
}

function lagOf(
  { added, length }: Info,
  count: number | undefined,
  isEnd: boolean,
  position: StreamPosition | undefined,
  read: number,
): Lag {
  if (isEnd) return { records: 0 };
  if (added !== undefined && count !== undefined) return { records: Math.max(0, added - count) };
  // Before Redis 7 nobody counts: at the start it is the whole stream.
  return position === undefined ? { records: Math.max(0, length - read) } : {};
}

interface Info {
  readonly length: number;
  readonly lastId: string;
  readonly firstId: string | undefined;
  /** Of all times; absent before Redis 7. */
  readonly added: number | undefined;
}

const nothing: Info = { length: 0, lastId: '0-0', firstId: undefined, added: undefined };

async function readFirst(
  redis: Redis,
  stream: string,
  after: string,
  count: number,
): Promise<{ readonly info: Info; readonly found: readonly Entry[] }> {
  const answers = await redis
    .multi()
    .xinfo('STREAM', stream)
    .xreadBuffer('COUNT', count, 'STREAMS', stream, after)
    .exec();
  const [info, read] = answers ?? [];
  if (info === undefined || read === undefined) throw new TulleError('unavailable', 'Redis answered nothing');
  // There is no such stream (yet).
  if (info[0] !== null && /no such key/i.test(info[0].message)) return { info: nothing, found: [] };
  if (info[0] !== null) throw info[0];
  if (read[0] !== null) throw read[0];
  return { info: toInfo(info[1]), found: toEntries(read[1]) };
}

async function readNext(redis: Redis, stream: string, after: string, count: number): Promise<readonly Entry[]> {
  return toEntries(await redis.xreadBuffer('COUNT', count, 'STREAMS', stream, after));
}

function toEntries(answer: unknown): readonly Entry[] {
  const [stream] = (answer ?? []) as readonly (readonly [Uint8Array, readonly Entry[]])[];
  return stream?.[1] ?? [];
}

function toInfo(answer: unknown): Info {
  const flat = answer as readonly unknown[];
  const values = new Map<unknown, unknown>();
  for (let at = 0; at + 1 < flat.length; at += 2) values.set(flat[at], flat[at + 1]);
  const [first] = (values.get('first-entry') ?? []) as readonly unknown[];
  const added = values.get('entries-added');
  return {
    length: Number(values.get('length')),
    lastId: String(values.get('last-generated-id')),
    firstId: typeof first === 'string' ? first : undefined,
    added: typeof added === 'number' ? added : undefined,
  };
}

/**
 * What was dropped of a stream, from either end or out of its middle, is what was added and is not there. More of it than we
 * have passed was dropped ahead of us.
 * @throws TulleError `unavailable` where the stream is another than the one that the position is of
 */
function toGap(stream: string, { after, count }: StreamPosition, info: Info): PoisonRecord | undefined {
  if (info.lastId !== '0-0' && compareIds(info.lastId, after) < 0) {
    throw new TulleError(
      'unavailable',
      `the stream ends at ${info.lastId}, before the position ${after}: it was begun anew, or lost its end in a failover`,
      { mend: 'Restart the connector, so that it reads the stream from the start.' },
    );
  }
  if (info.added === undefined || count === undefined) return undefined;
  const lost = info.added - info.length - count;
  if (lost <= 0) return undefined;
  return {
    record: { stream, after, first: info.firstId ?? null, lost },
    reason: `${lost} entries were trimmed or deleted before they were pulled`,
  };
}

/** `milliseconds-sequence`, each of 64 bits. */
function compareIds(one: string, other: string): number {
  const [a = 0n, b = 0n] = one.split('-').map(BigInt);
  const [c = 0n, d = 0n] = other.split('-').map(BigInt);
  const difference = a === c ? b - d : a - c;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function countOf(count: number | undefined): { readonly count?: number } {
  return count === undefined ? {} : { count };
}

function sizeOf([, fields]: Entry): number {
  return fields.reduce((size, field) => size + field.length, 32);
}

const ids = new TextDecoder();
const firstRead = 32;
const mostRead = 1_000;

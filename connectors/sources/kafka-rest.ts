import { fromBase64 } from '../../event/base64.ts';
import { TulleError } from '../../event/error.ts';
import {
  defineSource,
  type PoisonRecord,
  type Position,
  type PullContext,
  type Pulled,
  type SourceRecord,
} from '../../mesh/connector/source.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import { requireHttps } from '../../mesh/connections/https.ts';
import { offsetsSchema, readRecord } from '../drivers/kafka-records.ts';
import {
  binaryType,
  type CallProxy,
  createProxyCall,
  type KafkaProxyOptions,
  proxyProperties,
} from '../drivers/kafka-rest.ts';

export interface KafkaRestSourceOptions extends KafkaProxyOptions {
  readonly topic: string;
  readonly from?: 'earliest' | 'latest';
  /** What the consumers of this connector are called; a proxy makes a group of that name, which commits nothing. */
  readonly group?: string;
  /** Each value is a CloudEvent in the JSON format: the proxy shows no headers that would say so. */
  readonly events?: boolean;
}

type Context = PullContext<KafkaRestSourceOptions, unknown>;
type Offsets = Map<number, number>;

interface ProxyRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly partition: number;
  readonly offset: number;
}

/** Pulls the records of a Kafka topic through a REST proxy: a consumer for each pull, set to where the task is. */
export const kafkaRest = defineSource<KafkaRestSourceOptions>({
  kind: 'kafka-rest',
  description: 'Pulls the records of a Kafka topic through a REST proxy: Confluent’s, or Karapace',
  platforms: ['cloudflare', 'aws', 'node'],
  divisible: true,
  example: { url: 'https://kafka-rest.example.com', connection: 'kafka-rest', topic: 'orders' },
  guarantees:
    'Offsets are kept as the position of the task; nothing is committed. A pull makes a consumer at the proxy, sets it to these offsets, reads, and deletes it; one that is left behind by a crash ends by the proxy’s own time limit. API v2 shows neither headers nor times of records: CloudEvents in binary mode cannot be told, those in structured mode with `events`. The id of any other record is `topic:partition:offset`, its key the attribute `partitionkey`. Whether records of open or aborted transactions are shown is set at the proxy (`consumer.isolation.level`). Records that were deleted before they were pulled are told as a gap among the records that were set aside.',
  schema: {
    type: 'object',
    properties: {
      ...proxyProperties,
      topic: { type: 'string', pattern: '^[a-zA-Z0-9._-]+$', maxLength: 249, description: 'the topic' },
      from: {
        enum: ['earliest', 'latest'],
        description: 'where a connector begins that has no position yet; default earliest',
      },
      group: {
        type: 'string',
        pattern: '^[a-zA-Z0-9._-]+$',
        maxLength: 100,
        description: 'of the consumers; nothing is committed for it; default tulle',
      },
      events: { type: 'boolean', description: 'each value is a CloudEvent in the JSON format; default false' },
    },
    required: ['url', 'topic'],
    additionalProperties: false,
  },
  position: { type: 'object', properties: { offsets: offsetsSchema }, additionalProperties: false },
  check({ url, connection }, policy) {
    const checked = checkTargetUrl(url, policy, '/url');
    if (connection !== undefined) requireHttps(checked, policy, '/url');
    if (checked.search === '' && checked.hash === '') return;
    throw new TulleError('resource_invalid', 'The URL of a proxy has no query', { place: '/url' });
  },

  async pull(stored, context) {
    const { group = 'tulle', topic } = context.options;
    const call = createProxyCall(context);
    const offsets: Offsets = new Map(
      Object.entries((stored?.['offsets'] ?? {}) as Record<string, number>).map(([index, at]) => [Number(index), at]),
    );
    const partitions = await findPartitions(call, context);
    if (stored === undefined && context.options.from === 'latest') {
      for (const partition of partitions) offsets.set(partition, (await findRange(call, topic, partition)).end);
      return { records: [], position: toPosition(offsets), done: true };
    }
    const instance = await createInstance(call, group);
    try {
      await seek(call, instance, { topic, partitions, offsets });
      return await read(call, instance, { partitions, offsets, context });
    } finally {
      // One that is left ends by itself.
      await call({ method: 'DELETE', path: instance }).catch(() => undefined);
    }
  },
});

async function findPartitions(call: CallProxy, { options, partition: part }: Context): Promise<readonly number[]> {
  const found = await call({ method: 'GET', path: `/topics/${options.topic}/partitions` });
  const numbers = (Array.isArray(found) ? found : []).map((one: { readonly partition?: unknown }) => one.partition);
  const partitions = numbers.filter((one) => typeof one === 'number');
  if (partitions.length === 0) throw new TulleError('unavailable', 'the proxy names no partitions of this topic');
  return partitions.filter((index) => index % part.count === part.index);
}

async function findRange(call: CallProxy, topic: string, partition: number): Promise<{ start: number; end: number }> {
  const range = await call({ method: 'GET', path: `/topics/${topic}/partitions/${partition}/offsets` });
  const { beginning_offset: start, end_offset: end } = range as { beginning_offset?: unknown; end_offset?: unknown };
  if (typeof start === 'number' && typeof end === 'number') return { start, end };
  throw new TulleError('unavailable', 'the proxy does not say which offsets a partition has');
}

/** Answers the path of the consumer. What the proxy calls its address may be one that only its own network knows. */
async function createInstance(call: CallProxy, group: string): Promise<string> {
  const body = { format: 'binary', 'auto.offset.reset': 'earliest', 'auto.commit.enable': 'false' };
  const made = await call({ method: 'POST', path: `/consumers/${group}`, body });
  const { instance_id: id } = made as { readonly instance_id?: unknown };
  if (typeof id === 'string') return `/consumers/${group}/instances/${encodeURIComponent(id)}`;
  throw new TulleError('unavailable', 'the proxy made no consumer');
}

async function seek(
  call: CallProxy,
  instance: string,
  to: { readonly topic: string; readonly partitions: readonly number[]; readonly offsets: Offsets },
): Promise<void> {
  const { topic, partitions, offsets } = to;
  const all = partitions.map((partition) => ({ topic, partition }));
  await call({ method: 'POST', path: `${instance}/assignments`, body: { partitions: all } });
  const known = all.flatMap((place) => {
    const offset = offsets.get(place.partition);
    return offset === undefined ? [] : [{ ...place, offset }];
  });
  const fresh = all.filter(({ partition }) => !offsets.has(partition));
  if (known.length > 0) await call({ method: 'POST', path: `${instance}/positions`, body: { offsets: known } });
  if (fresh.length > 0) {
    await call({ method: 'POST', path: `${instance}/positions/beginning`, body: { partitions: fresh } });
  }
}

async function read(
  call: CallProxy,
  instance: string,
  {
    partitions,
    offsets,
    context,
  }: { readonly partitions: readonly number[]; readonly offsets: Offsets; readonly context: Context },
): Promise<Pulled> {
  const { options, limit } = context;
  const maxBytes = Math.min(limit.bytes, answerBytes);
  const own = new Set(partitions);
  const records: SourceRecord[] = [];
  const poison: PoisonRecord[] = [];
  let left = limit.records;
  let empty = 0;
  for (let reads = 0; reads < mostReads && left > 0 && empty < enoughEmpty; reads += 1) {
    const path = `${instance}/records?timeout=${waitMs}&max_bytes=${maxBytes}`;
    const answer = toRecords(await call({ method: 'GET', path, accept: binaryType }));
    empty = answer.length === 0 ? empty + 1 : 0;
    const ordered = answer
      .filter(({ partition }) => own.has(partition))
      .sort((one, other) => one.partition - other.partition || one.offset - other.offset);
    for (const record of ordered) {
      if (left === 0) break;
      const { partition, offset } = record;
      const wanted = offsets.get(partition);
      if (wanted !== undefined && offset !== wanted)
        poison.push(...(await findGap(call, options.topic, record, wanted)));
      const one = toRecord(record, options);
      records.push(...one.records);
      poison.push(...one.poison);
      offsets.set(partition, offset + 1);
      left -= 1;
    }
  }
  return { records, poison, position: toPosition(offsets), done: left > 0 && empty > 0 };
}

/** A consumer that has just been made often answers nothing at first. */
const enoughEmpty = 2;
const mostReads = 12;
const waitMs = 500;
/** Base64 and what is around it stay below what is read of an answer. */
const answerBytes = 1_500_000;

/** Offsets are left out by compaction and transactions as well: only what is not there any more is a gap. */
async function findGap(
  call: CallProxy,
  topic: string,
  { partition, offset }: ProxyRecord,
  wanted: number,
): Promise<readonly PoisonRecord[]> {
  const { start, end } = await findRange(call, topic, partition);
  if (offset > wanted && start <= wanted) return [];
  const reason =
    offset > wanted
      ? `the records from offset ${wanted} to ${start - 1} of partition ${partition} are gone: they were deleted before they were pulled`
      : `partition ${partition} does not go up to offset ${wanted}: its records are pulled from ${offset} on`;
  return [{ record: { topic, partition, wanted, start, end }, reason }];
}

function toRecords(answer: unknown): readonly ProxyRecord[] {
  if (!Array.isArray(answer)) throw new TulleError('unavailable', 'the proxy answered no list of records');
  return answer.map((one: Partial<ProxyRecord>) => {
    const { key, value, partition, offset } = one;
    if (!Number.isSafeInteger(partition) || !Number.isSafeInteger(offset)) {
      throw new TulleError('unavailable', 'the proxy answered a record without its place');
    }
    return { key: key ?? null, value: value ?? null, partition: partition ?? 0, offset: offset ?? 0 };
  });
}

function toRecord(
  { key, value, partition, offset }: ProxyRecord,
  { topic, events }: KafkaRestSourceOptions,
): ReturnType<typeof readRecord> {
  const headers = events === true && value !== null ? [[contentType, eventType] as const] : [];
  const record = { offset, timestamp: -1, key: toBytes(key), value: toBytes(value), headers };
  return readRecord(record, { topic, partition });
}

const contentType = new TextEncoder().encode('content-type');
const eventType = new TextEncoder().encode('application/cloudevents+json');

function toBytes(text: string | null): Uint8Array | null {
  if (text === null) return null;
  try {
    return fromBase64(text);
  } catch {
    throw new TulleError('unavailable', 'the proxy answered a value that is no base64');
  }
}

function toPosition(offsets: Offsets): Position {
  return { offsets: Object.fromEntries(offsets) };
}

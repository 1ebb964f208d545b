import type { Consumer } from '@platformatic/kafka';
import { TulleError } from '../../event/error.ts';
import type { PoisonRecord, Position, PullContext, Pulled, SourceRecord } from '../../mesh/connector/source.ts';
import { answerOf } from '../drivers/kafka.ts';
import { type KafkaRecord, readBatches } from '../drivers/kafka-batches.ts';
import { readRecord } from '../drivers/kafka-records.ts';

export interface KafkaSourceOptions {
  /** The name of a secret that holds `kafka://USER:PASSWORD@HOST:PORT`. */
  readonly secret: string;
  readonly brokers?: readonly string[];
  readonly topic: string;
  readonly from?: 'earliest' | 'latest';
  /** Names of headers that become attributes. */
  readonly headers?: readonly string[];
}

/** Where a source is: of each partition the offset of the next record. */
export interface KafkaPosition {
  /** The topic's id: a topic that was deleted and made again has another. */
  readonly topic?: string;
  readonly offsets?: Readonly<Record<string, number>>;
}

export interface KafkaSession {
  readonly url: URL;
  readonly consumer: Consumer;
  /** What was fetched beyond what was asked for, by partition. */
  readonly ahead: Map<number, Ahead>;
  /** How far a partition goes, as last heard. */
  readonly ends: Map<number, { readonly committed: number; readonly written: number }>;
  /** Which partition comes first: none has to wait for ever. */
  turn: number;
}

/** Records from `from` on; behind all of them, `next`. */
interface Ahead {
  readonly from: number;
  readonly records: readonly KafkaRecord[];
  readonly next: number;
}

type Context = PullContext<KafkaSourceOptions, KafkaSession>;

/** The records of this task's partitions, each of them in its turn. */
export async function pullKafka(stored: KafkaPosition, context: Context): Promise<Pulled> {
  const { session, options, limit } = context;
  const { topic, headers } = options;
  const partitions = await findPartitions(context);
  const { offsets, poison } = await findOffsets(stored, partitions, context);
  poison.push(...(await fetchAhead(offsets, partitions, context)));

  const records: SourceRecord[] = [];
  const share = Math.ceil(limit.records / Math.max(1, partitions.list.length));
  session.turn += 1;
  const order = partitions.list.map(
    (_, index) => partitions.list[(index + session.turn) % partitions.list.length] ?? 0,
  );
  let left = limit.records;
  // What some leave of their share is for the others.
  for (const most of [share, limit.records]) {
    for (const partition of order) {
      const some = take(partition, Math.min(most, left), offsets, session);
      left -= some.length;
      for (const record of some) {
        const read = readRecord(record, { topic, partition }, headers);
        records.push(...read.records);
        poison.push(...read.poison);
      }
    }
  }

  let behind = 0;
  let isDone = true;
  for (const partition of partitions.list) {
    const end = session.ends.get(partition);
    const offset = offsets.get(partition) ?? 0;
    behind += Math.max(0, (end?.written ?? offset) - offset);
    if (offset < (end?.committed ?? offset)) isDone = false;
  }
  const position = { topic: partitions.topicId, offsets: Object.fromEntries(offsets) } satisfies Position;
  return { records, poison, position, done: isDone, lag: { records: behind } };
}

interface Partitions {
  readonly topicId: string;
  /** This task's. */
  readonly list: readonly number[];
  readonly leaderOf: (partition: number) => number;
}

async function findPartitions({ session, options, partition: part }: Context): Promise<Partitions> {
  const { topics } = await session.consumer.metadata({ topics: [options.topic], metadataMaxAge: metadataMs });
  const topic = topics.get(options.topic);
  if (topic === undefined) throw new TulleError('unavailable', 'Kafka: there is no such topic');
  return {
    topicId: topic.id,
    list: topic.partitions.map((_, index) => index).filter((index) => index % part.count === part.index),
    leaderOf: (partition) => topic.partitions[partition]?.leader ?? -1,
  };
}

/** So soon new partitions are seen. */
const metadataMs = 60_000;

/** Of every partition where it goes on; those that are new begin at their start. */
async function findOffsets(
  { topic: formerTopic, offsets: known }: KafkaPosition,
  { topicId, list }: Partitions,
  context: Context,
): Promise<{ readonly offsets: Map<number, number>; readonly poison: PoisonRecord[] }> {
  const { options } = context;
  const isAnew = formerTopic !== undefined && formerTopic !== topicId;
  const offsets = new Map<number, number>();
  const poison: PoisonRecord[] = [];
  if (isAnew) {
    poison.push({ record: { topic: options.topic, offsets: known ?? {} }, reason: 'the topic was made anew' });
  }
  for (const partition of list) {
    const offset = isAnew ? undefined : known?.[partition];
    if (offset !== undefined) offsets.set(partition, offset);
  }
  const missing = list.filter((partition) => !offsets.has(partition));
  if (missing.length === 0) return { offsets, poison };
  const isStart = known === undefined && options.from === 'latest';
  for (const [partition, offset] of await listOffsets(isStart ? latest : earliest, missing, context)) {
    offsets.set(partition, offset);
  }
  return { offsets, poison };
}

const earliest = -2n;
const latest = -1n;
const readCommitted = 1;

async function listOffsets(
  timestamp: bigint,
  partitions: readonly number[],
  { session, options: { topic } }: Context,
): Promise<ReadonlyMap<number, number>> {
  const listed = await session.consumer.listOffsets({
    topics: [topic],
    partitions: { [topic]: [...partitions] },
    timestamp,
    isolationLevel: readCommitted,
  });
  const offsets = listed.get(topic) ?? [];
  return new Map(partitions.map((partition) => [partition, Number(offsets[partition] ?? 0n)]));
}

/** Fetches where nothing is left, one broker after the other. Answers what was gone before it came to it. */
async function fetchAhead(
  offsets: Map<number, number>,
  partitions: Partitions,
  context: Context,
): Promise<readonly PoisonRecord[]> {
  const { session } = context;
  const wanting = partitions.list.filter((partition) => {
    const ahead = session.ahead.get(partition);
    const isUsable = ahead !== undefined && ahead.from === offsets.get(partition) && ahead.records.length > 0;
    if (!isUsable) session.ahead.delete(partition);
    return !isUsable;
  });
  try {
    await fetchOf(wanting, offsets, partitions, context);
    return [];
  } catch (error) {
    if (answerOf(error)?.id !== 'OFFSET_OUT_OF_RANGE') throw error;
  }
  const gaps = await moveIntoRange(wanting, offsets, context);
  await fetchOf(wanting, offsets, partitions, context);
  return gaps;
}

async function fetchOf(
  wanting: readonly number[],
  offsets: ReadonlyMap<number, number>,
  { topicId, leaderOf }: Partitions,
  { session, limit }: Context,
): Promise<void> {
  const byLeader = Map.groupBy(wanting, leaderOf);
  for (const [node, list] of byLeader) {
    const partitionMaxBytes = Math.max(leastBytes, Math.floor(limit.bytes / Math.max(1, wanting.length)));
    const { responses } = await session.consumer.fetch({
      node,
      minBytes: 1,
      maxBytes: Math.max(leastBytes, limit.bytes),
      maxWaitTime: waitMs,
      isolationLevel: readCommitted,
      topics: [
        {
          topicId,
          partitions: list.map((partition) => ({
            partition,
            currentLeaderEpoch: -1,
            fetchOffset: BigInt(offsets.get(partition) ?? 0),
            lastFetchedEpoch: -1,
            partitionMaxBytes,
          })),
        },
      ],
    });
    for (const fetched of responses.flatMap((response) => response.partitions)) {
      const { partitionIndex, lastStableOffset, highWatermark } = fetched;
      const from = offsets.get(partitionIndex) ?? 0;
      session.ends.set(partitionIndex, { committed: Number(lastStableOffset), written: Number(highWatermark) });
      session.ahead.set(partitionIndex, { from, ...readBatches(fetched, from) });
    }
  }
}

/** A record of a mebibyte, with what belongs to it. */
const leastBytes = 1_100_000;
/** How long a broker waits for records where there are none: the schedule says when the next pull comes. */
const waitMs = 50;

/** Retention took records before they were pulled, or the log was cut: it goes on with what is there, and says so. */
async function moveIntoRange(
  wanting: readonly number[],
  offsets: Map<number, number>,
  context: Context,
): Promise<readonly PoisonRecord[]> {
  const starts = await listOffsets(earliest, wanting, context);
  const ends = await listOffsets(latest, wanting, context);
  const gaps: PoisonRecord[] = [];
  for (const partition of wanting) {
    const wanted = offsets.get(partition) ?? 0;
    const start = starts.get(partition) ?? 0;
    const end = ends.get(partition) ?? start;
    if (wanted >= start && wanted <= end) continue;
    offsets.set(partition, start);
    const record = { topic: context.options.topic, partition, wanted, start, end };
    const reason =
      wanted < start
        ? `the records from offset ${wanted} to ${start - 1} of partition ${partition} are gone: they were deleted before they were pulled`
        : `partition ${partition} ends at ${end}, before offset ${wanted}: its records are pulled from ${start} on`;
    gaps.push({ record, reason });
  }
  return gaps;
}

/** Takes records of one partition, and moves its offset behind them. */
function take(
  partition: number,
  most: number,
  offsets: Map<number, number>,
  { ahead }: KafkaSession,
): readonly KafkaRecord[] {
  const fetched = ahead.get(partition);
  if (fetched === undefined || most <= 0) return [];
  const taken = fetched.records.slice(0, most);
  const rest = fetched.records.slice(most);
  const from = rest[0]?.offset ?? fetched.next;
  offsets.set(partition, from);
  if (rest.length > 0) ahead.set(partition, { ...fetched, from, records: rest });
  else ahead.delete(partition);
  return taken;
}

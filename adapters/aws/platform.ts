import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { Platform } from '../platform.ts';
import { createWaitBoxes } from '../waits.ts';
import { createArchive } from './archive.ts';
import { createBreakers } from './breakers.ts';
import { createClaims } from './claims.ts';
import { type AwsClients, createAwsClients } from './clients.ts';
import { type BatchResult, createSqsConsumer, type SqsRecord } from './consumer.ts';
import { createDynamoDeadLetters } from './dead-letters.ts';
import { createDynamoDocuments } from './documents.ts';
import { createDynamoErasure } from './erasure.ts';
import { createHistory } from './history.ts';
import { createSequence } from './keys.ts';
import { createLanes } from './lanes.ts';
import { createDynamoLedger } from './ledger.ts';
import { createObjects } from './objects.ts';
import type { Message } from './message.ts';
import { createOutbox } from './outbox.ts';
import { createPacker } from './packed.ts';
import { createSqsQueue } from './queue.ts';
import { createReplays } from './replays.ts';
import { createSettler } from './settler.ts';
import { createDynamoSnapshots } from './snapshots.ts';
import { createTable } from './table.ts';
import { createDynamoWaits } from './waits.ts';

/** The names of what an installation has on AWS; region, credentials and endpoints are those of the environment. */
export interface AwsSettings {
  /** `TULLE_TABLE`: a table with the keys `pk` and `sk`, both text, and `ttl` as its time to live. */
  readonly table: string;
  /** `TULLE_QUEUE_URL`: a standard queue, whose messages `consume` is given. */
  readonly queueUrl: string;
  /** `TULLE_BUCKET`: large bodies. */
  readonly bucket: string;
  /** Longer than a function may run that `consume` is called in; 90 where it is absent. */
  readonly leaseSeconds?: number;
}

export interface AwsPlatformOptions {
  readonly settings: AwsSettings;
  /** The mesh's dispatcher. */
  readonly consume: QueueConsumer;
  /** How long a bus keeps its history: the mesh's `retention`. */
  readonly retention: (tenant: string, bus: string) => Promise<number | undefined>;
  readonly now: () => number;
  /** May reject as soon as the signal is aborted. */
  readonly pause: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly report: (message: string, error: unknown) => void;
  readonly clients?: AwsClients;
}

/** What a mesh works on, and what the functions hand to it. */
export interface AwsPlatform {
  readonly ports: Required<
    Pick<Platform, 'documents' | 'snapshots' | 'queue' | 'ledger' | 'deadLetters' | 'replays' | 'erasure' | 'waits'>
  >;
  /** What the queue hands out; never rejects. */
  consumeSqs(records: readonly SqsRecord[]): Promise<BatchResult>;
  /** What the queue's own dead-letter queue hands out: our code died of it, or of what was in a batch with it. */
  guardSqs(records: readonly SqsRecord[]): Promise<BatchResult>;
  /** Once a minute. */
  tick(): Promise<void>;
}

const LEASE_SECONDS = 90;

export function createAwsPlatform(options: AwsPlatformOptions): AwsPlatform {
  const { settings, consume, now, pause, report, clients = createAwsClients() } = options;
  const table = createTable({ name: settings.table, client: clients.dynamo });
  const objects = createObjects({ bucket: settings.bucket, client: clients.s3 });
  const packer = createPacker(objects);
  const sequence = createSequence(now);
  const outbox = createOutbox({ queueUrl: settings.queueUrl, client: clients.sqs, objects, now });
  const send = (messages: readonly Message[]): Promise<void> => outbox.send(messages);
  const leaseMs = (settings.leaseSeconds ?? LEASE_SECONDS) * 1000;
  const breakers = createBreakers({ table, now });
  const lanes = createLanes({
    table,
    packer,
    breakers,
    sequence,
    now,
    leaseMs,
    send,
  });
  const archive = createArchive({ table, packer, sequence, now });
  const history = createHistory({ table, packer, now });
  const boxes = createWaitBoxes({ now, pause });
  const waits = createDynamoWaits({ table, packer, boxes, sequence, now });
  const retention = ({ tenant, bus }: ShardPlace) => options.retention(tenant, bus);
  const deadLetters = createDynamoDeadLetters({
    table,
    packer,
    lanes,
    sequence,
    now,
    send,
    record: async (place, records) => history.write(place, { records }, (await retention(place)) ?? 86_400),
  });
  const settler = createSettler({
    table,
    packer,
    lanes,
    archive,
    history,
    deadLetters,
    waits,
    sequence,
    now,
    retention,
  });
  const claims = createClaims({ table, now });
  const replays = createReplays({ table, packer, archive, lanes, settler, consume, send, now, leaseMs, report });
  const consumer = createSqsConsumer({
    outbox,
    objects,
    lanes,
    settler,
    consume,
    now,
    pause,
    report,
    replay: (place, name) => replays.take(place, name),
  });
  return {
    ports: {
      documents: createDynamoDocuments({ table, packer }),
      snapshots: createDynamoSnapshots({ table, packer, now }),
      queue: createSqsQueue({ outbox, lanes, archive, claims, waits, now, pause }),
      ledger: createDynamoLedger({ table, packer, history, lanes, archive, deadLetters }),
      deadLetters: deadLetters.port,
      replays: replays.port,
      erasure: createDynamoErasure({ table, packer }),
      waits: waits.port,
    },
    consumeSqs: (records) => consumer.consume(records),
    guardSqs: (records) => consumer.guard(records),
    tick: () => history.fold(),
  };
}

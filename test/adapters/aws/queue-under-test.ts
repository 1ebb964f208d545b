import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { BatchResult, SqsRecord } from '../../../adapters/aws/consumer.ts';
import { dueOf } from '../../../adapters/aws/message.ts';
import { type AwsPlatform, createAwsPlatform } from '../../../adapters/aws/platform.ts';
import type { Documents } from '../../../mesh/ports/documents.ts';
import type { Queue } from '../../../mesh/ports/queue.ts';
import type { Snapshots } from '../../../mesh/ports/snapshots.ts';
import type { QueueHost } from '../../conformance/queue.ts';
import type { ArchiveUnderTest } from '../../conformance/replays.ts';
import { pause } from '../../conformance/waits.ts';
import type { AwsServices, Installation } from '../../services/aws.ts';

export interface AwsUnderTest extends ArchiveUnderTest {
  readonly platform: () => AwsPlatform;
  readonly queue: Queue;
  readonly documents: Documents;
  readonly snapshots: Snapshots;
  readonly reported: unknown[];
  /** What the ports send to, where their delays are taken out. */
  readonly sqs: SQSClient;
}

export const address = { tenant: 't', bus: 'b', shard: 0, retentionSeconds: 86_400 };

interface Held {
  readonly record: SqsRecord;
  readonly at: number;
}

/** Runs the function that messages are handed to; `undefined`: its process died before it answered. */
export type Invoke = (run: () => Promise<BatchResult>) => Promise<BatchResult | undefined>;

/** As in storage.yml: after so many times the guard has it. */
const RECEIVES = 5;
const VISIBILITY_MS = 30_000;
const BATCH = 10;
const MAX_DELAY_MS = 900_000;

/**
 * The ports on emulators, as one function among those that share them. Messages go through the emulator's queue; only
 * their delays are the test's, since real ones could not be waited for, and what AWS refuses is refused here.
 */
export function openAws(
  host: QueueHost,
  services: AwsServices,
  installation: Installation,
  invoke: Invoke = (run) => run(),
): AwsUnderTest {
  const { queueUrl, queueName } = installation;
  const sqs = createSqsClient(services.sqsUrl);
  const reported: unknown[] = [];
  let held: Held[] = [];
  let platform = open();

  function open(): AwsPlatform {
    return createAwsPlatform({
      settings: installation,
      consume: (messages, task) => host.consume(messages, task),
      retention: () => Promise.resolve(86_400),
      now: () => host.now(),
      pause,
      report: (_message, error) => reported.push(error),
      clients: { ...services.clients, sqs: () => Promise.resolve(sqs) },
    });
  }

  async function receive(): Promise<void> {
    for (;;) {
      const { Messages: messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: BATCH }),
      );
      if (messages.length === 0) return;
      for (const { MessageId: messageId = '', Body: body = '' } of messages) {
        const record = { messageId, body, attributes: { ApproximateReceiveCount: '1' } };
        held.push({ record, at: Math.min(dueOf(body), host.now() + MAX_DELAY_MS) });
      }
      await sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: messages.map(({ ReceiptHandle: handle }, index) => ({ Id: String(index), ReceiptHandle: handle })),
        }),
      );
    }
  }

  async function handOut(due: readonly Held[]): Promise<void> {
    held = held.filter((message) => !due.includes(message));
    const records = due.map(({ record }) => record);
    const guarded = records.filter((record) => countOf(record) > RECEIVES);
    await handTo(guarded, () => platform.guardSqs(guarded));
    const others = records.filter((record) => countOf(record) <= RECEIVES);
    await handTo(others, () => platform.consumeSqs(others));
  }

  async function handTo(records: readonly SqsRecord[], run: () => Promise<BatchResult>): Promise<void> {
    if (records.length === 0) return;
    const result = await invoke(run);
    if (result === undefined) platform = open();
    const failed = new Set(result?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const record of records) {
      if (result !== undefined && !failed.has(record.messageId)) continue;
      const count = countOf(record) + 1;
      const again = { ...record, attributes: { ApproximateReceiveCount: String(count) } };
      held.push({ record: again, at: host.now() + VISIBILITY_MS });
    }
  }

  return {
    platform: () => platform,
    reported,
    sqs,
    queue: { append: (shard, entries) => platform.ports.queue.append(shard, entries) },
    documents: platform.ports.documents,
    snapshots: platform.ports.snapshots,
    append: (messages, laned, claims, awaited) =>
      platform.ports.queue.append(address, {
        messages,
        ...(laned && { laned }),
        ...(claims && { claims }),
        ...(awaited && { awaited }),
      }),
    archive(archived, archiveSeconds, claims) {
      const entries = { messages: [], archived, ...(claims && { claims }) };
      return platform.ports.queue.append({ ...address, archiveSeconds }, entries);
    },
    async drain() {
      for (;;) {
        await receive();
        const due = held
          .filter(({ at }) => at <= host.now())
          .toSorted((one, other) => one.at - other.at)
          .slice(0, BATCH);
        if (due.length === 0) return;
        await handOut(due);
      }
    },
    nextAt() {
      const { ready = [] } = services.fauxqs.inspectQueue(queueName)?.messages ?? {};
      const at = Math.min(ready.length > 0 ? host.now() : Number.POSITIVE_INFINITY, ...held.map((one) => one.at));
      return at === Number.POSITIVE_INFINITY ? undefined : at;
    },
    ledger: {
      list: (place, query) => platform.ports.ledger.list(place, query),
      events: (place, query) => platform.ports.ledger.events(place, query),
      waiting: (place, eventId) => platform.ports.ledger.waiting(place, eventId),
      lanes: (place) => platform.ports.ledger.lanes(place),
      books: async (place) => platform.ports.ledger.books?.(place),
    },
    deadLetters: {
      list: (place, query) => platform.ports.deadLetters.list(place, query),
      get: (place, sequence) => platform.ports.deadLetters.get(place, sequence),
      redrive: (place, sequences, order) => platform.ports.deadLetters.redrive(place, sequences, order),
      delete: (place, sequences) => platform.ports.deadLetters.delete(place, sequences),
    },
    waits: {
      take: async (place, receipt, milliseconds) => platform.ports.waits?.take(place, receipt, milliseconds),
      close: async (place, receipt) => platform.ports.waits?.close(place, receipt),
    },
    replays: {
      start: async (place, order) => platform.ports.replays?.start(place, order),
      get: async (place, name) => platform.ports.replays?.get(place, name),
      list: async (place) => (await platform.ports.replays?.list(place)) ?? [],
      cancel: async (place, name) => platform.ports.replays?.cancel(place, name),
      delete: (place, name) => platform.ports.replays.delete(place, name),
    },
    crash() {
      platform = open();
      return Promise.resolve();
    },
  };
}

function countOf({ attributes }: SqsRecord): number {
  return Number(attributes.ApproximateReceiveCount);
}

/** Delays are taken out on the way, and refused where AWS refuses them; the emulator does not. */
function createSqsClient(endpoint: string): SQSClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SQSClient({ region: 'us-east-1', endpoint, credentials });
  client.middlewareStack.add(
    (next) => (args) => next({ ...args, input: withoutDelay(args.input) as typeof args.input }),
    { step: 'initialize', name: 'delays' },
  );
  return client;
}

function withoutDelay(input: object): object {
  const { DelaySeconds: delay, Entries: entries, ...rest } = input as { DelaySeconds?: number; Entries?: object[] };
  if (delay !== undefined && !(Number.isInteger(delay) && delay >= 0 && delay <= 900)) {
    throw new Error(`a delay of ${delay} seconds`);
  }
  return { ...rest, ...(Array.isArray(entries) ? { Entries: entries.map(withoutDelay) } : {}) };
}

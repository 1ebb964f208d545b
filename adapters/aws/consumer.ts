import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import { allTaken, delayAfter, MAX_FAILURES } from '../sqlite/log-settlement.ts';
import { toText } from './keys.ts';
import type { LaneJob, Lanes } from './lanes.ts';
import { type Decoded, type Message, openMessage } from './message.ts';
import type { Objects } from './objects.ts';
import type { Outbox } from './outbox.ts';
import type { Settler } from './settler.ts';

/** Takes in what SQS hands out. Neither method rejects: what could not be dealt with is named, and comes again. */
export interface SqsConsumer {
  consume(records: readonly SqsRecord[]): Promise<BatchResult>;
  /** What came too often, out of the queue's own dead-letter queue: again later, and set aside in the end. */
  guard(records: readonly SqsRecord[]): Promise<BatchResult>;
}

/** A message of an SQS event, as far as it is used. */
export interface SqsRecord {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: { readonly ApproximateReceiveCount?: string };
}

/** What Lambda expects where a mapping has ReportBatchItemFailures. */
export interface BatchResult {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export interface SqsConsumerOptions {
  readonly outbox: Outbox;
  readonly objects: Objects;
  readonly lanes: Lanes;
  readonly settler: Settler;
  readonly consume: QueueConsumer;
  /** A turn of a replay; answers the wakes to be sent. */
  readonly replay: (place: ShardPlace, name: string) => Promise<readonly Message[]>;
  readonly now: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly report: (message: string, error: unknown) => void;
}

/** What is due so soon is waited for: SQS delays by whole seconds. */
const SOON_MS = 1_000;
/** What belongs to no bus: no tenant has such a name. */
const nowhere: ShardPlace = { tenant: '~', bus: 'queue', shard: 0 };

export function createSqsConsumer(options: SqsConsumerOptions): SqsConsumer {
  const { outbox, objects, lanes, settler, now, pause, report } = options;

  /** Our own failure, not the target's: every message alone, later, so that one bad message stops nothing else. */
  async function repeat({ message }: Job, error: unknown, { times = 1, spread = 0 } = {}): Promise<void> {
    const failures = (message.failures ?? 0) + times;
    if (failures > MAX_FAILURES) {
      await setAside(message, String(error));
      return;
    }
    const { claim: _claim, ...rest } = message;
    await outbox.send([{ ...rest, failures, dueAt: now() + delayAfter(failures) * (1 + spread) }]);
  }

  async function setAside({ place, body }: Pick<Message, 'place' | 'body'>, reason: string): Promise<void> {
    await settler.setAside(place, body, reason);
    report('a message of the queue was set aside', reason);
  }

  /** `undefined`: it is done with. */
  async function open(record: SqsRecord): Promise<Job | undefined> {
    const { body: text, messageId, attributes } = record;
    try {
      const message = await openMessage(text, objects);
      const isAgain = Number(attributes.ApproximateReceiveCount ?? 1) > 1;
      if (message !== undefined) return { messageId, message, isAgain };
      // S3 is strongly consistent: what is not there will not come.
      await setAside({ place: nowhere, body: text }, missing);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'internal') && !(error instanceof SyntaxError))
        throw error;
      await setAside({ place: nowhere, body: text }, 'it is none of ours, or damaged');
    }
    return undefined;
  }

  async function deliver(place: ShardPlace, jobs: readonly Job[]): Promise<void> {
    let settlement: Settlement;
    try {
      settlement = await options.consume(jobs.map(({ message }) => message.body));
    } catch (error) {
      report('messages of the queue could not be dispatched; they will be tried again', error);
      await Promise.all(jobs.map((job) => repeat(job, error)));
      await discard(jobs);
      return;
    }
    const archived = jobs.flatMap(({ message }) => message.archived ?? []);
    await outbox.send(await settler.settle(place, settlement, archived));
    await discard(jobs);
  }

  /** Behind everything: a message that comes again needs its body. */
  async function discard(jobs: readonly Job[]): Promise<void> {
    const claims = jobs.flatMap(({ message }) => message.claim ?? []);
    if (claims.length > 0) await objects.delete(claims);
  }

  async function takeLane(place: ShardPlace, lane: string): Promise<void> {
    const taken = await lanes.take(place, lane);
    if (!('lease' in taken)) {
      await outbox.send(taken);
      return;
    }
    await outbox.send(await runTurn(taken));
  }

  async function runTurn(job: LaneJob): Promise<readonly Message[]> {
    const { shard, lane, probe, share, messages } = job;
    if (job.died) return failTurn(job, exhausted);
    let settlement: Settlement;
    try {
      settlement = await options.consume(messages, { lane, probe, ...(share === undefined ? {} : { share }) });
    } catch (error) {
      report('a turn of a lane failed; it will be tried again', error);
      return failTurn(job, error);
    }
    const wakes = await settler.settle(shard, settlement);
    return [...wakes, ...(await lanes.settle(job, settlement.turn ?? allTaken(job)))];
  }

  async function failTurn(job: LaneJob, error: unknown): Promise<readonly Message[]> {
    const failures = job.failures + 1;
    const [first] = job.messages;
    if (failures <= MAX_FAILURES || first === undefined) return lanes.fail(job, delayAfter(failures));
    await setAside({ place: job.shard, body: first }, String(error));
    return lanes.settle(job, { ...allTaken(job), taken: 1 });
  }

  /** Everything of one batch that is settled together, side by side. */
  async function handle(jobs: readonly Job[]): Promise<BatchResult> {
    const work = toWork(jobs);
    const failed = await Promise.all(
      work.map(async ({ jobs: own, run }) => {
        try {
          await run();
          return [];
        } catch (error) {
          report('messages of the queue could not be settled; SQS hands them out again', error);
          return own.map(({ messageId }) => messageId);
        }
      }),
    );
    return toResult(failed.flat());
  }

  function toWork(jobs: readonly Job[]): Work[] {
    const work: Work[] = [];
    const groups = Map.groupBy(jobs, ({ messageId, message, isAgain }) => {
      const { place, wake, failures = 0 } = message;
      if (wake !== undefined) return `wake ${toText(place)} ${JSON.stringify(wake)}`;
      // Each by itself that came back, so that one bad message holds up no other.
      return `${toText(place)} ${isAgain || failures > 0 ? messageId : ''}`;
    });
    for (const own of groups.values()) {
      const [first] = own;
      if (first === undefined) continue;
      const { place, wake } = first.message;
      if (wake === undefined) work.push({ jobs: own, run: () => deliver(place, own) });
      else if ('lane' in wake) work.push({ jobs: own, run: () => takeLane(place, wake.lane) });
      else {
        work.push({ jobs: own, run: async () => outbox.send(await options.replay(place, wake.replay)) });
      }
    }
    return work;
  }

  return {
    async consume(records) {
      const failed: string[] = [];
      const opened = await Promise.all(
        records.map(async (record) => {
          try {
            return await open(record);
          } catch (error) {
            report('a message of the queue could not be read; SQS hands it out again', error);
            failed.push(record.messageId);
            return undefined;
          }
        }),
      );
      const jobs = opened.filter((job) => job !== undefined);
      const isEarly = ({ message: { dueAt = 0 } }: Job): boolean => dueAt > now() + SOON_MS;
      const early = jobs.filter(isEarly);
      const due = jobs.filter((job) => !early.includes(job));
      const waitMs = Math.max(0, ...due.map(({ message: { dueAt = 0 } }) => dueAt - now()));
      if (waitMs > 0) await pause(waitMs);
      const [back, done] = await Promise.all([handBack(early), handle(due)]);
      return toResult([...failed, ...back, ...done.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)]);
    },

    async guard(records) {
      const failed: string[] = [];
      await Promise.all(
        records.map(async (record, index) => {
          try {
            const job = await open(record);
            if (job === undefined) return;
            // Most of them only were in a batch with one that our code died of: each comes again at another time.
            const often = { times: RECEIVES, spread: index / records.length };
            if (job.message.wake === undefined) await repeat(job, exhausted, often);
            // A wake is no event: the lane is looked at once more, as if it had just been added to.
            else await outbox.send([{ ...job.message, dueAt: now() + WAKE_AGAIN_MS }]);
            await discard([job]);
          } catch (error) {
            report('a message of the dead-letter queue could not be set aside; SQS hands it out again', error);
            failed.push(record.messageId);
          }
        }),
      );
      return toResult(failed);
    },
  };

  /** SQS delays for 15 minutes at most: what waits longer goes round again. */
  async function handBack(jobs: readonly Job[]): Promise<string[]> {
    try {
      await outbox.send(jobs.map(({ message: { claim: _claim, ...rest } }) => rest));
      await discard(jobs);
      return [];
    } catch (error) {
      report('messages that wait could not be put off; SQS hands them out again', error);
      return jobs.map(({ messageId }) => messageId);
    }
  }
}

const WAKE_AGAIN_MS = 900_000;
/** How often SQS hands a message out before the guard has it: `maxReceiveCount` in resources/storage.yml. */
const RECEIVES = 5;
const missing =
  'its body is not in the bucket any more: it was settled before and came a second time, or somebody deleted the body';
const exhausted = 'our own code died each time that it was handed out: see the logs of the function dispatch';

interface Job {
  readonly messageId: string;
  readonly message: Decoded;
  readonly isAgain: boolean;
}

interface Work {
  readonly jobs: readonly Job[];
  readonly run: () => Promise<unknown>;
}

function toResult(failed: readonly string[]): BatchResult {
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

import type { Tally } from '../../mesh/books.ts';
import { deliveriesOf } from '../../mesh/envelope.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import { decodeQueued, type QueuedMessage, toText } from './queues-message.ts';
import type { Bucket, Outbox } from './queues-outbox.ts';

/** Takes in what Queues hands out. Neither method rejects: each message is acknowledged or handed back by itself. */
export interface QueuesConsumer {
  /** Delivers what is due; what is not goes back to wait. */
  consume(messages: readonly Received[]): Promise<void>;
  /** Sets aside what was handed back too often. */
  guard(messages: readonly Received[]): Promise<void>;
}

/** A message of a batch, as far as it is used. */
export interface Received {
  readonly id: string;
  readonly body: unknown;
  /** From 1. */
  readonly attempts: number;
  ack(): void;
  retry(options: { delaySeconds: number }): void;
}

export interface QueuesConsumerOptions {
  readonly outbox: Outbox;
  readonly bucket: Bucket;
  readonly log: SettlementLog;
  readonly consume: QueueConsumer;
  readonly now: () => number;
  /** For what is done behind the acknowledgement. */
  readonly waitUntil: (work: Promise<unknown>) => void;
  readonly report: (message: string, error: unknown) => void;
}

/** The log as the keeper of history, of lanes, and of what was set aside. Both resolve when it is on disk. */
export interface SettlementLog {
  record(place: ShardPlace, settlement: Settlement): Promise<void>;
  setAside(place: ShardPlace, body: string, reason: string): Promise<void>;
}

const MAX_FAILURE_DELAY_SECONDS = 3_600;
/** The log that keeps what belongs to no bus: no tenant has such a name. */
const nowhere: ShardPlace = { tenant: '~', bus: 'queues', shard: 0 };

export function createQueuesConsumer(options: QueuesConsumerOptions): QueuesConsumer {
  const { outbox, bucket, log, now, report } = options;

  /** Our own failure, not the target's: later and later, as in the log. After `max_retries` times the guard has it. */
  function handBack(jobs: readonly Pick<Job, 'message'>[], error: unknown): void {
    report('messages of the queue could not be dispatched; they will be tried again', error);
    for (const { message } of jobs) {
      message.retry({ delaySeconds: Math.min(2 ** (message.attempts - 1), MAX_FAILURE_DELAY_SECONDS) });
    }
  }

  function finish(jobs: readonly Job[]): void {
    for (const { message } of jobs) message.ack();
    // Behind the acknowledgement: a message that comes again needs its body.
    const claims = jobs.flatMap(({ queued }) => queued.claim ?? []);
    if (claims.length > 0) options.waitUntil(bucket.delete(claims));
  }

  async function setAside({ message, queued }: Job, body: string, reason: string): Promise<void> {
    await log.setAside(queued.place, body, reason);
    finish([{ message, queued }]);
    report('a message of the queue was set aside', reason);
  }

  function read(messages: readonly Received[]): Job[] {
    return messages.flatMap((message) => {
      try {
        return { message, queued: decodeQueued(message.body) };
      } catch (error) {
        handBack([{ message }], error);
        return [];
      }
    });
  }

  /** With its body. `undefined`: the message is done with, or handed back. */
  async function open(job: Job): Promise<Open | undefined> {
    try {
      const body = await readBody(job.queued);
      if (body !== undefined) return { ...job, body };
      // The bucket is strongly consistent: what is not there will not come.
      await setAside(job, toText(job.message.body), missing);
    } catch (error) {
      handBack([job], error);
    }
    return undefined;
  }

  async function readBody({ claim, body }: QueuedMessage): Promise<string | undefined> {
    if (claim === undefined) return body;
    const stored = await bucket.get(claim);
    return stored?.text();
  }

  /** Queues delays for 12 hours at most: what waits longer goes round again. */
  async function sendBack(jobs: readonly Job[]): Promise<void> {
    if (jobs.length === 0) return;
    try {
      await outbox.send(jobs.map(({ queued }) => queued));
      for (const { message } of jobs) message.ack();
    } catch (error) {
      handBack(jobs, error);
    }
  }

  async function deliver({ place, jobs }: Group): Promise<void> {
    try {
      await settle(place, await options.consume(jobs.map(({ body }) => body)));
      finish(jobs);
    } catch (error) {
      handBack(jobs, error);
    }
  }

  /** What must not be lost, before the acknowledgement: history and lanes in one transaction, then the retries. */
  async function settle(place: ShardPlace, { retries, ...rest }: Settlement): Promise<void> {
    const laned = retries.filter(({ lane }) => lane !== undefined);
    const { records, throttled = [] } = rest;
    const tally = toLogTally(rest.tally, laned);
    if (laned.length + records.length + throttled.length + tally.added > 0) {
      await log.record(place, { ...rest, retries: laned, tally });
    }
    const direct = retries.filter(({ lane }) => lane === undefined);
    if (direct.length === 0) return;
    await outbox.send(direct.map(({ body, delayMs }) => ({ place, body, dueAt: now() + delayMs })));
  }

  return {
    async consume(messages) {
      const jobs = read(messages);
      const isEarly = ({ queued: { dueAt = 0 } }: Job): boolean => dueAt > now();
      const early = jobs.filter(isEarly);
      const due = await Promise.all(jobs.filter((job) => !early.includes(job)).map(open));
      const groups = toGroups(due.filter((job) => job !== undefined));
      await Promise.all([sendBack(early), ...groups.map(deliver)]);
    },

    async guard(messages) {
      await Promise.all(
        messages.map(async (message) => {
          try {
            const queued = decodeAnyhow(message);
            await setAside({ message, queued }, (await readBody(queued)) ?? toText(message.body), exhausted);
          } catch (error) {
            handBack([{ message }], error);
          }
        }),
      );
    },
  };
}

const missing =
  'its body is not in the bucket any more: it was settled before and came a second time, or somebody deleted the body';
const exhausted = 'it could not be dispatched as often as the queue tries';

interface Job {
  readonly message: Received;
  readonly queued: QueuedMessage;
}

interface Open extends Job {
  readonly body: string;
}

interface Group {
  readonly place: ShardPlace;
  readonly jobs: Open[];
}

/** Those of a bus together; each by itself that came back, so that one bad message holds up no other. */
function toGroups(jobs: readonly Open[]): Group[] {
  const groups = new Map<string, Group>();
  for (const job of jobs) {
    const { place } = job.queued;
    const { id, attempts } = job.message;
    const key = `${place.tenant}/${place.bus}${attempts > 1 ? `/${id}` : ''}`;
    const group = groups.get(key) ?? { place, jobs: [] };
    groups.set(key, group);
    group.jobs.push(job);
  }
  return [...groups.values()];
}

/**
 * The log's books cannot know what Queues was given, and a message that comes twice ends twice. So a delivery comes into
 * them when it ends, or when it comes into the log: then they are right for all that the log knows of.
 */
function toLogTally(tally: Tally | undefined, laned: Settlement['retries']): Tally {
  const ended = tally?.ended ?? {};
  const ends = Object.values(ended).flatMap((ends) => Object.values(ends));
  const added = [...ends, ...laned.map(({ body }) => deliveriesOf(body))].reduce((sum, count) => sum + count, 0);
  return { added, ended };
}

/** What is not ours is kept as it is. */
function decodeAnyhow({ body }: Received): QueuedMessage {
  try {
    return decodeQueued(body);
  } catch {
    return { place: nowhere, body: toText(body) };
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { TulleError } from '../../event/error.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { NodeStorage } from '../node/node-storage.ts';
import { createWaitBoxes } from '../waits.ts';
import { openDatabase } from './database.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createPostgresDocuments } from './documents.ts';
import { createPostgresErasure } from './erasure.ts';
import { isOutage, isRefusal } from './errors.ts';
import { createPostgresLedger } from './ledger.ts';
import { createPostgresLog } from './log.ts';
import { join, type Membership, START_MS } from './membership.ts';
import { purge } from './purge.ts';
import { createPostgresReplays } from './replays.ts';
import { migrate } from './schema.ts';
import { createPostgresSnapshots } from './snapshots.ts';

export interface PostgresStorageOptions {
  readonly url: string;
  readonly schema: string;
  readonly connections: number;
  readonly consume: QueueConsumer;
  /** Another process has published a bus. */
  readonly onPublished: (tenant: string, bus: string) => void;
  readonly report: (message: string, error: unknown) => void;
}

const SETTLE_EVERY_MS = 20;
/** How often an idle process looks for what the others left. */
const LOOK_MS = 1_000;
const SWEEP_MS = 5_000;
const PURGE_MS = 60_000;
/** News of work are told this often at most: each takes a lock that all commits of the server with news share. */
const NEWS_MS = 100;

/**
 * Everything that the mesh keeps, in a database that several processes share.
 * @throws TulleError `unavailable` when the database is not to be had, `request_invalid` when it refuses.
 */
export async function openPostgresStorage(options: PostgresStorageOptions): Promise<NodeStorage> {
  const { schema, consume, report } = options;
  const database = openDatabase(options);
  const boxes = createWaitBoxes({
    now: () => performance.now(),
    pause: (milliseconds, signal) => pause(milliseconds, undefined, { signal }),
  });
  const membership = await enter();
  const { clock } = membership;
  const log = createPostgresLog({
    database,
    consume,
    owner: () => membership.owner,
    now: () => clock.now(),
    report,
    settleEveryMs: SETTLE_EVERY_MS,
    onLeft: tellOfWork,
    boxes,
    onOutcomes: (outcomes) => quietly(membership.announce({ outcomes })),
  });
  const timers = [every(SWEEP_MS, () => log.sweep()), every(PURGE_MS, () => purge(database, clock.now()))];
  let running: Promise<void> | undefined;
  let stopped = false;
  let toldAt = 0;

  async function enter(): Promise<Membership> {
    try {
      await prepare();
      return await join({
        database,
        schema,
        onNews(news) {
          if ('work' in news) log.drain.wake();
          else if ('outcomes' in news) boxes.put(news.outcomes);
          else options.onPublished(news.tenant, news.bus);
        },
        onReturn: () => log.drain.wake(),
        onTakenForDead: () => log.drain.forget(),
        onReaped: () => log.drain.wake(),
        report,
      });
    } catch (error) {
      await database.close();
      throw isRefusal(error) ? refused(error) : error;
    }
  }

  /** A database that starts at the same time may need a moment. */
  async function prepare(): Promise<void> {
    const giveUpAt = Date.now() + START_MS;
    for (let tries = 1; ; tries++) {
      try {
        await migrate(database, schema);
        return;
      } catch (error) {
        if (!isOutage(error) || Date.now() > giveUpAt) throw error;
        if (tries === 1) report('the database cannot be reached yet; it is tried again', error);
        await pause(500);
      }
    }
  }

  function tellOfWork(): void {
    const time = performance.now();
    if (time - toldAt < NEWS_MS) return;
    toldAt = time;
    quietly(membership.announce({ work: true }));
  }

  /** News are hints: whoever misses them looks for himself, a little later. */
  function quietly(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!isOutage(error)) report('the other processes could not be told', error);
    });
  }

  function every(milliseconds: number, work: () => Promise<void>): NodeJS.Timeout {
    return setInterval(() => {
      work().catch((error: unknown) => {
        if (!isOutage(error)) report('the work behind the queue failed; it is tried again', error);
      });
    }, milliseconds);
  }

  async function run(): Promise<void> {
    while (!stopped) {
      try {
        await log.drain.run();
        await log.drain.wait(LOOK_MS);
      } catch (error) {
        if (!isOutage(error)) report('the queue could not be drained; it is tried again in a second', error);
        await pause(isOutage(error) ? 200 : 1_000);
      }
    }
  }

  return {
    ports: {
      documents: createPostgresDocuments(database),
      snapshots: createPostgresSnapshots(database, async (tenant, bus) =>
        quietly(membership.announce({ tenant, bus })),
      ),
      queue: { append: (shard, entries) => log.append(shard, entries) },
      waits: log.waits,
      erasure: createPostgresErasure(database, schema),
      ledger: createPostgresLedger(database, () => clock.now()),
      replays: createPostgresReplays({
        database,
        now: () => clock.now(),
        onStarted: () => log.drain.wake(),
      }),
      deadLetters: createDeadLetters({
        database,
        owner: () => membership.owner,
        now: () => clock.now(),
        onRedriven: () => log.drain.wake(),
      }),
    },
    stopWaits: () => boxes.stop(),
    resume() {
      running ??= run();
    },
    async close(settleMs) {
      stopped = true;
      for (const timer of timers) clearInterval(timer);
      const late = pause(settleMs, undefined, { ref: false });
      await Promise.race([log.stop(), late]).catch((error: unknown) => report('the queue could not be left', error));
      await Promise.race([running, late]);
      await membership.leave().catch((error: unknown) => report('the others could not be told of the end', error));
      await database.close();
    },
  };
}

function refused(cause: unknown): TulleError {
  return new TulleError('request_invalid', 'The database of TULLE_POSTGRES_URL refuses this process.', {
    place: 'TULLE_POSTGRES_URL',
    mend: 'Look at user, password and name of the database; the user must be allowed to make a schema in it.',
    cause,
  });
}

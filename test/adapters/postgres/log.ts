import { createDeadLetters } from '../../../adapters/postgres/dead-letters.ts';
import { createPostgresLedger } from '../../../adapters/postgres/ledger.ts';
import { createPostgresLog, type PostgresLog } from '../../../adapters/postgres/log.ts';
import { purge } from '../../../adapters/postgres/purge.ts';
import { createPostgresReplays } from '../../../adapters/postgres/replays.ts';
import { nextReplay } from '../../../adapters/postgres/replay-store.ts';
import { nextMessages } from '../../../adapters/postgres/message-store.ts';
import { reap } from '../../../adapters/postgres/reap.ts';
import { nextTurn } from '../../../adapters/postgres/turn-store.ts';
import type { Database } from '../../../adapters/postgres/database.ts';
import { createWaitBoxes } from '../../../adapters/waits.ts';
import { pause } from '../../conformance/waits.ts';
import type { QueueHost } from '../../conformance/queue.ts';
import type { ArchiveUnderTest } from '../../conformance/replays.ts';

/** The log in Postgres as a queue under test, as the one process among those that share it. */
export async function openPostgresLog(
  host: QueueHost,
  database: Database,
  shard = { tenant: 't', bus: 'b', shard: 0, retentionSeconds: 86_400 },
): Promise<ArchiveUnderTest & { log(): PostgresLog }> {
  let next: number | undefined;
  let owner = 0;
  let log = await open();

  async function open(): Promise<PostgresLog> {
    const [row] = await database.run("INSERT INTO process (host) VALUES ('test') RETURNING id");
    owner = Number(row?.['id']);
    const mine = owner;
    await reap(database, owner, { deadMs: 0 });
    return createPostgresLog({
      database,
      consume: (messages, turn) => host.consume(messages, turn),
      owner: () => mine,
      now: () => host.now(),
      report: () => {},
      settleEveryMs: 0,
      onLeft: () => {},
      boxes: createWaitBoxes({ now: () => host.now(), pause }),
      onOutcomes: () => {},
    });
  }

  async function look(): Promise<void> {
    const [{ fresh, retry }, turn, replay] = await Promise.all([
      nextMessages(database),
      nextTurn(database),
      nextReplay(database),
    ]);
    const due = Math.min(fresh, retry, turn, replay);
    next = due === Number.POSITIVE_INFINITY ? undefined : due;
  }

  return {
    log: () => log,
    append: (messages, laned, claims, awaited) =>
      log.append(shard, { messages, ...(laned && { laned }), ...(claims && { claims }), ...(awaited && { awaited }) }),
    archive(archived, archiveSeconds, claims) {
      return log.append({ ...shard, archiveSeconds }, { messages: [], archived, ...(claims && { claims }) });
    },
    async drain() {
      await log.drain.run();
      await purge(database, host.now());
      await look();
    },
    nextAt: () => next,
    ledger: createPostgresLedger(database, () => host.now()),
    waits: {
      take: (place, receipt, milliseconds) => log.waits.take(place, receipt, milliseconds),
      close: (place, receipt) => log.waits.close(place, receipt),
    },
    replays: createPostgresReplays({ database, now: () => host.now(), onStarted: () => log.drain.wake() }),
    deadLetters: createDeadLetters({
      database,
      owner: () => owner,
      now: () => host.now(),
      onRedriven: () => log.drain.wake(),
    }),
    async crash() {
      log = await open();
      await look();
    },
  };
}

import { createLog, type SqlLog } from '../../adapters/sqlite/log.ts';
import type { Sql } from '../../adapters/sqlite/sql.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import { pause } from './waits.ts';
import type { QueueHost } from './queue.ts';
import type { ArchiveUnderTest } from './replays.ts';

/** The SQL log over any SQLite as a queue under test; `reopen` gives the storage to the next process. */
export function openSqlLog(host: QueueHost, reopen: () => Sql): ArchiveUnderTest & { log(): SqlLog; waits: Waits } {
  let alarm: number | undefined;
  let log = open();

  function open(): SqlLog {
    return createLog({
      sql: withRowLimit(reopen()),
      consume: (messages, turn) => host.consume(messages, turn),
      now: () => host.now(),
      // Publishers wait as long as they say, the log's own timers are quick.
      pause: (milliseconds, signal) => pause(signal === undefined ? Math.min(milliseconds, 1) : milliseconds, signal),
      synced: () => Promise.resolve(),
      setAlarm: (at) => {
        alarm = at;
        return Promise.resolve();
      },
      report: () => {},
    });
  }

  const isDue = (): boolean => alarm !== undefined && alarm <= host.now();

  return {
    log: () => log,
    append: (messages, laned, claims, awaited) =>
      log.append({ messages, ...(laned && { laned }), ...(claims && { claims }), ...(awaited && { awaited }) }, 86_400),
    archive(archived, archiveSeconds, claims) {
      return log.append({ messages: [], archived, ...(claims && { claims }) }, 86_400, archiveSeconds);
    },
    replays: {
      start: (_shard, order) => log.startReplay(order),
      get: (_shard, replay) => Promise.resolve(log.getReplay(replay)),
      list: () => Promise.resolve(log.listReplays()),
      cancel: (_shard, replay) => log.cancelReplay(replay),
      delete: (_shard, replay) => log.deleteReplay(replay),
    },
    async drain() {
      // One alarm may not be enough: the next is set at once then.
      for (let alarms = 0; alarms < 10 && (alarms === 0 || isDue()); alarms += 1) {
        alarm = undefined;
        await log.drain();
      }
    },
    nextAt: () => alarm,
    ledger: {
      list: (_shard, query) => Promise.resolve(log.history.list(query)),
      events: (_shard, query) => Promise.resolve(log.history.events(query)),
      waiting: (_shard, eventId) => Promise.resolve(log.history.waiting(eventId)),
      lanes: () => Promise.resolve(log.lanes()),
      books: () => Promise.resolve(log.books()),
    },
    waits: {
      take: (_shard, receipt, milliseconds) => log.waits.take(receipt, milliseconds),
      close: (_shard, receipt) => Promise.resolve(log.waits.close(receipt)),
    },
    deadLetters: {
      list: (_shard, query) => Promise.resolve(log.listDeadLetters(query)),
      get: (_shard, sequence) => Promise.resolve(log.getDeadLetter(sequence)),
      redrive: (_shard, sequences, order) => log.redrive(sequences, order),
      delete: (_shard, sequences) => log.deleteDeadLetters(sequences),
    },
    crash() {
      alarm = undefined;
      log = open();
      log.resume();
      return Promise.resolve();
    },
  };
}

/** Workers take rows of at most 2 MB; neither the local runtime nor Node holds anybody to it. */
function withRowLimit(sql: Sql): Sql {
  const encoder = new TextEncoder();
  return {
    run(statement, ...bindings) {
      const texts = bindings.filter((value) => typeof value === 'string');
      const bytes = texts.reduce((sum, text) => sum + encoder.encode(text).length, 0);
      if (bytes > 2_000_000) throw new Error(`a row of ${bytes} bytes: string or blob too big`);
      return sql.run(statement, ...bindings);
    },
    transaction: (work) => sql.transaction(work),
  };
}

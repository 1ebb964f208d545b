import { createLog, type Log } from '../../adapters/sqlite/log.ts';
import type { Sql } from '../../adapters/sqlite/sql.ts';
import type { QueueHost, QueueUnderTest } from './queue.ts';

/** The SQL log over any SQLite as a queue under test; `reopen` gives the storage to the next process. */
export function openSqlLog(host: QueueHost, reopen: () => Sql): QueueUnderTest & { log(): Log } {
  let alarm: number | undefined;
  let log = open();

  function open(): Log {
    return createLog({
      sql: reopen(),
      consume: (messages) => host.consume(messages),
      now: () => host.now(),
      pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 1))),
      synced: () => Promise.resolve(),
      setAlarm: (at) => {
        alarm = at;
        return Promise.resolve();
      },
      report: () => {},
    });
  }

  return {
    log: () => log,
    append: (messages) => log.append(messages, 86_400),
    async drain() {
      alarm = undefined;
      await log.drain();
    },
    nextAt: () => alarm,
    ledger: { query: (query) => Promise.resolve(log.query(query)) },
    crash() {
      alarm = undefined;
      log = open();
      log.resume();
      return Promise.resolve();
    },
  };
}

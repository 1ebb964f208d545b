import { createLog, type Log } from '../../adapters/sqlite/log.ts';
import type { Sql } from '../../adapters/sqlite/sql.ts';
import type { QueueHost, QueueUnderTest } from './queue.ts';

/** The SQL log over any SQLite as a queue under test; `reopen` gives the storage to the next process. */
export function openSqlLog(host: QueueHost, reopen: () => Sql): QueueUnderTest & { log(): Log } {
  let alarm: number | undefined;
  let log = open();

  function open(): Log {
    return createLog({
      sql: withRowLimit(reopen()),
      consume: (messages, turn) => host.consume(messages, turn),
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
    append: (messages, laned, claims) =>
      log.append({ messages, ...(laned && { laned }), ...(claims && { claims }) }, 86_400),
    async drain() {
      alarm = undefined;
      await log.drain();
    },
    nextAt: () => alarm,
    ledger: {
      query: (query) => Promise.resolve(log.query(query)),
      lanes: () => Promise.resolve(log.lanes()),
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

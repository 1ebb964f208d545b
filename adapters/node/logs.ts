import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { TulleError } from '../../event/error.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { DeadLetters } from '../../mesh/ports/dead-letters.ts';
import type { Erasure } from '../../mesh/ports/erasure.ts';
import type { Ledger } from '../../mesh/ports/ledger.ts';
import type { Queue } from '../../mesh/ports/queue.ts';
import type { Replays } from '../../mesh/ports/replays.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import { createLog, type SqlLog } from '../sqlite/log.ts';
import type { LogPace } from '../sqlite/log-drain.ts';
import { type Alarm, createAlarm } from './alarm.ts';
import { createNodeSql, type NodeSql } from './sql.ts';

/** The durable queue and its history: one SQLite file a bus, `<folder>/<tenant>/<bus>.sqlite`. */
export interface Logs {
  readonly queue: Queue;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters;
  readonly replays: Replays;
  readonly waits: Waits;
  readonly erasure: Erasure;
  /** Goes on with what the last process left. */
  resume(): void;
  /** Answers the publishers who wait: the process ends before their time. */
  stopWaits(): void;
  /** Hands out nothing more, waits for what is out until `settleMs` are over, and closes the files. */
  close(settleMs: number): Promise<void>;
}

export interface LogsOptions {
  readonly folder: string;
  readonly consume: QueueConsumer;
  readonly now: () => number;
  readonly report: (message: string, error: unknown) => void;
  /**
   * The disk did not take what was written. What is on it is not known any more (the system may have dropped the
   * pages), so that the process has to end and read the files again.
   */
  readonly onDiskFailure: (error: unknown) => void;
}

/** What is out when a log is erased is waited for, but not for long. */
const eraseMs = 5_000;

/** A job costs little in one process; the window bounds what is in memory and what a crash repeats. */
const pace: LogPace = {
  commitEveryMs: 2,
  busyCommitMs: 6,
  window: 4,
  retryWindow: 2,
  startEveryMs: 0,
  settleEveryMs: 50,
  patienceMs: 10,
};

interface OpenLog {
  readonly log: SqlLog;
  readonly sql: NodeSql;
  readonly alarm: Alarm;
}

export function openLogs(options: LogsOptions): Logs {
  const { folder, consume, now, report } = options;
  const logs = new Map<string, OpenLog>();
  mkdirSync(folder, { recursive: true });

  /** The shards of a bus share a file: one process gains nothing by several, and loses a sync to disk for each. */
  function open(tenant: string, bus: string): OpenLog {
    const key = `${tenant}/${bus}`;
    let found = logs.get(key);
    if (found === undefined) {
      found = create(tenant, bus);
      logs.set(key, found);
    }
    return found;
  }

  function create(tenant: string, bus: string): OpenLog {
    mkdirSync(join(folder, tenant), { recursive: true });
    const sql = createNodeSql(join(folder, tenant, `${bus}.sqlite`), { sync: 'asked' });
    const alarm = createAlarm(() => void log.drain(), now);
    const log = createLog({
      sql,
      consume,
      now,
      pause: (milliseconds, signal) =>
        milliseconds === 0 ? setImmediate() : setTimeout(milliseconds, undefined, { signal }),
      synced: () => sql.synced().catch(giveUp),
      setAlarm: (at) => Promise.resolve(alarm.set(at)),
      pace,
      report,
    });
    return { log, sql, alarm };
  }

  function giveUp(error: unknown): never {
    options.onDiskFailure(error);
    throw error;
  }

  /** What stands for all shards of the bus; `undefined` for every shard but the first. */
  function only({ tenant, bus, shard }: ShardPlace): SqlLog | undefined {
    return shard === 0 ? open(tenant, bus).log : undefined;
  }

  return {
    queue: {
      async append({ tenant, bus, retentionSeconds, archiveSeconds }, entries) {
        try {
          return await open(tenant, bus).log.append(entries, retentionSeconds, archiveSeconds);
        } catch (error) {
          throw new TulleError('unavailable', 'The queue could not take the events.', {
            mend: 'Send the request again; events that are already stored come twice at worst.',
            retryAfter: 1,
            cause: error,
          });
        }
      },
    },
    ledger: {
      async list(shard, query) {
        return only(shard)?.history.list(query) ?? { items: [] };
      },
      async events(shard, query) {
        // A look takes a while: between two of them it is others' turn.
        await setImmediate();
        return only(shard)?.history.events(query) ?? { items: [] };
      },
      async waiting(shard, eventId) {
        return only(shard)?.history.waiting(eventId) ?? { items: [] };
      },
      async lanes(shard) {
        return only(shard)?.lanes() ?? [];
      },
      async books(shard) {
        return only(shard)?.books();
      },
    },
    deadLetters: {
      async list(shard, query) {
        return only(shard)?.listDeadLetters(query) ?? { items: [] };
      },
      async get(shard, sequence) {
        return only(shard)?.getDeadLetter(sequence);
      },
      async redrive(shard, sequences, order) {
        return (await only(shard)?.redrive(sequences, order)) ?? { redriven: [], looked: sequences.length };
      },
      async delete(shard, sequences) {
        return (await only(shard)?.deleteDeadLetters(sequences)) ?? 0;
      },
    },
    waits: {
      async take({ tenant, bus }, receipt, milliseconds) {
        return logs.get(`${tenant}/${bus}`)?.log.waits.take(receipt, milliseconds);
      },
      async close({ tenant, bus }, receipt) {
        logs.get(`${tenant}/${bus}`)?.log.waits.close(receipt);
      },
    },
    replays: {
      async start(shard, { shard: _shard, ...order }, most) {
        return only(shard)?.startReplay(order, most);
      },
      async get(shard, name) {
        return only(shard)?.getReplay(name);
      },
      async list(shard) {
        return only(shard)?.listReplays() ?? [];
      },
      async cancel(shard, name) {
        return only(shard)?.cancelReplay(name);
      },
      async delete(shard, name) {
        return (await only(shard)?.deleteReplay(name)) ?? false;
      },
    },
    erasure: {
      async erase({ tenant, bus, shard }) {
        if (shard !== 0) return;
        const found = logs.get(`${tenant}/${bus}`);
        if (found !== undefined) {
          await Promise.race([found.log.stop(), setTimeout(eraseMs, undefined, { ref: false })]);
          found.alarm.clear();
          await found.sql.close();
          logs.delete(`${tenant}/${bus}`);
        }
        // With what SQLite lays beside it.
        for (const end of ['', '-wal', '-shm', '-journal']) {
          rmSync(join(folder, tenant, `${bus}.sqlite${end}`), { force: true });
        }
      },
    },
    resume() {
      for (const tenant of readdirSync(folder)) {
        for (const file of readdirSync(join(folder, tenant))) {
          const [, bus] = /^(.+)\.sqlite$/.exec(file) ?? [];
          if (bus !== undefined) open(tenant, bus).log.resume();
        }
      }
    },
    stopWaits() {
      for (const { log } of logs.values()) log.waits.stop();
    },
    async close(settleMs) {
      const all = [...logs.values()];
      const stopped = Promise.all(all.map(({ log }) => log.stop()));
      await Promise.race([stopped, setTimeout(settleMs, undefined, { ref: false })]);
      for (const { alarm } of all) alarm.clear();
      await Promise.all(all.map(({ sql }) => sql.close()));
    },
  };
}

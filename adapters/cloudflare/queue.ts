import { TulleError } from '../../event/error.ts';
import type { DeadLetters } from '../../mesh/ports/dead-letters.ts';
import type { Erasure } from '../../mesh/ports/erasure.ts';
import type { Ledger } from '../../mesh/ports/ledger.ts';
import type { Queue } from '../../mesh/ports/queue.ts';
import type { Replays } from '../../mesh/ports/replays.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import type { Log } from './log.ts';
import type { SettlementLog } from './queues-consumer.ts';

type Logs = DurableObjectNamespace<Log>;

/** The Durable Object log as the queue: one object a shard. */
export function createLogQueue(logs: Logs): Queue {
  return {
    async append(address, entries) {
      try {
        return await toStub(logs, address).append(entries, address.retentionSeconds, address.archiveSeconds);
      } catch (error) {
        // Errors lose their class over RPC; whatever it was, the event is not known to be on disk.
        throw new TulleError('unavailable', 'The queue could not take the events.', {
          mend: 'Send the request again; events that are already stored come twice at worst.',
          retryAfter: 1,
          cause: error,
        });
      }
    },
  };
}

/** The log's own shards as the ledger. */
export function createLogLedger(logs: Logs): Ledger {
  return {
    async list(shard, query) {
      return toStub(logs, shard).listRecords(query);
    },
    async events(shard, query) {
      return toStub(logs, shard).findEvents(query);
    },
    async waiting(shard, eventId) {
      return toStub(logs, shard).findWaiting(eventId);
    },
    async lanes(shard) {
      return toStub(logs, shard).lanes();
    },
    async books(shard) {
      return toStub(logs, shard).books();
    },
  };
}

/** The dead letters in the log's own shards. */
export function createLogDeadLetters(logs: Logs): DeadLetters {
  return {
    async list(shard, query) {
      return toStub(logs, shard).listDeadLetters(query);
    },
    async get(shard, sequence) {
      return toStub(logs, shard).getDeadLetter(sequence);
    },
    async redrive(shard, sequences, order) {
      return toStub(logs, shard).redrive(sequences, order);
    },
    async delete(shard, sequences) {
      return toStub(logs, shard).deleteDeadLetters(sequences);
    },
  };
}

/** The boxes of the log's own shards: in the objects' memory, kept there by the calls that wait. */
export function createLogWaits(logs: Logs): Waits {
  return {
    async take(shard, receipt, milliseconds) {
      return toStub(logs, shard).takeOutcomes(receipt, milliseconds);
    },
    async close(shard, receipt) {
      await toStub(logs, shard).closeWait(receipt);
    },
  };
}

/** The replays of what the log's own shards keep. */
export function createLogReplays(logs: Logs): Replays {
  return {
    async start(shard, order, most) {
      return toStub(logs, shard).startReplay(order, most);
    },
    async get(shard, name) {
      return toStub(logs, shard).getReplay(name);
    },
    async list(shard) {
      return toStub(logs, shard).listReplays();
    },
    async cancel(shard, name) {
      return toStub(logs, shard).cancelReplay(name);
    },
    async delete(shard, name) {
      return toStub(logs, shard).deleteReplay(name);
    },
  };
}

export function createLogErasure(logs: Logs): Erasure {
  return {
    async erase(shard) {
      await toStub(logs, shard).erase();
    },
  };
}

/** The log's shards as the keeper of what Queues handed out. `retention`: a bus's, where there is that bus. */
export function createLogRecorder(
  logs: Logs,
  retention: (tenant: string, bus: string) => Promise<number | undefined>,
): SettlementLog {
  return {
    async record(place, settlement) {
      await toStub(logs, place).record(JSON.stringify(settlement), await retention(place.tenant, place.bus));
    },
    async setAside(place, body, reason) {
      await toStub(logs, place).setAside(body, reason);
    },
  };
}

function toStub(logs: Logs, { tenant, bus, shard }: ShardPlace) {
  return logs.getByName(`${tenant}/${bus}/${shard}`);
}

import { describe, expect, it } from 'vitest';
import { createNodeSql } from '../../adapters/node/sql.ts';
import { createArchiveStore } from '../../adapters/sqlite/archive-store.ts';
import { createClaimStore } from '../../adapters/sqlite/claim-store.ts';
import { createDeadLetterStore } from '../../adapters/sqlite/dead-letter-store.ts';
import { createLaneStore } from '../../adapters/sqlite/lane-store.ts';
import type { LogStorage } from '../../adapters/sqlite/log.ts';
import { createLogStore } from '../../adapters/sqlite/log-store.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import { createDisk } from './disk.ts';
import { createRandom, type Random } from './random.ts';

const ROUNDS = 60;
const CHANGES = 80;
const lanes = ['r/a', 'r/a#k', 'r/a#l', 'r/ab', 's/a'];

/** The simulation is as good as its tables are like those of SQLite. */
describe('the tables of the simulation', () => {
  it(`answer as SQLite does, over ${ROUNDS} times ${CHANGES} random changes`, { timeout: 60_000 }, async () => {
    for (let seed = 0; seed < ROUNDS; seed += 1) {
      const random = createRandom(seed);
      const sql = createNodeSql(':memory:');
      const inSql: LogStorage = {
        store: createLogStore(sql),
        laneStore: createLaneStore(sql),
        archiveStore: createArchiveStore(sql),
        claimStore: createClaimStore(sql),
        deadLetterStore: createDeadLetterStore(sql),
        transaction: (work) => sql.transaction(work),
      };
      const inMemory = createDisk().open(() => {});
      for (let change = 0; change < CHANGES; change += 1) {
        const work = createChange(random);
        expect(tryTo(work, inMemory), `seed ${seed}, change ${change}`).toBe(tryTo(work, inSql));
        expect(readAll(inMemory), `seed ${seed}, change ${change}`).toEqual(readAll(inSql));
      }
      await sql.close();
    }
  });

  it('know the same claims as SQLite does, whatever was purged or rolled back', async () => {
    for (let seed = 0; seed < ROUNDS; seed += 1) {
      const random = createRandom(seed);
      const sql = createNodeSql(':memory:');
      const transaction = <Result>(work: () => Result): Result => sql.transaction(work);
      let inSql = { claimStore: createClaimStore(sql), transaction };
      const inMemory = createDisk().open(() => {});
      let now = 1_000;
      for (let change = 0; change < CHANGES; change += 1) {
        // The one keeps what is over for a while longer than the other: time must not go back.
        now += random.between(0, 40);
        const keys = ['a', 'b', 'c', 'd', 'e'].filter(() => random.chance(0.5));
        const until = now + random.pick([1, 30, 100, 1_000]);
        const limit = random.between(1, 3);
        const fails = random.chance(0.2);
        const claim = ({ claimStore, transaction }: Pick<LogStorage, 'claimStore' | 'transaction'>): string => {
          claimStore.purge(now, limit);
          try {
            return transaction(() => {
              const known = claimStore.claim(keys, now, until);
              if (fails) throw new Error('it fails');
              return [...known].toSorted().join(' ');
            });
          } catch {
            return 'it failed';
          }
        };
        expect(claim(inMemory), `seed ${seed}, change ${change}`).toBe(claim(inSql));
        if (random.chance(0.1)) inSql = { claimStore: createClaimStore(sql), transaction };
      }
      for (let step = 0; inSql.claimStore.purge(now + 2_000, 2) && step < 1_000;) step += 1;
      expect([inSql.claimStore.rowsKept(), inSql.claimStore.nextAt()]).toEqual([0, undefined]);
      await sql.close();
    }
  });

  it('have after a loss of power what was synced, and of the rest the first commits', () => {
    const disk = createDisk();
    const storage = disk.open(() => {});
    const { store } = storage;
    store.insertBatch({ sequence: 1, at: 1, deliveries: 1, body: 'a' });
    disk.synced(disk.mark());
    storage.transaction(() => {
      store.insertBatch({ sequence: 2, at: 1, deliveries: 1, body: 'b' });
      store.setPosition(1, '{}');
    });
    store.insertBatch({ sequence: 3, at: 1, deliveries: 1, body: 'c' });
    disk.crash(0.5);
    expect(store.batchesAfter(0, 9).map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(store.cursor()).toBe(1);
    store.setPosition(2, '{}');
    disk.crash(0);
    expect(store.cursor()).toBe(1);
    expect(store.lastBatch()).toBe(2);
  });
});

type Work = (storage: LogStorage) => unknown;

/** One change, or several in a transaction that may fail at its end. */
function createChange(random: Random): Work {
  if (random.chance(0.8)) return createStatement(random);
  const statements = Array.from({ length: random.between(1, 5) }, () => createStatement(random));
  const fails = random.chance(0.4);
  return (storage) =>
    storage.transaction(() => {
      for (const statement of statements) statement(storage);
      if (fails) throw new Error('it fails');
    });
}

function createStatement(random: Random): Work {
  const sequence = random.between(1, 60);
  const at = random.between(1, 40);
  const limit = random.between(1, 5);
  const lane = random.pick(lanes);
  const place = random.between(0, 3);
  const body = `body ${random.between(1, 1000)}`;
  const record = toRecord(random);
  const deliveries = random.between(1, 9);
  const books = random.chance(0.5) ? body : undefined;
  const setting = random.pick(['sequence', 'retention'] as const);
  return random.pick<Work>([
    ({ store }) => store.insertBatch({ sequence, at, deliveries, body }),
    ({ store }) => store.insertRetry({ due: at, sequence, failures: limit, deliveries, body }),
    ({ store }) => store.deleteRetry({ due: at, sequence, failures: 0, deliveries: 0, body: '' }),
    ({ store }) => store.setSetting(setting, sequence),
    ({ store }) => store.setPosition(sequence, body),
    ({ store }) => store.quarantine(sequence, at, body, 'a reason'),
    ({ store }) => store.insertRecords(sequence, at, JSON.stringify([record, { ...record, attempt: 2 }]), books),
    ({ store }) => store.insertDeadLetter(sequence, { ...record, status: 'dead-lettered' }, '{"id":"1"}'),
    ({ deadLetterStore }) => deadLetterStore?.delete(sequence),
    ({ store }) => store.purge(at, limit),
    ({ store }) => store.purgeDeadLetters(at, limit),
    ({ archiveStore }) => archiveStore.insert({ sequence, at: sequence, deliveries, body }),
    ({ archiveStore }) => archiveStore.purge(sequence, at, limit),
    ({ archiveStore }) => archiveStore.putReplay({ name: lane, body }),
    ({ archiveStore }) => archiveStore.deleteReplay(lane),
    ({ laneStore }) => laneStore.insert({ lane, place, sequence, due: at, failures: 0, deliveries, body }),
    ({ laneStore }) => laneStore.delete({ lane, place, sequence, due: 0, failures: 0, deliveries: 0, body: '' }),
    ({ laneStore }) => {
      for (const row of laneStore.head(lane, 2)) laneStore.delete(row);
    },
  ]);
}

/** What it answers, or that it fails. */
function tryTo(work: Work, storage: LogStorage): string {
  try {
    return String(work(storage));
  } catch {
    return 'it failed';
  }
}

function readAll({ store, laneStore, archiveStore, deadLetterStore }: LogStorage): unknown {
  const filter = { rule: 'r1' };
  return [
    [store.lastSequence(), store.lastBatch(), store.cursor(), store.setting('retention')],
    [store.batchesAfter(10, 4), store.dueRetries(20, 6), store.nextRetryAt(), store.oldestAt(), store.rowsKept()],
    [store.booksOfCursor(), store.booksOfRecords(0), store.booksOfRecords(30), store.nextBatch(10)],
    [store.countBatches(5, 40, 50), store.countBatches(5, 60, 3), store.countRetries(50), store.countRetries(2)],
    [laneStore.countDeliveries(5, 50), laneStore.countDeliveries(0, 2).rows],
    lanes.map((lane) => [laneStore.head(lane, 4), laneStore.lanesAfter(lane, 2), laneStore.count(lane)]),
    laneStore.lastSequence(),
    [archiveStore.nextBatch(10), archiveStore.countBatches(5, 40, 50), archiveStore.countBatches(5, 60, 3)],
    [archiveStore.batchesFrom(9, 4), archiveStore.firstSince(20), archiveStore.oldestAt(), archiveStore.lastBatch()],
    archiveStore.replays(),
    deadLetterStore?.list({ filter: {}, order: 'newest', after: 40, limit: 3 }),
    deadLetterStore?.list({ filter, order: 'oldest', limit: 3 }),
    [10, 20, 30].map((sequence) => deadLetterStore?.get(sequence)),
  ];
}

function toRecord(random: Random): LedgerRecord {
  return {
    at: random.between(1, 40),
    tenant: 't',
    bus: 'b',
    status: random.pick(['delivered', 'retrying']),
    eventId: 'e',
    source: '/s',
    type: 't',
    rule: random.pick(['r1', 'r2']),
    target: 'x',
    attempt: 1,
  };
}

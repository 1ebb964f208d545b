import type { LogStorage } from '../../adapters/sqlite/log.ts';
import { createLogBooks } from '../../adapters/sqlite/log-books.ts';
import { toMessages } from '../../adapters/sqlite/log-rows.ts';
import { deliveriesIn, type End, noTotals, type ShardBooks } from '../../mesh/books.ts';
import { decodeEnvelope } from '../../mesh/envelope.ts';
import type { DeliveryStatus, LedgerRecord } from '../../mesh/ledger.ts';
import type { Disk } from './disk.ts';
import type { BusPlan } from './plan.ts';

/** Looks into the books of all disks, as the next process would read them, and into what they are about. */
export interface Audit {
  /** A row of history is written, or taken back by a loss of power. */
  recorded(bus: string, records: readonly LedgerRecord[], isThere: boolean): void;
  /** What is wrong with them, if anything. */
  check(disks: ReadonlyMap<string, Disk>): string | undefined;
}

export function createAudit(buses: readonly BusPlan[]): Audit {
  /** By bus, what its history says of ends. */
  const histories = new Map<string, Record<End, number>>();
  /** What every look needs again: a way to read each disk, and of how many deliveries a message is, which never changes. */
  const opened = new Map<Disk, LogStorage>();
  const sizes = new Map<string, number>();

  function open(disk: Disk): LogStorage {
    const storage = opened.get(disk) ?? disk.open(() => {});
    opened.set(disk, storage);
    return storage;
  }

  function sizeOf(message: string): number {
    const known = sizes.get(message);
    if (known !== undefined) return known;
    const size = countDeliveries(message);
    sizes.set(message, size);
    return size;
  }

  function checkShard(shard: string, disk: Disk): { readonly books: ShardBooks; readonly fault?: string } {
    const ledger = createLogBooks({ storage: open(disk), nextSequence: never, lastSequence: never, now: () => 0 });
    const books = ledger.read();
    const ahead = ledger.ahead();
    let waiting = 0;
    for (const message of messagesOf(disk, (at) => ahead.some(([from, to]) => from <= at && at <= to))) {
      waiting += sizeOf(message);
    }
    if (books.pending === waiting && books.counted === waiting) return { books };
    const said = JSON.stringify({ ...books, targets: undefined });
    return { books, fault: `the books of ${shard} do not balance: ${waiting} wait, and they say ${said}` };
  }

  return {
    recorded(bus, records, isThere) {
      let history = histories.get(bus);
      if (history === undefined) histories.set(bus, (history = { ...noTotals }));
      for (const { status, parts } of records) {
        const end = ends[status];
        if (end !== undefined) history[end] += (isThere ? 1 : -1) * (parts?.length ?? 1);
      }
    },
    check(disks) {
      const counted = new Map<string, Record<End, number>>();
      for (const [shard, disk] of disks) {
        const { books, fault } = checkShard(shard, disk);
        if (fault !== undefined) return fault;
        const bus = shard.split('/').slice(0, 2).join('/');
        const sums = counted.get(bus) ?? { ...noTotals };
        counted.set(bus, sums);
        for (const end of allEnds) sums[end] += books[end];
      }
      for (const { tenant, bus, settings } of buses) {
        const said = counted.get(`${tenant}/${bus}`) ?? noTotals;
        const history = histories.get(`${tenant}/${bus}`) ?? noTotals;
        for (const end of allEnds) {
          // Of the others nothing is recorded where the bus does not ask for all.
          const isRecorded = settings.record === 'all' || !(end === 'delivered' || end === 'filtered');
          if (isRecorded && said[end] !== history[end]) {
            return `the books of ${tenant}/${bus} say ${said[end]} ${end}, its history ${history[end]}`;
          }
        }
      }
      return undefined;
    },
  };
}

const ends: { readonly [Status in DeliveryStatus]?: End } = {
  delivered: 'delivered',
  'dead-lettered': 'deadLettered',
  disabled: 'disabled',
  expired: 'expired',
  filtered: 'filtered',
};
const allEnds = Object.values(ends);

/** All that is in the queue. */
function messagesOf({ tables }: Disk, isSettled: (sequence: number) => boolean): readonly string[] {
  const cursor = tables.settings.get('cursor') ?? 0;
  const batches = [...tables.batches, ...tables.archived]
    .filter(({ sequence }) => sequence > cursor && !isSettled(sequence))
    .flatMap(({ body }) => toMessages(body));
  const lanes = [...tables.lanes.values()].flat().flatMap(({ body }) => toMessages(body));
  const retries = tables.retries.map(({ body }) => body);
  return [...batches, ...lanes, ...retries];
}

/** Read to the end: no column, and no number in a message, is believed. */
function countDeliveries(message: string): number {
  let deliveries = 0;
  for (const planned of decodeEnvelope(message).events) {
    for (const delivery of planned.deliveries) deliveries += deliveriesIn(delivery);
  }
  return deliveries;
}

function never(): never {
  throw new Error('an audit writes nothing');
}

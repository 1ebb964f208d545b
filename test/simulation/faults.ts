import type { ClaimStore } from '../../adapters/sqlite/claim-store.ts';
import type { DeadLetterStore } from '../../adapters/sqlite/dead-letter-store.ts';
import type { LogStorage } from '../../adapters/sqlite/log.ts';
import { fromObject, toObject } from '../../event/create.ts';
import { withAttributes } from '../../event/with-attributes.ts';
import type { Tally } from '../../mesh/books.ts';
import { decodeEnvelope, deliveriesOf, encodeEnvelope } from '../../mesh/envelope.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import { isReplay } from '../../mesh/replay/replay.ts';
import type { Snapshot, Target } from '../../mesh/snapshot.ts';
import type { SnapshotReader } from '../../mesh/snapshot-source.ts';
import type { Fault } from './fault.ts';
import type { World } from './world.ts';

/**
 * Mistakes that somebody could make in a store, a port or what uses them, one at a time. A simulation that does not find
 * them proves nothing.
 */
export const faults: readonly Fault[] = [
  {
    name: 'throws a dead letter away where it was to be put back',
    storage(storage, { world }) {
      const { store } = storage;
      let redrives = false;
      const insertRetry: typeof store.insertRetry = (retry) => {
        if (!redrives || world.random.chance(0.5)) store.insertRetry(retry);
      };
      return {
        ...withLetters(storage, (letters) => ({
          delete(sequence) {
            redrives = true;
            return letters.delete(sequence);
          },
        })),
        store: { ...store, insertRetry },
        transaction(work) {
          redrives = false;
          return storage.transaction(work);
        },
      };
    },
  },
  {
    name: 'hands over nothing to dead-letter targets',
    consume: settling(({ retries, tally, ...settlement }) => {
      const handed = retries.filter(({ body }) => body.includes('knativeerrorcode'));
      const count = handed.reduce((sum, { body }) => sum + deliveriesOf(body), 0);
      return {
        ...settlement,
        retries: retries.filter((retry) => !handed.includes(retry)),
        ...(tally === undefined ? {} : { tally: { ...tally, added: tally.added - count } }),
      };
    }),
  },
  {
    name: 'publishes replies after their delivery counts',
    publish:
      (publish, { world }) =>
      (home, emitted) => {
        world.scheduler.after(500, () => void publish(home, emitted).catch(() => {}));
        return Promise.resolve();
      },
  },
  {
    name: 'does not wait until what a function emits is on disk',
    publish:
      (publish, { world }) =>
      (home, emitted) => {
        if (!emitted.some(({ event }) => event.attributes.id.includes('.emitted.'))) return publish(home, emitted);
        world.scheduler.after(500, () => void publish(home, emitted).catch(() => {}));
        return Promise.resolve();
      },
  },
  {
    name: 'publishes replies in circles',
    publish: (publish) => (home, emitted) =>
      publish(
        home,
        emitted.map(({ event, ...rest }) => ({ ...rest, event: withAttributes(event, { tullehops: 1 }) })),
      ),
  },
  {
    name: 'keeps a dead letter that was put back',
    storage: (storage) =>
      withLetters(storage, (letters) => ({ delete: (sequence) => letters.get(sequence) !== undefined })),
  },
  {
    name: 'throws away more dead letters than it was asked to',
    storage: (storage) =>
      withLetters(storage, (letters) => ({
        delete(sequence) {
          const isThere = letters.delete(sequence);
          for (const { sequence: oldest } of letters.list({ filter: {}, order: 'oldest', limit: 1 }).items) {
            letters.delete(oldest);
          }
          return isThere;
        },
      })),
  },
  {
    name: 'moves a replay on without its deliveries',
    consume: settling((settlement) => (settlement.replay === undefined ? settlement : { ...settlement, retries: [] })),
  },
  {
    name: 'forgets where a replay was when it starts again',
    storage: (storage) => ({
      ...storage,
      archiveStore: {
        ...storage.archiveStore,
        putReplay: (replay) =>
          storage.archiveStore.putReplay({ ...replay, body: replay.body.replace('"position":', '"before":') }),
      },
    }),
  },
  {
    name: 'empties archives as early as everything else',
    storage(storage, { world }) {
      const { archiveStore } = storage;
      const purge: typeof archiveStore.purge = (upTo, _before, limit) =>
        archiveStore.purge(upTo, world.wall() - 1_000, limit);
      return { ...storage, archiveStore: { ...archiveStore, purge } };
    },
  },
  {
    name: 'replays without a mark',
    consume: settling((settlement) =>
      settlement.replay === undefined
        ? settlement
        : { ...settlement, retries: settlement.retries.map((retry) => ({ ...retry, body: withoutMark(retry.body) })) },
    ),
  },
  {
    name: 'replays events of any time',
    consume: (consume) => (messages, task) =>
      isReplay(task)
        ? consume(messages, { ...task, replay: { ...task.replay, from: 0, to: Number.MAX_SAFE_INTEGER } })
        : consume(messages, task),
  },
  {
    name: 'acknowledges before it is on disk',
    ports: (ports) => ({ ...ports, synced: () => Promise.resolve(void ports.synced()) }),
  },
  {
    name: 'loses a retry now and then',
    storage(storage, { world }) {
      const { store } = storage;
      const insertRetry: typeof store.insertRetry = (retry) => {
        if (!world.random.chance(0.2)) store.insertRetry(retry);
      };
      return { ...storage, store: { ...store, insertRetry } };
    },
  },
  {
    name: 'sets no alarm for what is due later',
    ports: (ports, { world }) => ({
      ...ports,
      setAlarm: (at) => (at > world.wall() + 50 ? Promise.resolve() : ports.setAlarm(at)),
    }),
  },
  {
    name: 'writes a settlement twice',
    storage: (storage) => ({
      ...storage,
      transaction: (work) =>
        storage.transaction(() => {
          work();
          return work();
        }),
    }),
  },
  {
    name: 'puts what is left of an ordered turn behind the others',
    storage(storage) {
      const { laneStore } = storage;
      const deleted = new Set<number>();
      return {
        ...storage,
        laneStore: {
          ...laneStore,
          delete(row) {
            deleted.add(row.sequence);
            laneStore.delete(row);
          },
          insert: (row) =>
            laneStore.insert(
              deleted.has(row.sequence) ? { ...row, sequence: row.sequence + 0.5, place: row.place + 1 } : row,
            ),
        },
      };
    },
  },
  {
    name: 'moves the cursor past a batch that is not settled',
    storage(storage) {
      const { store } = storage;
      const setPosition: typeof store.setPosition = (_cursor, books) => store.setPosition(store.lastBatch(), books);
      return { ...storage, store: { ...store, setPosition } };
    },
  },
  {
    name: 'forgets what is left of a turn',
    consume: settling((settlement) =>
      settlement.turn === undefined ? settlement : { ...settlement, turn: { ...settlement.turn, remains: [] } },
    ),
  },
  {
    name: 'serves a lane twice at once',
    consume: (consume) => async (messages, turn) => {
      const [first, ...rest] = messages;
      if (isReplay(turn) || turn === undefined || first === undefined || rest.length === 0)
        return consume(messages, turn);
      const [one, other] = await Promise.all([consume([first], turn), consume(rest, turn)]);
      const taken = (one.turn?.taken ?? 0) + (other.turn?.taken ?? 0);
      if (one.turn === undefined || other.turn === undefined || taken < messages.length) return consume(messages, turn);
      return {
        retries: [...one.retries, ...other.retries],
        records: [...one.records, ...other.records],
        turn: { ...other.turn, taken, remains: [...one.turn.remains, ...other.turn.remains] },
      };
    },
  },
  {
    name: 'forgets the lane of what has to wait in one',
    consume: settling((settlement) => ({
      ...settlement,
      retries: settlement.retries.map(({ body, delayMs }) => ({ body, delayMs })),
    })),
  },
  {
    name: 'commits each statement by itself',
    storage: (storage) => ({ ...storage, transaction: (work) => work() }),
  },
  {
    name: 'has a breaker that never lets a probe through',
    consume: (consume) => async (messages, turn) =>
      turn !== undefined && 'probe' in turn && turn.probe
        ? { retries: [], records: [], turn: { taken: 0, remains: [], delayMs: 0, ok: 0, failed: 1, gaveUp: true } }
        : consume(messages, turn),
  },
  {
    name: 'knows no rate after a crash',
    reader: (reader, { generation }) =>
      generation === 1 ? reader : reading(reader, ({ ratePerSecond: _rate, ...target }) => target),
  },
  {
    name: 'tries every part again where one has failed',
    consume: settling((settlement) => ({
      ...settlement,
      retries: settlement.retries.map((retry) => ({ ...retry, body: withoutParts(retry.body) })),
    })),
  },
  {
    name: 'mixes up the tenants of one bus name',
    reader(reader) {
      const known = new Map<string, Snapshot>();
      return {
        async read(tenant, bus, options) {
          const found = known.get(bus) ?? (await reader.read(tenant, bus, options));
          if (found !== undefined) known.set(bus, found);
          return found;
        },
      };
    },
  },
  {
    name: 'tries again at once, whatever the wait',
    consume: settling((settlement) => ({
      ...settlement,
      retries: settlement.retries.map((retry) => ({ ...retry, delayMs: 0 })),
    })),
  },
  {
    name: 'does not count attempts',
    consume: settling((settlement) => ({
      ...settlement,
      retries: settlement.retries.map((retry) => ({
        ...retry,
        body: encodeEnvelope({ ...decodeEnvelope(retry.body), attempts: 0 }),
      })),
    })),
  },
  {
    name: 'does not see that a target is paused',
    reader: (reader) => reading(reader, ({ paused: _paused, ...target }) => target),
  },
  {
    name: 'numbers rows from the beginning again after a restart',
    storage: (storage) => ({
      ...storage,
      store: {
        ...storage.store,
        lastSequence: () => 0,
        booksOfCursor: () => storage.store.booksOfCursor()?.replace(/"sequence":\d+/, '"sequence":0'),
      },
      laneStore: { ...storage.laneStore, lastSequence: () => 0 },
    }),
  },
  {
    name: 'keeps no books of dead letters',
    consume: settling((settlement) => ({
      ...settlement,
      records: settlement.records.filter(({ status }) => status !== 'dead-lettered'),
    })),
  },
  {
    name: 'tells a publisher that what is tried again was delivered',
    consume: settling((settlement) => ({
      ...settlement,
      outcomes: (settlement.outcomes ?? []).map((outcome) => ({
        ...outcome,
        status: outcome.status === 'retrying' ? 'delivered' : outcome.status,
      })),
    })),
  },
  {
    name: 'tells a publisher of dead letters before they are in the books',
    waits: (waits, { world }) => ({
      ...waits,
      async take(shard, receipt, milliseconds) {
        const outcomes = await waits.take(shard, receipt, milliseconds);
        return outcomes?.map((outcome) =>
          outcome.status === 'retrying' && world.random.chance(0.5) ? { ...outcome, status: 'dead-lettered' } : outcome,
        );
      },
    }),
  },
  {
    name: 'lets a publisher wait beyond its time',
    waits: (waits) => ({
      ...waits,
      async take(shard, receipt, milliseconds) {
        const outcomes = await waits.take(shard, receipt, milliseconds);
        return outcomes?.length === 0 ? new Promise(() => {}) : outcomes;
      },
    }),
  },
  {
    name: 'claims events elsewhere, before they are stored',
    storage: (storage, { world }) => ({ ...storage, claimStore: claimingIn(claimsOf(world), storage.claimStore) }),
  },
  {
    name: 'has its claims in memory',
    storage: (storage) => ({ ...storage, claimStore: claimingIn(new Map(), storage.claimStore) }),
  },
  {
    name: 'answers although the transaction failed',
    storage: (storage) => ({
      ...storage,
      transaction<Result>(work: () => Result): Result {
        try {
          return storage.transaction(work);
        } catch {
          return undefined as Result;
        }
      },
    }),
  },
  {
    name: 'writes the books after the transaction',
    storage(storage) {
      const { store } = storage;
      let late: (() => void)[] = [];
      const setPosition: typeof store.setPosition = (cursor, books) => {
        store.setPosition(cursor, store.booksOfCursor() ?? books);
        late.push(() => store.setPosition(cursor, books));
      };
      const insertRecords: typeof store.insertRecords = (sequence, at, body, books) => {
        store.insertRecords(sequence, at, body);
        if (books !== undefined) late.push(() => store.setPosition(store.cursor(), books));
      };
      return {
        ...storage,
        store: { ...store, setPosition, insertRecords },
        transaction(work) {
          late = [];
          const result = storage.transaction(work);
          for (const write of late) write();
          return result;
        },
      };
    },
  },
  {
    name: 'loses the count of a part',
    consume: settling(({ tally, ...settlement }) => ({
      ...settlement,
      ...(tally === undefined ? {} : { tally: { ...tally, added: Math.max(0, tally.added - 1) } }),
    })),
  },
  {
    name: 'counts twice what is handed out again',
    consume: (consume) => {
      const seen = new Set<string>();
      return async (messages, task) => {
        const settlement = await consume(messages, task);
        const isAgain = messages.some((message) => seen.has(message));
        for (const message of messages) seen.add(message);
        const ended = Object.entries(settlement.tally?.ended ?? {}).map(([target, ends]) => [
          target,
          Object.fromEntries(Object.entries(ends).map(([end, count]) => [end, 2 * count])),
        ]);
        if (!isAgain || settlement.tally === undefined) return settlement;
        return { ...settlement, tally: { ...settlement.tally, ended: Object.fromEntries(ended) as Tally['ended'] } };
      };
    },
  },
  {
    name: 'forgets after a restart what appends have brought since the last settlement',
    storage(storage, { generation }) {
      const { store } = storage;
      const countBatches: typeof store.countBatches = (after, upTo, limit) =>
        generation > 1 && limit === Number.MAX_SAFE_INTEGER
          ? { rows: 0, deliveries: 0 }
          : store.countBatches(after, upTo, limit);
      return { ...storage, store: { ...store, countBatches } };
    },
  },
  {
    name: 'forgets after a restart what was settled behind a slow batch',
    storage(storage) {
      const { store } = storage;
      const withoutAhead = (books: string): string => books.replace(/"ahead":\[.*?\]\]/, '"ahead":[]');
      return {
        ...storage,
        store: {
          ...store,
          booksOfCursor: () =>
            store.booksOfCursor() === undefined ? undefined : withoutAhead(store.booksOfCursor() ?? ''),
          booksOfRecords(after) {
            const found = store.booksOfRecords(after);
            return found && { ...found, books: withoutAhead(found.books) };
          },
        },
      };
    },
  },
];

/** What no crash and no rollback takes away. */
const claimsByWorld = new WeakMap<World, Map<string, number>>();

function claimsOf(world: World): Map<string, number> {
  const claims = claimsByWorld.get(world) ?? new Map<string, number>();
  claimsByWorld.set(world, claims);
  return claims;
}

function claimingIn(claims: Map<string, number>, store: ClaimStore): ClaimStore {
  return {
    ...store,
    claim(keys, now, until) {
      const known = new Set(keys.filter((key) => (claims.get(key) ?? -Infinity) > now));
      for (const key of keys) if (!known.has(key)) claims.set(key, until);
      return known;
    },
  };
}

function withLetters(storage: LogStorage, change: (letters: DeadLetterStore) => Partial<DeadLetterStore>): LogStorage {
  const { deadLetterStore: letters } = storage;
  return letters === undefined ? storage : { ...storage, deadLetterStore: { ...letters, ...change(letters) } };
}

function settling(change: (settlement: Settlement) => Settlement): (consume: QueueConsumer) => QueueConsumer {
  return (consume) => async (messages, turn) => change(await consume(messages, turn));
}

function reading(reader: SnapshotReader, change: (target: Target) => Target): SnapshotReader {
  return {
    async read(tenant, bus, options) {
      const snapshot = await reader.read(tenant, bus, options);
      if (snapshot === undefined) return undefined;
      const rules = snapshot.rules.map((rule) => ({ ...rule, targets: rule.targets.map(change) }));
      return { ...snapshot, rules };
    },
  };
}

function withoutParts(body: string): string {
  const envelope = decodeEnvelope(body);
  const events = envelope.events.map((planned) => ({
    ...planned,
    deliveries: planned.deliveries.map(({ rule, target }) => ({ rule, target })),
  }));
  return encodeEnvelope({ ...envelope, events });
}

function withoutMark(body: string): string {
  const envelope = decodeEnvelope(body);
  const events = envelope.events.map((planned) => {
    const { replayname: _mark, ...object } = toObject(planned.event);
    return { ...planned, event: fromObject(object) };
  });
  return encodeEnvelope({ ...envelope, events });
}

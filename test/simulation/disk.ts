import type { ArchiveStore, StoredReplay } from '../../adapters/sqlite/archive-store.ts';
import type { ClaimStore } from '../../adapters/sqlite/claim-store.ts';
import type { DeadLetterStore } from '../../adapters/sqlite/dead-letter-store.ts';
import type { LaneRow, LaneStore, RowCount } from '../../adapters/sqlite/lane-store.ts';
import type { LogStorage } from '../../adapters/sqlite/log.ts';
import type { LogStore, StoredBatch, StoredRetry } from '../../adapters/sqlite/log-store.ts';
import { isMeant } from '../../mesh/dead-letters/query.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';

/**
 * The tables of one log in memory, as SQLite keeps them: all or nothing in a transaction, and with a journal of how to
 * undo, so that a loss of power can take away what was committed and not synced.
 */
export interface Disk {
  readonly tables: Tables;
  /** A process's view. `onChange` comes before every change and may throw: then the process died there. */
  open(onChange: () => void): LogStorage;
  /** A position to sync up to: everything that is written by now. */
  mark(): number;
  synced(mark: number): void;
  isSynced(): boolean;
  /** Undoes an open transaction, and of the commits that are not synced all after the first `share` (0 to 1) of them. */
  crash(share: number): void;
}

export interface Tables {
  readonly batches: StoredBatch[];
  readonly archived: StoredBatch[];
  readonly replays: StoredReplay[];
  readonly retries: StoredRetry[];
  readonly records: RecordRow[];
  readonly deadLetters: DeadLetterRow[];
  readonly quarantine: TextRow[];
  readonly settings: Map<string, number>;
  /** In the cursor's row. */
  readonly books: { text?: string | undefined };
  readonly lanes: Map<string, LaneRow[]>;
  /** Until when each key is known. */
  readonly claims: Map<string, number>;
}

interface TextRow {
  readonly sequence: number;
  readonly at: number;
  readonly body: string;
}

interface RecordRow extends TextRow {
  readonly books: string | undefined;
}

interface DeadLetterRow extends TextRow {
  readonly event: string;
}

/** Told of what is stored, and of what is taken away again by a crash or a rollback. */
export interface DiskWatch {
  onRecords(records: readonly LedgerRecord[], isThere: boolean): void;
  onBatch(batch: StoredBatch, isThere: boolean): void;
  onDeadLetter(sequence: number, record: LedgerRecord, isThere: boolean): void;
  onDeadLetterGone(sequence: number, isGone: boolean): void;
}

export function createDisk(watch?: DiskWatch): Disk {
  const tables: Tables = {
    batches: [],
    archived: [],
    replays: [],
    retries: [],
    records: [],
    deadLetters: [],
    quarantine: [],
    settings: new Map(),
    books: {},
    lanes: new Map(),
    claims: new Map(),
  };
  /** How to undo each change since the last sync. */
  let journal: (() => void)[] = [];
  /** Changes that were synced and are not in the journal any more. */
  let forgotten = 0;
  /** Where commits end, counted in changes from the beginning. */
  let commits: number[] = [];
  let inTransaction = false;
  let savepoint = 0;

  function undoTo(position: number): void {
    while (forgotten + journal.length > position) journal.pop()?.();
  }

  function changed(undo: () => void): void {
    journal.push(undo);
    if (!inTransaction) commits.push(forgotten + journal.length);
  }

  /** Of the last change, and of its being undone. */
  function tell(observe: (isThere: boolean) => void): void {
    observe(true);
    const undo = journal.pop();
    journal.push(() => {
      undo?.();
      observe(false);
    });
  }

  function insert<Row>(rows: Row[], row: Row, compare: (one: Row, other: Row) => number): void {
    let place = rows.length;
    for (; place > 0; place -= 1) {
      const before = rows[place - 1];
      const order = before === undefined ? -1 : compare(before, row);
      if (order === 0) throw new Error('UNIQUE constraint failed');
      if (order < 0) break;
    }
    rows.splice(place, 0, row);
    changed(() => void rows.splice(rows.indexOf(row), 1));
  }

  function remove<Row>(rows: Row[], isIt: (row: Row) => boolean): void {
    const place = rows.findIndex(isIt);
    const [row] = place < 0 ? [] : rows.splice(place, 1);
    if (row !== undefined) changed(() => void rows.splice(place, 0, row));
  }

  function removeFirst(rows: unknown[], count: number): void {
    const removed = rows.splice(0, count);
    if (removed.length > 0) changed(() => void rows.unshift(...removed));
  }

  function purgeTable(rows: TextRow[], upTo: number, before: number, limit: number): boolean {
    const looked = rows.filter(({ sequence }) => sequence <= upTo).slice(0, limit);
    const expired = looked.findLastIndex(({ at }) => at < before);
    if (expired < 0) return false;
    removeFirst(rows, expired + 1);
    return looked.length === limit && expired === looked.length - 1;
  }

  function laneRows(lane: string): LaneRow[] {
    let rows = tables.lanes.get(lane);
    if (rows === undefined) {
      rows = [];
      tables.lanes.set(lane, rows);
    }
    return rows;
  }

  function createStore(onChange: () => void): LogStore {
    const { batches, retries, records, deadLetters, quarantine, settings, books } = tables;
    return {
      lastSequence: () =>
        Math.max(
          settings.get('cursor') ?? 0,
          settings.get('sequence') ?? 0,
          ...[batches, records, deadLetters, quarantine].map((rows) => rows.at(-1)?.sequence ?? 0),
          ...retries.map(({ sequence }) => sequence),
        ),
      lastBatch: () => batches.at(-1)?.sequence ?? 0,
      cursor: () => settings.get('cursor') ?? 0,
      setting: (name) => settings.get(name),
      setSetting(name, value) {
        onChange();
        const before = settings.get(name);
        settings.set(name, value);
        changed(() => void (before === undefined ? settings.delete(name) : settings.set(name, before)));
      },
      setPosition(cursor, text) {
        onChange();
        const before = { cursor: settings.get('cursor'), text: books.text };
        settings.set('cursor', cursor);
        books.text = text;
        changed(() => {
          if (before.cursor === undefined) settings.delete('cursor');
          else settings.set('cursor', before.cursor);
          books.text = before.text;
        });
      },
      booksOfCursor: () => books.text,
      booksOfRecords(after) {
        const row = records.findLast(({ sequence, books: text }) => sequence > after && text !== undefined);
        return row?.books === undefined ? undefined : { at: row.at, books: row.books };
      },
      countBatches: (after, upTo, limit) =>
        countRows(
          batches.filter(({ sequence }) => sequence > after && sequence <= upTo),
          limit,
        ),
      countRetries: (limit) => countRows(retries, limit),
      insertBatch(batch) {
        onChange();
        insert(batches, batch, bySequence);
        tell((isThere) => watch?.onBatch(batch, isThere));
      },
      batchesAfter: (after, limit) => batches.filter(({ sequence }) => sequence > after).slice(0, limit),
      nextBatch: (after) => batches.find(({ sequence }) => sequence > after)?.sequence,
      dueRetries: (now, limit) => retries.filter(({ due }) => due <= now).slice(0, limit),
      nextRetryAt: () => retries[0]?.due,
      insertRetry(retry) {
        onChange();
        insert(retries, retry, byDue);
      },
      deleteRetry({ due, sequence }) {
        onChange();
        remove(retries, (row) => row.due === due && row.sequence === sequence);
      },
      quarantine(sequence, at, body) {
        onChange();
        insert(quarantine, { sequence, at, body }, bySequence);
      },
      insertRecords(sequence, at, body, text) {
        onChange();
        insert(records, { sequence, at, body, books: text }, bySequence);
        if (watch === undefined) return;
        const told = readRecords(body);
        tell((isThere) => watch.onRecords(told, isThere));
      },
      insertDeadLetter(sequence, record, event) {
        onChange();
        const body = JSON.stringify(record);
        insert(deadLetters, { sequence, at: record.at, body, event }, bySequence);
        tell((isThere) => watch?.onDeadLetter(sequence, record, isThere));
      },
      oldestAt() {
        const [batch] = batches;
        const settled = batch !== undefined && batch.sequence <= (settings.get('cursor') ?? 0) ? [batch.at] : [];
        const at = [...settled, ...records.slice(0, 1).map((row) => row.at)];
        return at.length === 0 ? undefined : Math.min(...at);
      },
      purge(before, limit) {
        onChange();
        const moreBatches = purgeTable(batches, settings.get('cursor') ?? 0, before, limit);
        return purgeTable(records, Number.MAX_SAFE_INTEGER, before, limit) || moreBatches;
      },
      purgeDeadLetters(before, limit) {
        onChange();
        return purgeTable(deadLetters, Number.MAX_SAFE_INTEGER, before, limit);
      },
      rowsWritten: () => 0,
      rowsKept: () => batches.length + records.length,
    };
  }

  function createLanes(onChange: () => void): LaneStore {
    const all = (): LaneRow[] => [...tables.lanes.values()].flat();
    return {
      insert(row) {
        onChange();
        insert(laneRows(row.lane), row, byPlace);
      },
      delete({ lane, place, sequence }) {
        onChange();
        remove(laneRows(lane), (row) => row.place === place && row.sequence === sequence);
      },
      head: (lane, limit) => (tables.lanes.get(lane) ?? []).slice(0, limit),
      lanesAfter: (after, limit) =>
        Array.from(tables.lanes)
          .filter(([lane, rows]) => rows.length > 0 && lane > after)
          .map(([lane]) => lane)
          .sort(byCodeUnit)
          .slice(0, limit),
      lastSequence: () => Math.max(0, ...all().map(({ sequence }) => sequence)),
      countDeliveries: (after, limit) =>
        countRows(
          all().filter(({ sequence }) => sequence > after),
          limit,
        ),
      count: (target) => all().filter(({ lane }) => lane === target || lane.startsWith(`${target}#`)).length,
    };
  }

  function createDeadLetters(onChange: () => void): DeadLetterStore {
    const { deadLetters } = tables;
    const toRecord = ({ body }: DeadLetterRow): LedgerRecord => JSON.parse(body) as LedgerRecord;
    return {
      list({ filter, order, after, limit }) {
        const items: { sequence: number; record: LedgerRecord }[] = [];
        const rows = order === 'newest' ? deadLetters.toReversed() : deadLetters;
        let reached = after ?? (order === 'newest' ? Number.MAX_SAFE_INTEGER : 0);
        for (const row of rows) {
          const { sequence } = row;
          if (order === 'newest' ? sequence >= reached : sequence <= reached) continue;
          if (items.length === limit) return { items, reached };
          reached = sequence;
          const record = toRecord(row);
          if (isMeant(record, filter)) items.push({ sequence, record });
        }
        return { items };
      },
      get(sequence) {
        const row = deadLetters.find((candidate) => candidate.sequence === sequence);
        return row && { sequence, record: { ...toRecord(row), ...(row.event === '' ? {} : { event: row.event }) } };
      },
      delete(sequence) {
        onChange();
        const row = deadLetters.find((candidate) => candidate.sequence === sequence);
        if (row === undefined) return false;
        remove(deadLetters, (candidate) => candidate === row);
        tell((isGone) => watch?.onDeadLetterGone(sequence, isGone));
        return true;
      },
    };
  }

  function createArchive(onChange: () => void): ArchiveStore {
    const { archived, replays } = tables;
    return {
      insert(batch) {
        onChange();
        insert(archived, batch, bySequence);
      },
      batchesFrom: (from, limit) => archived.filter(({ sequence }) => sequence >= from).slice(0, limit),
      lastBatch: () => archived.at(-1)?.sequence ?? 0,
      nextBatch: (after) => archived.find(({ sequence }) => sequence > after)?.sequence,
      countBatches: (after, upTo, limit) =>
        countRows(
          archived.filter(({ sequence }) => sequence > after && sequence <= upTo),
          limit,
        ),
      firstSince: (at) => archived[archived.findLastIndex((batch) => batch.at < at) + 1]?.sequence,
      oldestAt: () => archived[0]?.at,
      purge(upTo, before, limit) {
        onChange();
        return purgeTable(archived, upTo, before, limit);
      },
      replays: () => [...replays],
      putReplay(replay) {
        onChange();
        const place = replays.findIndex(({ name }) => name === replay.name);
        const [before] = place < 0 ? [] : replays.splice(place, 1, replay);
        if (before === undefined) insert(replays, replay, (one, other) => byCodeUnit(one.name, other.name));
        else changed(() => void replays.splice(replays.indexOf(replay), 1, before));
      },
      deleteReplay(wanted) {
        onChange();
        remove(replays, ({ name }) => name === wanted);
      },
    };
  }

  function createClaims(onChange: () => void): ClaimStore {
    const { claims } = tables;

    function set(key: string, until: number | undefined): void {
      onChange();
      const before = claims.get(key);
      if (until === undefined) claims.delete(key);
      else claims.set(key, until);
      changed(() => void (before === undefined ? claims.delete(key) : claims.set(key, before)));
    }

    return {
      claim(keys, now, until) {
        const known = new Set(keys.filter((key) => (claims.get(key) ?? -Infinity) > now));
        for (const key of keys) if (!known.has(key)) set(key, until);
        return known;
      },
      nextAt: () => (claims.size === 0 ? undefined : Math.min(...claims.values())),
      purge(now, limit) {
        const over = Array.from(claims).filter(([, until]) => until <= now);
        for (const [key] of over.slice(0, limit)) set(key, undefined);
        return over.length > limit;
      },
      rowsKept: () => claims.size,
    };
  }

  return {
    tables,
    open: (onChange) => ({
      store: createStore(onChange),
      laneStore: createLanes(onChange),
      archiveStore: createArchive(onChange),
      claimStore: createClaims(onChange),
      deadLetterStore: createDeadLetters(onChange),
      transaction(work) {
        if (inTransaction) throw new Error('cannot start a transaction within a transaction');
        inTransaction = true;
        savepoint = forgotten + journal.length;
        try {
          onChange();
          const result = work();
          onChange();
          commits.push(forgotten + journal.length);
          return result;
        } catch (error) {
          undoTo(savepoint);
          throw error;
        } finally {
          inTransaction = false;
        }
      },
    }),
    mark: () => forgotten + journal.length,
    synced(mark) {
      const known = Math.min(mark - forgotten, journal.length);
      if (known <= 0) return;
      journal = journal.slice(known);
      forgotten += known;
      commits = commits.filter((end) => end > forgotten);
    },
    isSynced: () => journal.length === 0,
    crash(share) {
      if (inTransaction) undoTo(savepoint);
      const kept = Math.floor(share * (commits.length + 1));
      undoTo(kept === 0 ? forgotten : (commits[kept - 1] ?? forgotten));
      commits.length = kept;
      // What is there after a restart is on the disk.
      forgotten += journal.length;
      journal = [];
      commits = [];
    },
  };
}

function readRecords(body: string): LedgerRecord[] {
  const stored = JSON.parse(body) as LedgerRecord | LedgerRecord[];
  return Array.isArray(stored) ? stored.toReversed() : [stored];
}

function countRows(rows: readonly { readonly deliveries: number }[], limit: number): RowCount {
  const counted = rows.slice(0, limit);
  return { rows: counted.length, deliveries: counted.reduce((sum, row) => sum + row.deliveries, 0) };
}

function bySequence(one: { readonly sequence: number }, other: { readonly sequence: number }): number {
  return one.sequence - other.sequence;
}

function byDue(one: StoredRetry, other: StoredRetry): number {
  return one.due - other.due || one.sequence - other.sequence;
}

function byPlace(one: LaneRow, other: LaneRow): number {
  return one.place - other.place || one.sequence - other.sequence;
}

function byCodeUnit(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

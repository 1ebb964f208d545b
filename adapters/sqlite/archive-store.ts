import type { RowCount } from './lane-store.ts';
import type { Sql } from './sql.ts';
import type { LogStore, StoredBatch } from './log-store.ts';

/**
 * What archives keep: batches in a table of their own, numbered in one sequence with the others, so that nothing is written
 * twice and each table is emptied by its own time. And the replays of it.
 */
export interface ArchiveStore {
  insert(batch: StoredBatch): void;
  /** In order, from this number on. */
  batchesFrom(sequence: number, limit: number): StoredBatch[];
  lastBatch(): number;
  /** As the log store's. */
  nextBatch(sequence: number): number | undefined;
  countBatches(after: number, upTo: number, limit: number): RowCount;
  /** The first batch that was written at this time or later. */
  firstSince(at: number): number | undefined;
  oldestAt(): number | undefined;
  /** Deletes batches up to this number from before `before`, at most `limit`; whether there may be more. */
  purge(upTo: number, before: number, limit: number): boolean;
  /** By name. */
  replays(): StoredReplay[];
  putReplay(replay: StoredReplay): void;
  deleteReplay(name: string): void;
}

export interface StoredReplay {
  readonly name: string;
  /** JSON. */
  readonly body: string;
}

const schema = [
  'CREATE TABLE IF NOT EXISTS archived (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, deliveries INTEGER, body TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS replay (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID',
];

export function createArchiveStore(sql: Pick<Sql, 'run'>): ArchiveStore {
  for (const statement of schema) sql.run(statement);

  function first(condition: string, ...values: number[]): { sequence: number; at: number } | undefined {
    const [row] = sql.run(`SELECT sequence, at FROM archived ${condition} LIMIT 1`, ...values).rows;
    return row === undefined ? undefined : { sequence: Number(row['sequence']), at: Number(row['at']) };
  }

  const lastBatch = (): number => first('ORDER BY sequence DESC')?.sequence ?? 0;

  return {
    insert({ sequence, at, deliveries, body }) {
      const into = 'INSERT INTO archived (sequence, at, deliveries, body) VALUES (?, ?, ?, ?)';
      sql.run(into, sequence, at, deliveries, body);
    },
    batchesFrom: (sequence, limit) =>
      sql
        .run('SELECT * FROM archived WHERE sequence >= ? ORDER BY sequence LIMIT ?', sequence, limit)
        .rows.map((row) => ({
          sequence: Number(row['sequence']),
          at: Number(row['at']),
          deliveries: Number(row['deliveries']),
          body: String(row['body']),
        })),
    lastBatch,
    nextBatch: (sequence) => first('WHERE sequence > ? ORDER BY sequence', sequence)?.sequence,
    countBatches(after, upTo, limit) {
      const [row] = sql.run(
        `SELECT count(*) AS found, coalesce(sum(deliveries), 0) AS deliveries
         FROM (SELECT deliveries FROM archived WHERE sequence > ? AND sequence <= ? LIMIT ?)`,
        after,
        upTo,
        limit,
      ).rows;
      return { rows: Number(row?.['found'] ?? 0), deliveries: Number(row?.['deliveries'] ?? 0) };
    },
    firstSince(at) {
      // There is no index on time; sequence and time grow together.
      let low = first('ORDER BY sequence')?.sequence;
      if (low === undefined) return undefined;
      let high = lastBatch() + 1;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const row = first('WHERE sequence >= ? ORDER BY sequence', middle);
        if (row === undefined || row.at >= at) high = middle;
        else low = row.sequence + 1;
      }
      return first('WHERE sequence >= ? ORDER BY sequence', low)?.sequence;
    },
    oldestAt: () => first('ORDER BY sequence')?.at,
    purge(upTo, before, limit) {
      const { rows } = sql.run(
        'SELECT sequence, at FROM archived WHERE sequence <= ? ORDER BY sequence LIMIT ?',
        upTo,
        limit,
      );
      const expired = rows.findLast((row) => Number(row['at']) < before);
      if (expired === undefined) return false;
      sql.run('DELETE FROM archived WHERE sequence <= ?', Number(expired['sequence']));
      return rows.length === limit && expired === rows.at(-1);
    },
    replays: () =>
      sql
        .run('SELECT name, body FROM replay ORDER BY name')
        .rows.map((row) => ({ name: String(row['name']), body: String(row['body']) })),
    putReplay({ name, body }) {
      sql.run('INSERT INTO replay VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body', name, body);
    },
    deleteReplay(name) {
      sql.run('DELETE FROM replay WHERE name = ?', name);
    },
  };
}

/** What is handed out for the first time. */
export type Batches = Pick<LogStore, 'batchesAfter' | 'lastBatch' | 'nextBatch' | 'countBatches' | 'cursor'>;

/** Both tables of batches as one sequence. */
export function joinBatches(store: LogStore, archive: ArchiveStore): Batches {
  return {
    cursor: () => store.cursor(),
    lastBatch: () => Math.max(store.lastBatch(), archive.lastBatch()),
    nextBatch(sequence) {
      const next = [store.nextBatch(sequence), archive.nextBatch(sequence)].filter((found) => found !== undefined);
      return next.length === 0 ? undefined : Math.min(...next);
    },
    countBatches(after, upTo, limit) {
      const [one, other] = [store.countBatches(after, upTo, limit), archive.countBatches(after, upTo, limit)];
      return { rows: one.rows + other.rows, deliveries: one.deliveries + other.deliveries };
    },
    batchesAfter(sequence, limit) {
      const batches = [...store.batchesAfter(sequence, limit), ...archive.batchesFrom(sequence + 1, limit)];
      return batches.sort((one, other) => one.sequence - other.sequence).slice(0, limit);
    },
  };
}

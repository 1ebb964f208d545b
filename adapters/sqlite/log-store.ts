import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { RowCount } from './lane-store.ts';
import type { Sql, SqlValue } from './sql.ts';

/**
 * The tables of one log shard and every statement on them. Rows are what Cloudflare bills ($1 per million written,
 * one more for each index), so: no AUTOINCREMENT, no secondary index, many messages in one row.
 */
export interface LogStore {
  /** Sequence numbers are our own; this is the highest ever given to a row that is still there. */
  lastSequence(): number;
  lastBatch(): number;
  /** Every batch up to this one is settled. */
  cursor(): number;
  /** Moves the cursor; the books are in its row. */
  setPosition(cursor: number, books: string): void;
  booksOfCursor(): string | undefined;
  /** The newest that were written into a row of history with a number above `after`. */
  booksOfRecords(after: number): { readonly at: number; readonly books: string } | undefined;
  /** Of the batches with numbers above `after` and up to `upTo`, at most `limit` of them. */
  countBatches(after: number, upTo: number, limit: number): RowCount;
  countRetries(limit: number): RowCount;
  setting(name: SettingName): number | undefined;
  setSetting(name: SettingName, value: number): void;
  insertBatch(batch: StoredBatch): void;
  batchesAfter(sequence: number, limit: number): StoredBatch[];
  /** The number of the one that follows. */
  nextBatch(sequence: number): number | undefined;
  /** Retries due at `now`, the longest waiting first. */
  dueRetries(now: number, limit: number): StoredRetry[];
  nextRetryAt(): number | undefined;
  insertRetry(retry: StoredRetry): void;
  deleteRetry(retry: StoredRetry): void;
  quarantine(sequence: number, at: number, body: string, reason: string): void;
  /** `body` is a JSON array of records. */
  insertRecords(sequence: number, at: number, body: string, books?: string): void;
  /** The event is kept as it is: as part of other JSON it would be escaped, and could outgrow the row. */
  insertDeadLetter(sequence: number, record: LedgerRecord, event: string): void;
  /** When the oldest settled row was written. */
  oldestAt(): number | undefined;
  /** Deletes settled batches and history from before `before`, at most `limit` rows a table; whether there may be more. */
  purge(before: number, limit: number): boolean;
  purgeDeadLetters(before: number, limit: number): boolean;
  /** Rows written since this store was made. */
  rowsWritten(): number;
  /** Rows that are deleted when their time is over. */
  rowsKept(): number;
}

export interface StoredBatch {
  readonly sequence: number;
  readonly at: number;
  /** Of how many deliveries its messages are. */
  readonly deliveries: number;
  readonly body: string;
}

export interface StoredRetry {
  readonly due: number;
  readonly sequence: number;
  /** How often our own code failed on it; 0 for a retry that a settlement asked for. */
  readonly failures: number;
  readonly deliveries: number;
  readonly body: string;
}

/** `sequence`: numbers up to this were given away, whether their rows are there or not. */
type SettingName = 'cursor' | 'retention' | 'archive' | 'sequence';

const schema = [
  'CREATE TABLE IF NOT EXISTS batch (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, deliveries INTEGER, body TEXT NOT NULL)',
  `CREATE TABLE IF NOT EXISTS retry (due INTEGER NOT NULL, sequence INTEGER NOT NULL, failures INTEGER NOT NULL,
     deliveries INTEGER, body TEXT NOT NULL, PRIMARY KEY (due, sequence)) WITHOUT ROWID`,
  'CREATE TABLE IF NOT EXISTS record (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, books TEXT, body TEXT NOT NULL)',
  `CREATE TABLE IF NOT EXISTS dead_letter (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL,
     event TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS quarantine (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL,
     reason TEXT NOT NULL)`,
  'CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL, books TEXT) WITHOUT ROWID',
];

export function createLogStore(sql: Sql): LogStore {
  let written = 0;
  for (const statement of schema) run(statement);
  // A table from before events had a column of their own: there they are inside the record.
  const [deadLetters] = run("SELECT sql FROM sqlite_master WHERE name = 'dead_letter'");
  if (!String(deadLetters?.['sql']).includes('event')) run('ALTER TABLE dead_letter ADD COLUMN event TEXT');

  function run(statement: string, ...bindings: SqlValue[]) {
    const result = sql.run(statement, ...bindings);
    written += result.rowsWritten;
    return result.rows;
  }

  function setting(name: SettingName): number | undefined {
    const [row] = run('SELECT value FROM setting WHERE name = ?', name);
    return row === undefined ? undefined : Number(row['value']);
  }

  function count(rows: string, limit: number, ...bindings: SqlValue[]): RowCount {
    const [row] = run(
      `SELECT count(*) AS found, coalesce(sum(deliveries), 0) AS deliveries
       FROM (SELECT deliveries FROM ${rows} LIMIT ?)`,
      ...bindings,
      limit,
    );
    return { rows: Number(row?.['found'] ?? 0), deliveries: Number(row?.['deliveries'] ?? 0) };
  }

  function purgeTable(table: 'batch' | 'record' | 'dead_letter', upTo: number, before: number, limit: number): boolean {
    // By sequence, not by time: there is no index on time, and sequence and time grow together.
    const rows = run(`SELECT sequence, at FROM ${table} WHERE sequence <= ? ORDER BY sequence LIMIT ?`, upTo, limit);
    const expired = rows.findLast((row) => Number(row['at']) < before);
    if (expired === undefined) return false;
    run(`DELETE FROM ${table} WHERE sequence <= ?`, Number(expired['sequence']));
    return rows.length === limit && expired === rows.at(-1);
  }

  return {
    lastSequence() {
      const [row] = run(`SELECT max(
        (SELECT coalesce(max(sequence), 0) FROM batch), (SELECT coalesce(max(sequence), 0) FROM retry),
        (SELECT coalesce(max(sequence), 0) FROM record), (SELECT coalesce(max(sequence), 0) FROM dead_letter),
        (SELECT coalesce(max(sequence), 0) FROM quarantine),
        (SELECT coalesce(max(value), 0) FROM setting WHERE name IN ('cursor', 'sequence'))) AS last`);
      return Number(row?.['last'] ?? 0);
    },
    lastBatch() {
      const [row] = run('SELECT coalesce(max(sequence), 0) AS last FROM batch');
      return Number(row?.['last'] ?? 0);
    },
    cursor: () => setting('cursor') ?? 0,
    setPosition(cursor, books) {
      run(
        `INSERT INTO setting (name, value, books) VALUES ('cursor', ?, ?)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, books = excluded.books`,
        cursor,
        books,
      );
    },
    booksOfCursor() {
      const [row] = run("SELECT books FROM setting WHERE name = 'cursor'");
      return typeof row?.['books'] === 'string' ? row['books'] : undefined;
    },
    booksOfRecords(after) {
      const [row] = run(
        'SELECT at, books FROM record WHERE sequence > ? AND books IS NOT NULL ORDER BY sequence DESC LIMIT 1',
        after,
      );
      return row === undefined ? undefined : { at: Number(row['at']), books: String(row['books']) };
    },
    countBatches: (after, upTo, limit) => count('batch WHERE sequence > ? AND sequence <= ?', limit, after, upTo),
    countRetries: (limit) => count('retry', limit),
    setting,
    setSetting(name, value) {
      run(
        'INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
        name,
        value,
      );
    },
    insertBatch({ sequence, at, deliveries, body }) {
      run('INSERT INTO batch (sequence, at, deliveries, body) VALUES (?, ?, ?, ?)', sequence, at, deliveries, body);
    },
    batchesAfter(sequence, limit) {
      return run('SELECT * FROM batch WHERE sequence > ? ORDER BY sequence LIMIT ?', sequence, limit).map((row) => ({
        sequence: Number(row['sequence']),
        at: Number(row['at']),
        deliveries: Number(row['deliveries']),
        body: String(row['body']),
      }));
    },
    nextBatch(sequence) {
      const [row] = run('SELECT sequence FROM batch WHERE sequence > ? ORDER BY sequence LIMIT 1', sequence);
      return row === undefined ? undefined : Number(row['sequence']);
    },
    dueRetries(now, limit) {
      return run('SELECT * FROM retry WHERE due <= ? ORDER BY due, sequence LIMIT ?', now, limit).map((row) => ({
        due: Number(row['due']),
        sequence: Number(row['sequence']),
        failures: Number(row['failures']),
        deliveries: Number(row['deliveries']),
        body: String(row['body']),
      }));
    },
    nextRetryAt() {
      const [row] = run('SELECT due FROM retry ORDER BY due LIMIT 1');
      return row === undefined ? undefined : Number(row['due']);
    },
    insertRetry({ due, sequence, failures, deliveries, body }) {
      const into = 'INSERT INTO retry (due, sequence, failures, deliveries, body) VALUES (?, ?, ?, ?, ?)';
      run(into, due, sequence, failures, deliveries, body);
    },
    deleteRetry({ due, sequence }) {
      run('DELETE FROM retry WHERE due = ? AND sequence = ?', due, sequence);
    },
    quarantine(sequence, at, body, reason) {
      run('INSERT INTO quarantine VALUES (?, ?, ?, ?)', sequence, at, body, reason);
    },
    insertRecords(sequence, at, body, books) {
      run('INSERT INTO record (sequence, at, books, body) VALUES (?, ?, ?, ?)', sequence, at, books ?? null, body);
    },
    insertDeadLetter(sequence, record, event) {
      run('INSERT INTO dead_letter VALUES (?, ?, ?, ?)', sequence, record.at, JSON.stringify(record), event);
    },
    oldestAt() {
      const [row] = run(
        `SELECT min(at) AS oldest FROM (
           SELECT at FROM (SELECT at FROM batch WHERE sequence <= ? ORDER BY sequence LIMIT 1)
           UNION ALL SELECT at FROM (SELECT at FROM record ORDER BY sequence LIMIT 1))`,
        setting('cursor') ?? 0,
      );
      return row === undefined || row['oldest'] == null ? undefined : Number(row['oldest']);
    },
    purge(before, limit) {
      const moreBatches = purgeTable('batch', setting('cursor') ?? 0, before, limit);
      return purgeTable('record', Number.MAX_SAFE_INTEGER, before, limit) || moreBatches;
    },
    purgeDeadLetters: (before, limit) => purgeTable('dead_letter', Number.MAX_SAFE_INTEGER, before, limit),
    rowsWritten: () => written,
    rowsKept() {
      const [row] = run('SELECT (SELECT count(*) FROM batch) + (SELECT count(*) FROM record) AS rows');
      return Number(row?.['rows'] ?? 0);
    },
  };
}

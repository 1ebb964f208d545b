import {
  type DeadLetterEntry,
  type DeadLetterPage,
  type DeadLetterQuery,
  isMeant,
} from '../../mesh/dead-letters/query.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { Sql } from './sql.ts';

/** The log's table of dead letters, which settlements write, as operators read and empty it. */
export interface DeadLetterStore {
  list(query: DeadLetterQuery): DeadLetterPage;
  get(sequence: number): DeadLetterEntry | undefined;
  /** Whether it was there. */
  delete(sequence: number): boolean;
}

/** Rows that one call looks through for what is meant; the next call goes on. */
const SCAN_LIMIT = 5_000;
/** At a time: rows from before events had a column of their own hold their event as well. */
const ROWS = 20;

/** The table is the log store's. */
export function createDeadLetterStore(sql: Pick<Sql, 'run'>): DeadLetterStore {
  function read(sequence: number): { record: LedgerRecord; event: unknown } | undefined {
    const [row] = sql.run('SELECT body, event FROM dead_letter WHERE sequence = ?', sequence).rows;
    return row === undefined ? undefined : { record: toRecord(row['body']), event: row['event'] };
  }

  return {
    list({ filter, order, after, limit }) {
      const items: DeadLetterEntry[] = [];
      const newest = order === 'newest';
      const statement = newest
        ? 'SELECT sequence, body FROM dead_letter WHERE sequence < ? ORDER BY sequence DESC LIMIT ?'
        : 'SELECT sequence, body FROM dead_letter WHERE sequence > ? ORDER BY sequence LIMIT ?';
      let reached = after ?? (newest ? Number.MAX_SAFE_INTEGER : 0);
      for (let scanned = 0; scanned < SCAN_LIMIT;) {
        const { rows } = sql.run(statement, reached, ROWS);
        for (const row of rows) {
          if (items.length === limit) return { items, reached };
          const { event: _event, ...record } = toRecord(row['body']);
          reached = Number(row['sequence']);
          scanned += 1;
          if (isMeant(record, filter)) items.push({ sequence: reached, record });
        }
        if (rows.length < ROWS) return { items };
      }
      return { items, reached };
    },
    get(sequence) {
      const found = read(sequence);
      if (found === undefined) return undefined;
      const { record, event } = found;
      return { sequence, record: typeof event === 'string' && event !== '' ? { ...record, event } : record };
    },
    delete: (sequence) =>
      sql.run('DELETE FROM dead_letter WHERE sequence = ? RETURNING sequence', sequence).rows.length > 0,
  };
}

function toRecord(body: unknown): LedgerRecord {
  return JSON.parse(String(body)) as LedgerRecord;
}

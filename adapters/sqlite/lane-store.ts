import { maxWaiting } from '../../mesh/lane.ts';
import type { Sql } from './sql.ts';

/**
 * The deliveries that wait in lanes, in order of their turn: `place` is 0 where order is kept, so that the sequence
 * alone counts, and the due time where it is not. Each row is the queue's own bill: many messages in one row.
 */
export interface LaneStore {
  insert(row: LaneRow): void;
  delete(row: LaneRow): void;
  /** The first rows of a lane, whether they are due or not. */
  head(lane: string, limit: number): LaneRow[];
  /** Lanes that have rows, by name, from after `lane`. */
  lanesAfter(lane: string, limit: number): string[];
  lastSequence(): number;
  /** Of the rows with a number above `after`, at most `limit` of them. */
  countDeliveries(after: number, limit: number): RowCount;
  /** How many rows wait in the lanes of a target, up to `maxWaiting`. */
  count(target: string): number;
}

export interface RowCount {
  readonly rows: number;
  readonly deliveries: number;
}

export interface LaneRow {
  readonly lane: string;
  readonly place: number;
  readonly sequence: number;
  /** Not before this, in milliseconds since the epoch. */
  readonly due: number;
  /** How often our own code failed on it. */
  readonly failures: number;
  /** Of how many deliveries its messages are. */
  readonly deliveries: number;
  /** One or several messages, framed. */
  readonly body: string;
}

const schema = `CREATE TABLE IF NOT EXISTS lane (lane TEXT NOT NULL, place INTEGER NOT NULL, sequence INTEGER NOT NULL,
  due INTEGER NOT NULL, failures INTEGER NOT NULL, deliveries INTEGER, body TEXT NOT NULL, PRIMARY KEY (lane, place, sequence)) WITHOUT ROWID`;

export function createLaneStore(sql: Pick<Sql, 'run'>): LaneStore {
  sql.run(schema);
  return {
    insert({ lane, place, sequence, due, failures, deliveries, body }) {
      sql.run(
        'INSERT INTO lane (lane, place, sequence, due, failures, deliveries, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
        lane,
        place,
        sequence,
        due,
        failures,
        deliveries,
        body,
      );
    },
    delete({ lane, place, sequence }) {
      sql.run('DELETE FROM lane WHERE lane = ? AND place = ? AND sequence = ?', lane, place, sequence);
    },
    head(lane, limit) {
      const { rows } = sql.run('SELECT * FROM lane WHERE lane = ? ORDER BY place, sequence LIMIT ?', lane, limit);
      return rows.map((row) => ({
        lane: String(row['lane']),
        place: Number(row['place']),
        sequence: Number(row['sequence']),
        due: Number(row['due']),
        failures: Number(row['failures']),
        deliveries: Number(row['deliveries']),
        body: String(row['body']),
      }));
    },
    lanesAfter(lane, limit) {
      const found: string[] = [];
      // Step by step along the key: DISTINCT would read every row of every lane.
      for (let last = lane; found.length < limit;) {
        const [row] = sql.run('SELECT lane FROM lane WHERE lane > ? ORDER BY lane LIMIT 1', last).rows;
        if (row === undefined) break;
        last = String(row['lane']);
        found.push(last);
      }
      return found;
    },
    lastSequence() {
      const [row] = sql.run('SELECT coalesce(max(sequence), 0) AS last FROM lane').rows;
      return Number(row?.['last'] ?? 0);
    },
    countDeliveries(after, limit) {
      const [row] = sql.run(
        `SELECT count(*) AS found, coalesce(sum(deliveries), 0) AS deliveries
         FROM (SELECT deliveries FROM lane WHERE sequence > ? LIMIT ?)`,
        after,
        limit,
      ).rows;
      return { rows: Number(row?.['found'] ?? 0), deliveries: Number(row?.['deliveries'] ?? 0) };
    },
    count(target) {
      const [row] = sql.run(
        `SELECT count(*) AS waiting FROM (SELECT 1 FROM lane WHERE lane = ?
           UNION ALL SELECT 1 FROM lane WHERE lane > ? AND lane < ? LIMIT ?)`,
        target,
        `${target}#`,
        `${target}#\u{10ffff}`,
        maxWaiting,
      ).rows;
      return Number(row?.['waiting'] ?? 0);
    },
  };
}

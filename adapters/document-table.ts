import type { Documents, StoredDocument } from '../mesh/ports/documents.ts';
import { toDocumentText, versionConflict } from './documents.ts';

/** One statement and the rows that it answers. */
export type RunStatement = (sql: string, values: readonly (string | number)[]) => Promise<readonly DocumentRow[]>;

export type DocumentRow = Readonly<Record<string, unknown>>;

/** What databases say differently. */
export interface SqlDialect {
  readonly table: string;
  /** What stands before the number of a value: `?1`, `$1`. */
  readonly place: '?' | '$';
  /** The expression for the character above all others. */
  readonly highest: string;
  /** What tells the type of a text where the database does not find out: `::text`. */
  readonly text?: string;
}

export const sqlite = { place: '?', highest: 'char(0x10FFFF)' } as const;

/** As `Documents` has them. */
export interface DocumentStatements {
  readonly get: string;
  /** These answer the version after the write, or no row where the condition did not hold. */
  readonly put: string;
  readonly create: string;
  readonly replace: string;
  readonly delete: string;
  readonly deleteVersion: string;
  readonly list: string;
}

/**
 * Documents in one table, each write a single conditional statement. A deleted document stays as a row without value,
 * because versions grow over a delete.
 */
export function createTableDocuments(run: RunStatement, statements: DocumentStatements): Documents {
  async function get(key: string): Promise<StoredDocument | undefined> {
    return (await run(statements.get, [key])).map(toDocument)[0];
  }

  return {
    get,
    async put(key, value, expectedVersion) {
      const text = toDocumentText(value);
      const [row] =
        expectedVersion === undefined
          ? await run(statements.put, [key, text])
          : expectedVersion === 0
            ? await run(statements.create, [key, text])
            : await run(statements.replace, [key, text, expectedVersion]);
      if (row === undefined) throw versionConflict();
      return Number(row['version']);
    },
    async delete(key, expectedVersion) {
      if (expectedVersion === undefined) return (await run(statements.delete, [key])).length > 0;
      if (expectedVersion === 0) {
        if ((await get(key)) === undefined) return false;
        throw versionConflict();
      }
      if ((await run(statements.deleteVersion, [key, expectedVersion])).length === 0) throw versionConflict();
      return true;
    },
    async list(prefix, { after = '', limit = 100 } = {}) {
      const rows = await run(statements.list, [prefix, after, limit + 1]);
      const items = rows.slice(0, limit).map(toDocument);
      const last = items.at(-1);
      return rows.length > limit && last !== undefined ? { items, next: last.key } : { items };
    },
  };
}

export function createDocumentStatements({ table, place, highest, text = '' }: SqlDialect): DocumentStatements {
  const [one, two, three] = [`${place}1`, `${place}2`, `${place}3`];
  const select = `SELECT key, value, version FROM ${table}`;
  const insert = `INSERT INTO ${table} (key, version, value) VALUES (${one}${text}, 1, ${two}${text})
    ON CONFLICT (key) DO UPDATE SET version = ${table}.version + 1, value = excluded.value`;
  const update = (value: string): string =>
    `UPDATE ${table} SET value = ${value}, version = version + 1 WHERE key = ${one} AND value IS NOT NULL`;
  const answer = 'RETURNING version';
  return {
    get: `${select} WHERE key = ${one} AND value IS NOT NULL`,
    put: `${insert} ${answer}`,
    create: `${insert} WHERE ${table}.value IS NULL ${answer}`,
    replace: `${update(two)} AND version = ${three} ${answer}`,
    delete: `${update('NULL')} ${answer}`,
    deleteVersion: `${update('NULL')} AND version = ${two} ${answer}`,
    // A range over the primary key, not LIKE: keys may hold % and _. Keys are ASCII, so nothing is above U+10FFFF.
    list: `${select} WHERE key >= ${one} AND key < ${one} || ${highest} AND key > ${two} AND value IS NOT NULL
      ORDER BY key LIMIT ${three}`,
  };
}

export function toDocument(row: DocumentRow): StoredDocument {
  return { key: String(row['key']), value: JSON.parse(String(row['value'])), version: Number(row['version']) };
}

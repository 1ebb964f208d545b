/** What SQLite in a Durable Object and SQLite in Node both offer. Everything is synchronous. */
export interface Sql {
  /** Runs one statement and answers its rows, with the number of rows it wrote (what Cloudflare bills). */
  run(statement: string, ...bindings: SqlValue[]): SqlResult;
  /** All or nothing, durable when it returns (on Workers: before any answer leaves the object). */
  transaction<Result>(work: () => Result): Result;
}

export type SqlValue = string | number | null;

export interface SqlResult {
  readonly rows: readonly Record<string, SqlValue>[];
  readonly rowsWritten: number;
}

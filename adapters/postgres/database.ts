import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, type ClientBase, type ClientConfig, Pool, type PoolClient } from 'pg';
import { TulleError } from '../../event/error.ts';
import { isConflict, isOutage, unavailable } from './errors.ts';

/** Where statements run: the database, or one transaction of it. */
export interface Sql {
  /** One statement with its values as `$1`, `$2`, … @throws TulleError `unavailable` while the database is not there. */
  run(statement: string, ...values: readonly SqlValue[]): Promise<readonly Row[]>;
}

export type SqlValue = string | number | boolean | null | readonly (string | number | boolean | null)[];
export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** A pool of connections, which are made anew when they break. */
export interface Database extends Sql {
  /** All or nothing, on disk when it resolves. Run again from the start when it met another one at the same rows. */
  transaction<Result>(work: (sql: Sql) => Promise<Result>, options?: TransactionOptions): Promise<Result>;
  /** A connection of one's own, not of the pool, for what belongs to a session. */
  connect(): Promise<Client>;
  close(): Promise<void>;
}

export interface TransactionOptions {
  /** The commit does not wait for the disk: it may be undone by a crash of the database. */
  readonly relaxed?: boolean;
  /** Statements take as long as they need. */
  readonly patient?: boolean;
}

export interface DatabaseOptions {
  readonly url: string;
  /** The tables are in it; made when it is not there. Lower-case letters, digits and `_`. */
  readonly schema: string;
  /** Connections at a time, beside the session's. */
  readonly connections: number;
}

/** How long a statement may take, or the wait for a connection, before the database counts as not there. */
const STATEMENT_MS = 15_000;
const CONNECT_MS = 5_000;
const PATIENT_MS = 3_600_000;
/** Deadlocks and the like pass; one that does not is a mistake of ours. */
const CONFLICTS = 8;
/** A network that lets packets vanish is noticed after about this, instead of after two hours. */
const KEEPALIVE_MS = 10_000;

export function openDatabase({ url, schema, connections }: DatabaseOptions): Database {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new TulleError('internal', `${schema} is no name for a schema`);
  const config: ClientConfig = {
    connectionString: url,
    application_name: `tulle ${hostname()}`.slice(0, 63),
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: STATEMENT_MS,
    statement_timeout: STATEMENT_MS,
    // A process that is frozen within a transaction must not hold its rows.
    idle_in_transaction_session_timeout: STATEMENT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    types: { getTypeParser: (type: number) => parserOf(type) },
  };
  // The pool waits for it, which its types do not say.
  const pool = new Pool({ ...config, max: connections, onConnect: prepare as (client: ClientBase) => void });
  // A connection that breaks while nobody uses it is left by the pool; whoever asks next gets a new one.
  pool.on('error', () => {});

  async function prepare(client: ClientBase): Promise<void> {
    // A connection that breaks in the middle of something tells that to whoever waits, and to the process if nobody listens.
    client.on('error', () => {});
    // 202 promises the disk, whatever the role or the database was set to.
    await client.query(`SET search_path = ${schema}; SET synchronous_commit = on; SET client_encoding = 'UTF8'`);
  }

  async function withClient<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await pool.connect().catch(rethrow);
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      // What a broken connection, or one whose answer is late, says next is anybody's guess.
      client.release(isOutage(error));
      return rethrow(error);
    }
  }

  async function attempt<Result>(
    client: PoolClient,
    work: (sql: Sql) => Promise<Result>,
    { relaxed = false, patient = false }: TransactionOptions,
  ): Promise<Result> {
    const settings = [relaxed ? 'synchronous_commit = off' : '', patient ? 'statement_timeout = 0' : ''];
    await client.query(['BEGIN', ...settings.filter(Boolean).map((setting) => `SET LOCAL ${setting}`)].join('; '));
    const limit = patient ? { query_timeout: PATIENT_MS } : {};
    try {
      const result = await work({ run: (statement, ...values) => query(client, statement, values, limit) });
      await client.query('COMMIT');
      return result;
    } catch (error) {
      if (!isOutage(error)) await client.query('ROLLBACK');
      throw error;
    }
  }

  return {
    run: (statement, ...values) => withClient((client) => query(client, statement, values)),
    async transaction(work, options = {}) {
      for (let tries = 1; ; tries++) {
        try {
          return await withClient((client) => attempt(client, work, options));
        } catch (error) {
          if (tries === CONFLICTS || !isConflict(error)) throw error;
          await pause(Math.random() * 10 * 2 ** tries);
        }
      }
    },
    async connect() {
      const client = new Client(config);
      client.on('error', () => {});
      try {
        await client.connect();
        await prepare(client);
        return client;
      } catch (error) {
        client.end().catch(() => {});
        return rethrow(error);
      }
    },
    close: () => pool.end(),
  };
}

/** Statements that are always the same are parsed once a connection. */
const names = new Map<string, string>();
const MAX_NAMES = 200;

async function query(
  client: Pick<Client, 'query'>,
  text: string,
  values: readonly SqlValue[],
  limit: { readonly query_timeout?: number } = {},
): Promise<readonly Row[]> {
  let name = names.get(text);
  if (name === undefined && names.size < MAX_NAMES && !text.includes('VALUES ($')) {
    name = `s${names.size}`;
    names.set(text, name);
  }
  const named = name === undefined ? {} : { name };
  const result = await client.query<Row>({ text, values: [...values], ...named, ...limit });
  return result.rows;
}

function rethrow(error: unknown): never {
  throw isOutage(error) ? unavailable(error) : error;
}

/** By the number of the type (pg_type): int8, int4 and int2 are numbers here, bool is a boolean, all else is text. */
function parserOf(type: number): (text: string) => string | number | boolean {
  if (type === 20 || type === 21 || type === 23) return Number;
  return type === 16 ? (text) => text === 't' : String;
}

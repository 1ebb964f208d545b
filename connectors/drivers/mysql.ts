import type { Connection, ConnectionOptions, RowDataPacket } from 'mysql2';
import { TulleError } from '../../event/error.ts';
import type { Sockets } from '../../mesh/ports/sockets.ts';
import { connectMs, within } from './endpoint.ts';

/** One connection to MySQL or MariaDB; what it answers is text as the database writes it, and bytes of what is binary. */
export interface MysqlConnection {
  readonly run: RunMysql;
  readonly isOpen: () => boolean;
  close(): Promise<void>;
}

export type RunMysql = (text: string, values: readonly MysqlValue[]) => Promise<readonly MysqlRow[]>;
export type MysqlValue = string | number | Uint8Array | null;
export type MysqlRow = Readonly<Record<string, string | Uint8Array | null>>;

export const mysqlProtocols = {
  'mysql:': { port: 3306, isEncrypted: false },
  'mariadb:': { port: 3306, isEncrypted: false },
} as const;

/** What is used of a socket of Node. */
interface Socket {
  connect(port: number, host: string): unknown;
  setNoDelay(): unknown;
  setKeepAlive(is: boolean): unknown;
}

/**
 * Strict, so that no value is cut to what fits; times are UTC; `?ssl=true` encrypts. Statements are prepared: no value is
 * ever part of their text.
 */
export async function connectMysql(
  url: URL,
  sockets: Sockets | undefined,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Promise<MysqlConnection> {
  if (sockets === undefined) throw new TulleError('unavailable', 'nothing can be dialled here');
  // Loaded by whoever uses it.
  const { createConnection } = await import('mysql2');
  const host = url.hostname.replace(/^\[|\]$/g, '') || 'localhost';
  const port = url.port === '' ? 3306 : Number(url.port);
  const connection = createConnection({
    ...toOptions(url, host, port),
    stream: () => {
      const socket = sockets.create() as Socket;
      socket.connect(port, host);
      socket.setNoDelay();
      socket.setKeepAlive(true);
      return socket;
    },
  });
  let isOpen = true;
  // Told to whoever asks next.
  connection.on('error', () => (isOpen = false)).on('end', () => (isOpen = false));
  const close = (): Promise<void> => {
    isOpen = false;
    // A server that hangs never says goodbye.
    connection.destroy();
    return Promise.resolve();
  };
  const run = runOn(connection, () => (isOpen = false));
  try {
    await within(connectMs, connected(connection), () => connection.destroy(), 'not connected');
    for (const setting of settings) await run(`SET SESSION ${setting}`, []);
    if (readOnly) await run('SET SESSION TRANSACTION READ ONLY', []);
  } catch (error) {
    await close();
    throw error;
  }
  return { run, isOpen: () => isOpen, close };
}

/** A name of the database, one part or several, as it is in SQL. */
export function quoteMysql(...names: readonly string[]): string {
  return names.map((name) => `\`${name.replaceAll('`', '``')}\``).join('.');
}

const settings = [
  "sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
  "time_zone = '+00:00'",
  'innodb_lock_wait_timeout = 10',
];

function toOptions(url: URL, host: string, port: number): ConnectionOptions {
  const ssl = url.searchParams.get('ssl') ?? 'false';
  return {
    host,
    port,
    user: decodeURIComponent(url.username) || 'root',
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    charset: 'utf8mb4_bin',
    timezone: 'Z',
    connectTimeout: connectMs,
    // No code is made of what a table says.
    disableEval: true,
    maxPreparedStatements: 64,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
    multipleStatements: false,
    flags: ['-LOCAL_FILES', '+FOUND_ROWS'],
    ...(ssl === 'true' ? { ssl: { rejectUnauthorized: true, verifyIdentity: true } } : {}),
  };
}

function connected(connection: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.connect((error) => (error === null ? resolve() : reject(error)));
  });
}

function runOn(connection: Connection, lost: () => void): RunMysql {
  return (sql, values) =>
    new Promise((resolve, reject) => {
      connection.execute<RowDataPacket[]>({ sql, values: [...values] }, (error, rows) => {
        if (error === null) resolve(Array.isArray(rows) ? rows.map(toRow) : []);
        else {
          if (error.fatal) lost();
          reject(error);
        }
      });
    });
}

function toRow(row: RowDataPacket): MysqlRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, unknown]) => [
      name,
      value === null || typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value),
    ]),
  );
}

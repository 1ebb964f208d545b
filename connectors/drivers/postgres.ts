import type { ClientConfig } from 'pg';
import type { Sockets } from '../../mesh/ports/sockets.ts';
import { connectMs } from './endpoint.ts';

/** One connection; what it answers is text as Postgres writes it, because its numbers are more than those of JavaScript. */
export interface PostgresConnection {
  readonly run: RunSql;
  readonly isOpen: () => boolean;
  close(): Promise<void>;
}

export type RunSql = (text: string, values: readonly (string | number | null)[]) => Promise<readonly PostgresRow[]>;
export type PostgresRow = Readonly<Record<string, string | null>>;

export const postgresProtocols = {
  'postgres:': { port: 5432, isEncrypted: false },
  'postgresql:': { port: 5432, isEncrypted: false },
} as const;

/** `sslmode` as libpq has it; what would name files of this machine is not looked at. Times are UTC. */
export async function connectPostgres(
  url: URL,
  sockets: Sockets | undefined,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Promise<PostgresConnection> {
  // Loaded by whoever uses it.
  const { Client } = await import('pg');
  const client = new Client({
    ...toConfig(url),
    ...(sockets === undefined
      ? {}
      : {
          stream: (({ ssl }: { ssl?: unknown } = {}) => sockets.create({ upgrades: Boolean(ssl) })) as NonNullable<
            ClientConfig['stream']
          >,
        }),
    application_name: 'tulle',
    connectionTimeoutMillis: connectMs,
    query_timeout: 300_000,
    keepAlive: true,
    types: { getTypeParser: () => asText },
  });
  let isOpen = true;
  const close = async (): Promise<void> => {
    isOpen = false;
    const ending = client.end();
    // A server that hangs never says goodbye.
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    await ending.catch(() => undefined);
  };
  // Told to whoever asks next.
  client.on('error', () => (isOpen = false)).on('end', () => (isOpen = false));
  const run: RunSql = async (text, values) => (await client.query<PostgresRow>(text, [...values])).rows;
  try {
    await client.connect();
    await run(`SET default_transaction_read_only = ${readOnly ? 'on' : 'off'}; SET TimeZone = 'UTC'`, []);
  } catch (error) {
    await close();
    throw error;
  }
  return { run, isOpen: () => isOpen, close };
}

function toConfig({ hostname, port, username, password, pathname, searchParams }: URL): ClientConfig {
  const mode = searchParams.get('sslmode') ?? 'disable';
  const host = hostname.replace(/^\[|\]$/g, '') || 'localhost';
  const isPlain = mode === 'disable' || mode === 'allow' || mode === 'prefer';
  return {
    host,
    port: port === '' ? 5432 : Number(port),
    user: decodeURIComponent(username) || 'postgres',
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)) || 'postgres',
    ssl: isPlain ? false : { rejectUnauthorized: mode !== 'no-verify' },
  };
}

function asText(value: string): string {
  return value;
}

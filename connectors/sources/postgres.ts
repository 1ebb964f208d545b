import type { ClientConfig } from 'pg';
import { TulleError } from '../../event/error.ts';
import { defineSource, type Position, type SourceContext } from '../../mesh/connector/source.ts';
import { createTableReader, type Row, type RunSql, type TableOptions, type TablePosition } from './postgres-table.ts';

export interface PostgresSourceOptions extends TableOptions {
  /** The name of a secret that holds `postgres://USER:PASSWORD@HOST/DATABASE`. */
  readonly secret: string;
}

interface Session {
  readonly run: RunSql;
  end(): Promise<void>;
}

const name = { type: 'string', minLength: 1, maxLength: 63 } as const;

/**
 * Pulls the rows of a table in the order of a column that only grows: a serial number or a time of change. What is not
 * yet committed when a later row is read is not passed over, see `createTableReader`. Deleted rows are not seen: an outbox
 * table tells of them.
 */
export const postgres = defineSource<PostgresSourceOptions, Session>({
  kind: 'postgres',
  description: 'Pulls new and changed rows of a Postgres table',
  platforms: ['node'],
  phases: ['full', 'incremental'],
  divisible: true,
  schema: {
    type: 'object',
    properties: {
      secret: { ...name, maxLength: 128, description: 'the name of a secret that holds postgres://…' },
      table: { ...name, maxLength: 127, description: 'with its schema where that is not public: shop.orders' },
      column: { ...name, description: 'grows with every new or changed row: a serial number, a time of change' },
      key: { ...name, description: 'unique: tells rows with the same value of column apart; default column' },
      columns: { type: 'array', minItems: 1, maxItems: 200, items: name, description: 'what is read; default all' },
    },
    required: ['secret', 'table', 'column'],
    additionalProperties: false,
  },
  example: { secret: 'shop-database', table: 'shop.orders', column: 'changed', key: 'id' },
  guarantees:
    'No row that is committed late is passed over: it reads no further than the greatest row of a moment whose transactions are all over, so a transaction that stays open for an hour holds it up for an hour. A row that changes twice between two pulls is one event. Deleted rows are not seen: an outbox table tells of them.',
  check: (options) => void createTableReader(options),

  async open(context) {
    const url = new URL(await readSecret(context));
    const { sockets } = context;
    // Loaded by whoever uses it.
    const { Client } = await import('pg');
    const client = new Client({
      connectionString: url.href,
      ...(sockets === undefined ? {} : { stream: (() => sockets.create()) as NonNullable<ClientConfig['stream']> }),
      application_name: 'tulle',
      connectionTimeoutMillis: 10_000,
      query_timeout: 300_000,
      keepAlive: true,
      // Everything as text: a number of Postgres is more than one of JavaScript.
      types: { getTypeParser: () => asText },
    });
    // Told to whoever asks next.
    client.on('error', () => undefined);
    const run: RunSql = async (text, values) => (await client.query<Row>(text, [...values])).rows;
    try {
      await client.connect();
      await run("SET default_transaction_read_only = on; SET TimeZone = 'UTC'", []);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw toFailure(error);
    }
    return { run, end: () => client.end() };
  },

  close: (session) => session.end(),

  async pull(position, { options, session, limit, partition }) {
    try {
      return await createTableReader(options).read(session.run, readPosition(position), {
        limit: limit.records,
        partition,
      });
    } catch (error) {
      throw toFailure(error);
    }
  },
});

function asText(value: string): string {
  return value;
}

async function readSecret({ options, secret }: SourceContext<PostgresSourceOptions>): Promise<string> {
  const text = await secret(options.secret);
  if (/^postgres(?:ql)?:\/\/./.test(text) && URL.canParse(text)) return text;
  throw new TulleError('credential_unavailable', `the secret ${options.secret} is no postgres:// address`);
}

/** What the database says is for the operator; it never holds the password. */
function toFailure(error: unknown): TulleError {
  if (TulleError.is(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return new TulleError('unavailable', `Postgres: ${message || 'the connection failed'}${code}`, { cause: error });
}

function readPosition(position: Position | undefined): TablePosition {
  return (position ?? {}) as TablePosition;
}

import type { Source } from '../../mesh/connector/source.ts';
import { createTableReader, type TableOptions, tablePositionSchema } from './postgres-table.ts';
import { createTableProperties } from '../tables/source-properties.ts';

export interface PostgresSourceOptions extends TableOptions {
  /** The name of a secret that holds `postgres://USER:PASSWORD@HOST/DATABASE`. */
  readonly secret: string;
}

const name = { type: 'string', minLength: 1, maxLength: 63 } as const;

/** All of the source but what needs the driver: for who only has to know what may be written in a document. */
export const postgresKind = {
  kind: 'postgres',
  description: 'Pulls new and changed rows of a Postgres table',
  platforms: ['cloudflare', 'node'],
  phases: ['full', 'incremental'],
  divisible: true,
  schema: {
    type: 'object',
    properties: {
      secret: { ...name, maxLength: 128, description: 'the name of a secret that holds postgres://…' },
      table: { ...name, maxLength: 127, description: 'with its schema where that is not public: shop.orders' },
      ...createTableProperties(63),
    },
    required: ['secret', 'table', 'column'],
    additionalProperties: false,
  },
  position: tablePositionSchema,
  example: { secret: 'shop-database', table: 'shop.orders', column: 'changed', key: 'id' },
  guarantees:
    'No row that is committed late is passed over: it reads no further than the greatest row of a moment whose transactions are all over, so a transaction that stays open for an hour in the same database holds it up for an hour, even one that only reads; the warning of its task names the server processes. A row that changes twice between two pulls is one event. Deleted rows are not seen: an outbox table tells of them. The lag is how many rows wait, counted up to 10,000.',
  check: (options) => void createTableReader(options),
} satisfies Omit<Source<PostgresSourceOptions>, 'pull'>;

import { defineSource, type Position } from '../../mesh/connector/source.ts';
import { credentialsOf, readAddress, toDriverFailure } from '../drivers/endpoint.ts';
import { connectPostgres, type PostgresConnection, postgresProtocols } from '../drivers/postgres.ts';
import { postgresKind, type PostgresSourceOptions } from './postgres-kind.ts';
import { createTableReader, type TablePosition } from './postgres-table.ts';

/**
 * Pulls the rows of a table in the order of a column that only grows: a serial number or a time of change. What is not
 * yet committed when a later row is read is not passed over, see `createTableReader`. Deleted rows are not seen: an outbox
 * table tells of them.
 */
export const postgres = defineSource<PostgresSourceOptions, PostgresConnection>({
  ...postgresKind,

  async open(context) {
    const url = await readAddress(context, postgresProtocols);
    try {
      return await connectPostgres(url, context.sockets, { readOnly: true });
    } catch (error) {
      throw toDriverFailure('Postgres', error, credentialsOf(url));
    }
  },

  close: (connection) => connection.close(),

  async pull(position, { options, session, limit, partition }) {
    try {
      return await createTableReader(options).read(session.run, readPosition(position), {
        limit: limit.records,
        partition,
      });
    } catch (error) {
      throw toDriverFailure('Postgres', error, []);
    }
  },

  async latest(wanted, { options, session }) {
    try {
      return await createTableReader(options).latest(session.run, wanted);
    } catch (error) {
      throw toDriverFailure('Postgres', error, []);
    }
  },
});

function readPosition(position: Position | undefined): TablePosition {
  return (position ?? {}) as TablePosition;
}

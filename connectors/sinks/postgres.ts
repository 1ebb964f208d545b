import type { Sink } from '../../mesh/sink.ts';
import { connectPostgres, type PostgresConnection } from '../drivers/postgres.ts';
import { createChangeReader, type ReadChange } from '../tables/change.ts';
import { compareEvents, type TableInspector } from '../tables/compare.ts';
import { checkTableOptions, tableProperties, type TableSinkOptions } from '../tables/options.ts';
import { createPostgresWriter } from '../tables/postgres-writer.ts';
import { type TableWriter, writeEvents } from '../tables/write.ts';
import { createDriverSink } from './driver-sink.ts';

interface Session {
  readonly connection: PostgresConnection;
  readonly writer: TableWriter & TableInspector;
  readonly read: ReadChange;
}

/** Writes events to a table of Postgres: new rows, or rows that are changed and deleted by their key. */
export function createPostgresSink(): Sink<TableSinkOptions> {
  return {
    ...createDriverSink<TableSinkOptions, Session>({
      kind: 'postgres',
      description: 'Writes events to a table of Postgres, as new rows or as changes of rows by their key',
      protocols: ['postgres:', 'postgresql:'],
      properties: tableProperties,
      required: ['table'],
      check(options) {
        checkTableOptions(options);
        createChangeReader(options);
      },
      batchSize: ({ batchSize = 100 }) => batchSize,
      async open({ options, url, sockets }) {
        const connection = await connectPostgres(url, sockets);
        const writer = createPostgresWriter(connection, options, Date.now);
        return { connection, writer, read: createChangeReader(options) };
      },
      close: ({ connection }) => connection.close(),
      isOpen: ({ connection }) => connection.isOpen(),
      send: ({ writer, read }, deliveries, { options: { key }, signal }) =>
        writeEvents(writer, deliveries, { read, key, signal }),
      inspect: {
        compare: ({ writer, read }, deliveries, { options: { key } }) =>
          compareEvents(writer, deliveries, { read, key }),
        keys: ({ writer }, wanted) => writer.keys(wanted),
      },
    }),
    platforms: ['node'],
    example: { secret: 'crm-database', table: 'crm.customers', key: ['id'], version: 'changed' },
    guarantees: `Events of one call are one transaction; an event that the database refuses (SQLSTATE 22, 23, 42) is a dead letter, and the others are written. With \`key\` or \`idColumn\` an event that comes twice leaves one row; with neither, two.
- Numbers keep all their digits where \`columns\` is absent or holds plain paths: JSONata has numbers of JavaScript only.
- \`version\` keeps an older event from overwriting a newer row. A deleted row is not remembered: where events may overtake each other, map a column such as \`deleted\` instead of \`delete\`, or let the target keep [order](../delivery.md).`,
  };
}

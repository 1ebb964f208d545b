import type { Sink } from '../../mesh/sink.ts';
import { connectMysql, type MysqlConnection } from '../drivers/mysql.ts';
import { createChangeReader, type ReadChange } from '../tables/change.ts';
import { createMysqlWriter, mysqlRows } from '../tables/mysql-writer.ts';
import { checkTableOptions, tableProperties, type TableSinkOptions } from '../tables/options.ts';
import { type TableWriter, writeEvents } from '../tables/write.ts';
import { createDriverSink } from './driver-sink.ts';

interface Session {
  readonly connection: MysqlConnection;
  readonly writer: TableWriter;
  readonly read: ReadChange;
}

/** Writes events to a table of MySQL or MariaDB: new rows, or rows that are changed and deleted by their key. */
export function createMysqlSink(): Sink<TableSinkOptions> {
  return {
    ...createDriverSink<TableSinkOptions, Session>({
      kind: 'mysql',
      description: 'Writes events to a table of MySQL or MariaDB, as new rows or as changes of rows by their key',
      protocols: ['mysql:', 'mariadb:'],
      properties: tableProperties,
      required: ['table'],
      check(options) {
        checkTableOptions(options);
        createChangeReader(options);
      },
      batchSize: ({ batchSize = 100 }) => batchSize,
      async open({ options, url, sockets }) {
        const connection = await connectMysql(url, sockets);
        const writer = createMysqlWriter(connection, options, Date.now);
        return { connection, writer, read: createChangeReader(options) };
      },
      close: ({ connection }) => connection.close(),
      isOpen: ({ connection }) => connection.isOpen(),
      send: ({ writer, read }, deliveries, { options: { key }, signal }) =>
        writeEvents(writer, deliveries, { read, key, signal, most: mysqlRows }),
    }),
    platforms: ['node'],
    example: { secret: 'crm-database', table: 'customers', key: ['id'], version: 'changed' },
    guarantees: `Events of one call are one transaction (InnoDB); an event that the database refuses (SQLSTATE 22, 23, 42) is a dead letter, and the others are written. With \`key\` or \`idColumn\`, which need a unique index of exactly these columns, an event that comes twice leaves one row; with neither, two.
- Sessions are strict and in UTC: no value is cut to what fits, times of RFC 3339 are written as UTC, base64 is written to binary columns as its bytes.
- Numbers keep all their digits where \`columns\` is absent or holds plain paths: JSONata has numbers of JavaScript only.
- \`version\` keeps an older event from overwriting a newer row. A deleted row is not remembered: where events may overtake each other, map a column such as \`deleted\` instead of \`delete\`, or let the target keep [order](../delivery.md).`,
  };
}

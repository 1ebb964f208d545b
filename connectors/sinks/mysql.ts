import type { Sink } from '../../mesh/sink.ts';
import { connectMysql } from '../drivers/mysql.ts';
import { createMysqlWriter, mysqlRows } from '../tables/mysql-writer.ts';
import type { TableSinkOptions } from '../tables/options.ts';
import { createTableSink } from './table-sink.ts';

/** Writes events to a table of MySQL or MariaDB: new rows, or rows that are changed and deleted by their key. */
export function createMysqlSink(): Sink<TableSinkOptions> {
  return {
    ...createTableSink({
      kind: 'mysql',
      description: 'Writes events to a table of MySQL or MariaDB, as new rows or as changes of rows by their key',
      protocols: ['mysql:', 'mariadb:'],
      connect: connectMysql,
      createWriter: createMysqlWriter,
      most: mysqlRows,
    }),
    platforms: ['node'],
    example: { secret: 'crm-database', table: 'customers', key: ['id'], version: 'changed' },
    guarantees: `Events of one call are one transaction (InnoDB); an event that the database refuses (SQLSTATE 22, 23, 42) is a dead letter, and the others are written. With \`key\` or \`idColumn\`, which need a unique index of exactly these columns, an event that comes twice leaves one row; with neither, two.
- Sessions are strict and in UTC: no value is cut to what fits, times of RFC 3339 are written as UTC, base64 is written to binary columns as its bytes.
- Numbers keep all their digits where \`columns\` is absent or holds plain paths: JSONata has numbers of JavaScript only.
- \`version\` keeps an older event from overwriting a newer row. A deleted row is not remembered: where events may overtake each other, map a column such as \`deleted\` instead of \`delete\`, or let the target keep [order](../delivery.md).`,
  };
}

import type { Sink } from '../../mesh/sink.ts';
import { connectPostgres } from '../drivers/postgres.ts';
import { compareEvents } from '../tables/compare.ts';
import type { TableSinkOptions } from '../tables/options.ts';
import { createPostgresWriter } from '../tables/postgres-writer.ts';
import { createTableSink } from './table-sink.ts';

/** Writes events to a table of Postgres: new rows, or rows that are changed and deleted by their key. */
export function createPostgresSink(): Sink<TableSinkOptions> {
  return {
    ...createTableSink({
      kind: 'postgres',
      description: 'Writes events to a table of Postgres, as new rows or as changes of rows by their key',
      protocols: ['postgres:', 'postgresql:'],
      connect: connectPostgres,
      createWriter: createPostgresWriter,
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

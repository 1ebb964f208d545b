import type { Sockets } from '../../mesh/ports/sockets.ts';
import type { Sink } from '../../mesh/sink.ts';
import { createChangeReader, type ReadChange } from '../tables/change.ts';
import { checkTableOptions, tableProperties, type TableSinkOptions } from '../tables/options.ts';
import { type TableWriter, writeEvents } from '../tables/write.ts';
import { createDriverSink, type DriverSinkParts } from './driver-sink.ts';

export interface TableConnection {
  isOpen(): boolean;
  close(): Promise<void>;
}

export interface TableSession<Connection, Writer> {
  readonly connection: Connection;
  readonly writer: Writer;
  readonly read: ReadChange;
}

export interface TableSinkParts<Connection, Writer> extends Pick<
  DriverSinkParts<TableSinkOptions, TableSession<Connection, Writer>>,
  'kind' | 'description' | 'protocols' | 'inspect'
> {
  readonly connect: (url: URL, sockets: Sockets | undefined) => Promise<Connection>;
  readonly createWriter: (connection: Connection, options: TableSinkOptions, now: () => number) => Writer;
  /** The most rows of one statement, where the database has a bound. */
  readonly most?: Parameters<typeof writeEvents>[2]['most'];
}

/** A sink that writes to tables of a database: new rows, or rows that are changed and deleted by their key. */
export function createTableSink<Connection extends TableConnection, Writer extends TableWriter>(
  parts: TableSinkParts<Connection, Writer>,
): Sink<TableSinkOptions> {
  const { connect, createWriter, most, ...rest } = parts;
  return createDriverSink<TableSinkOptions, TableSession<Connection, Writer>>({
    ...rest,
    properties: tableProperties,
    required: ['table'],
    check(options) {
      checkTableOptions(options);
      createChangeReader(options);
    },
    batchSize: ({ batchSize = 100 }) => batchSize,
    async open({ options, url, sockets }) {
      const connection = await connect(url, sockets);
      return { connection, writer: createWriter(connection, options, Date.now), read: createChangeReader(options) };
    },
    close: ({ connection }) => connection.close(),
    isOpen: ({ connection }) => connection.isOpen(),
    send: ({ writer, read }, deliveries, { options: { key }, signal }) =>
      writeEvents(writer, deliveries, { read, key, signal, ...(most === undefined ? {} : { most }) }),
  });
}

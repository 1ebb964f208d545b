import { TulleError } from '../../event/error.ts';
import type { DriverOptions } from '../sinks/driver-sink.ts';

/** What a sink that writes to a table may be told, whichever database has it. */
export interface TableSinkOptions extends DriverOptions {
  /** With its schema or database where that is not the connection's own: `shop.orders`. */
  readonly table: string;
  /** Where each column's value is in the event: a path (`data.total`) or JSONata. Default the data's members of that name. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Unique together: a row that has them already is changed. Without it every event is a new row. */
  readonly key?: readonly string[];
  /** A row is changed only where the event has no smaller value in this column. */
  readonly version?: string;
  /** JSONata on the event: where it is true the row of its key is deleted. */
  readonly delete?: string;
  /** Without `key`: this unique column takes the event's id, and an event that is there already is not written again. */
  readonly idColumn?: string;
  /** 1–1,000, default 100. */
  readonly batchSize?: number;
}

const column = { type: 'string', minLength: 1, maxLength: 64 } as const;
const expression = { type: 'string', minLength: 1, maxLength: 4_096 } as const;

export const tableProperties = {
  table: {
    type: 'string',
    minLength: 1,
    maxLength: 129,
    description: 'with its schema where that is not the own one: shop.orders',
  },
  columns: {
    type: 'object',
    minProperties: 1,
    maxProperties: 200,
    propertyNames: column,
    additionalProperties: expression,
    description:
      'column → where its value is in the event: a path such as data.total, or JSONata; default the members of the data that are columns',
  },
  key: {
    type: 'array',
    minItems: 1,
    maxItems: 8,
    uniqueItems: true,
    items: column,
    description:
      'the columns of a unique index: a row that has these values already is changed; without it every event is a new row',
  },
  version: {
    ...column,
    description: 'a column, such as a time of change: a row that has a greater value in it is left as it is',
  },
  delete: { ...expression, description: 'JSONata on the event: where it is true, the row of its key is deleted' },
  idColumn: {
    ...column,
    description:
      'without key: a unique column that takes the id of the event, so that one that comes again is not written again',
  },
  batchSize: { type: 'integer', minimum: 1, maximum: 1_000, description: 'events in one transaction; default 100' },
} as const;

/** What the schema cannot say. @throws TulleError `target_invalid` */
export function checkTableOptions({ table, key, version, delete: gone, idColumn }: TableSinkOptions): void {
  if (table.split('.').length > 2 || table.split('.').includes('') || table.includes('\0')) {
    throw invalid('this is no name of a table', '/table', 'Write TABLE or SCHEMA.TABLE.');
  }
  for (const [name, value] of Object.entries({ version, delete: gone })) {
    if (value !== undefined && key === undefined) {
      throw invalid(
        `${name} needs a key: it is about rows that are there already`,
        `/${name}`,
        'Name the key columns.',
      );
    }
  }
  if (idColumn !== undefined && key !== undefined) {
    throw invalid('a row is known by its key or by the id of its event', '/idColumn', 'Leave one of them out.');
  }
}

function invalid(message: string, place: string, mend: string): TulleError {
  return new TulleError('target_invalid', message, { place, mend });
}

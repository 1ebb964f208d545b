import { defineSource, type Position } from '../../mesh/connector/source.ts';
import { credentialsOf, readAddress, toDriverFailure } from '../drivers/endpoint.ts';
import { connectMysql, type MysqlConnection, mysqlProtocols } from '../drivers/mysql.ts';
import { isSettled, markMoment } from './mysql-moment.ts';
import {
  checkMysqlNames,
  createMysqlTableReader,
  type MysqlTablePosition,
  mysqlPositionSchema,
  type MysqlTableReader,
  toPosition,
  toPulled,
} from './mysql-table.ts';
import type { TableOptions } from './postgres-table.ts';
import { createTableProperties } from '../tables/source-properties.ts';

export interface MysqlSourceOptions extends TableOptions {
  /** The name of a secret that holds `mysql://USER:PASSWORD@HOST/DATABASE`. */
  readonly secret: string;
  /** Seconds that a row waits at least; where transactions cannot be seen the default is 60, otherwise 0. */
  readonly settle?: number;
}

interface Session {
  readonly connection: MysqlConnection;
  /** Made by the first pull. */
  reader?: MysqlTableReader;
}

const name = { type: 'string', minLength: 1, maxLength: 64 } as const;
const UNSEEN_SECONDS = 60;

/**
 * Pulls the rows of a table in the order of a column that only grows. The greatest row is looked up first, then the moment
 * is marked; everything up to that row is read when those who wrote at that moment are done.
 */
export const mysql = defineSource<MysqlSourceOptions, Session>({
  kind: 'mysql',
  description: 'Pulls new and changed rows of a table of MySQL or MariaDB',
  platforms: ['node'],
  phases: ['full', 'incremental'],
  divisible: true,
  schema: {
    type: 'object',
    properties: {
      secret: { ...name, maxLength: 128, description: 'the name of a secret that holds mysql://…' },
      table: { ...name, maxLength: 129, description: 'with its database where that is not the own one: shop.orders' },
      ...createTableProperties(64),
      settle: {
        type: 'number',
        minimum: 0,
        maximum: 86_400,
        description:
          'seconds that a row waits before it is read; default 0, and 60 where the user has not the privilege PROCESS',
      },
    },
    required: ['secret', 'table', 'column'],
    additionalProperties: false,
  },
  position: mysqlPositionSchema,
  example: { secret: 'shop-database', table: 'orders', column: 'changed', key: 'id' },
  guarantees: `With the privilege PROCESS no row that is committed late is passed over: it reads no further than the greatest row of a moment when those who were writing then are done (\`information_schema.INNODB_TRX\`), so a transaction that stays open for an hour after it wrote holds it up for an hour. Values that the application makes up long before it writes them need \`settle\`.
- Without that privilege a row is read when it is \`settle\` seconds old (default 60), and one that is committed later than that, behind others, is passed over: \`GRANT PROCESS ON *.* TO …\`.
- A row that changes twice between two pulls is one event. Deleted rows are not seen: an outbox table tells of them. The lag is how many rows wait, counted up to 10,000.
- Numbers keep all their digits, \`timestamp\` is UTC, \`datetime\` has no zone, binary columns are base64, JSON is JSON.`,
  check: checkMysqlNames,

  async open(context) {
    const url = await readAddress(context, mysqlProtocols);
    try {
      return { connection: await connectMysql(url, context.sockets, { readOnly: true }) };
    } catch (error) {
      throw toDriverFailure('MySQL', error, credentialsOf(url));
    }
  },

  close: ({ connection }) => connection.close(),

  async pull(position, { options, session, limit, partition, now }) {
    const { run } = session.connection;
    try {
      session.reader ??= await createMysqlTableReader(run, options);
      const { reader } = session;
      const { after, ...known } = readPosition(position);
      const bound = known.bound ?? (await reader.last());
      if (bound === undefined) return { records: [], position: toPosition({ ...(after && { after }) }), done: true };
      const moment = known.moment ?? (await markMoment(run, now()));
      const { settle = 0 } = options;
      const unseenMs = (options.settle ?? UNSEEN_SECONDS) * 1000;
      // Waiting for somebody's transaction is no work: the schedule says when to look again.
      if (!(await isSettled(run, moment, { now: now(), settleMs: settle * 1000, unseenMs }))) {
        return { records: [], position: toPosition({ ...(after && { after }), bound, moment }), done: true };
      }
      const rows = await reader.read({ after, bound, limit: limit.records, partition });
      return await toPulled(reader, rows, { bound, moment, limit: limit.records, partition });
    } catch (error) {
      throw toDriverFailure('MySQL', error, []);
    }
  },
});

function readPosition(position: Position | undefined): MysqlTablePosition {
  return (position ?? {}) as MysqlTablePosition;
}

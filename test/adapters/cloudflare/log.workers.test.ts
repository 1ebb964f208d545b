import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { createDurableObjectSql } from '../../../adapters/cloudflare/sql.ts';
import { describeQueue } from '../../conformance/queue.ts';
import { openSqlLog } from '../../conformance/sql-log.ts';

let objects = 0;

describeQueue('SQL log in a Durable Object', async (host, work) => {
  const stub = env.LOG.getByName(`conformance/${objects++}/0`);
  await runInDurableObject(stub, (_instance, state) =>
    work(openSqlLog(host, () => createDurableObjectSql(state.storage))),
  );
});

import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import { createDurableObjectSql } from '../../../adapters/cloudflare/sql.ts';
import { describeDeadLetters } from '../../conformance/dead-letters.ts';
import { describeQueue, type QueueHost } from '../../conformance/queue.ts';
import { openSqlLog } from '../../conformance/sql-log.ts';
import { type ArchiveUnderTest, describeReplays } from '../../conformance/replays.ts';
import { describeTrace } from '../../conformance/trace.ts';
import { describeWaits } from '../../conformance/waits.ts';

let objects = 0;

describeQueue('SQL log in a Durable Object', run);
describeDeadLetters('SQL log in a Durable Object', run);
describeReplays('SQL log in a Durable Object', run);
describeTrace('SQL log in a Durable Object', run);
describeWaits('SQL log in a Durable Object', run);

async function run(host: QueueHost, work: (queue: ArchiveUnderTest) => Promise<void>): Promise<void> {
  const stub = env.LOG.getByName(`conformance/${objects++}/0`);
  await runInDurableObject(stub, (_instance, state) =>
    work(openSqlLog(host, () => createDurableObjectSql(state.storage))),
  );
}

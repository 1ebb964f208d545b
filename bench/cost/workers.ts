import { createSqliteDocuments } from '../../adapters/node/documents.ts';
import { createSqlSnapshots } from '../../adapters/node/snapshots.ts';
import { createNodeSql } from '../../adapters/node/sql.ts';
import { createMemorySecrets } from '../../adapters/memory/secrets.ts';
import { createMesh, type Mesh } from '../../adapters/mesh.ts';
import { createLog, type SqlLog } from '../../adapters/sqlite/log.ts';
import { type Costs, createCounter, priceOf } from './costs.ts';
import { assumed, prices } from './prices.ts';
import { adminKey, createRuntime, run, type Scenario, setUp } from './scenario.ts';

const { cloudflare } = prices;

/**
 * What the mesh on Workers writes: the Durable Object's log, on Node's SQLite, which counts its own rows and alarms. Rows
 * that are kept count twice, since their deletion is billed as well.
 */
export async function measureWorkers(scenarios: readonly Scenario[]): Promise<Costs[]> {
  const runtime = createRuntime();
  const counter = createCounter();
  const documents = createNodeSql(':memory:');
  const rows = createNodeSql(':memory:');
  let alarm: number | undefined;
  const log: SqlLog = createLog({
    sql: rows,
    consume: (messages, task) => mesh.dispatch(messages, task),
    now: runtime.now,
    pause: (milliseconds) => runtime.pause(Math.min(milliseconds, 1)),
    synced: () => Promise.resolve(),
    setAlarm(at) {
      alarm = at;
      return Promise.resolve();
    },
    report: (message, error) => console.error(message, error),
  });
  const mesh: Mesh = createMesh({
    documents: createSqliteDocuments(documents),
    snapshots: createSqlSnapshots(documents),
    queue: {
      append({ retentionSeconds }, entries) {
        counter.count('object requests');
        return log.append(entries, retentionSeconds);
      },
    },
    ledger: {
      list: () => Promise.resolve({ items: [] }),
      events: () => Promise.resolve({ items: [] }),
      waiting: () => Promise.resolve({ items: [] }),
      lanes: () => Promise.resolve([]),
    },
    deadLetters: {
      list: () => Promise.resolve({ items: [] }),
      get: () => Promise.resolve(undefined),
      redrive: () => Promise.resolve({ redriven: [], looked: 0 }),
      delete: () => Promise.resolve(0),
    },
    secrets: createMemorySecrets({}),
    runtime,
    adminKey,
    allowPrivateTargets: false,
    exactLength: true,
    report: (message, error) => console.error(message, error),
  });

  async function drain(): Promise<void> {
    while (alarm !== undefined && alarm <= Date.now() + 1_000) {
      alarm = undefined;
      counter.count('object requests');
      counter.count('GB-s', assumed.objectSecondsPerBatch * 0.128);
      await log.drain();
    }
  }

  await setUp(mesh);
  const costs: Costs[] = [];
  for (const scenario of scenarios) {
    counter.reset();
    const before = log.rowsWritten() + log.rowsKept();
    await run(scenario, mesh, { drain, delivered: runtime.delivered });
    const requests = scenario.events / scenario.batch;
    const { perRequest, perEvent } = assumed.workerCpuMs;
    counter.count('requests', requests);
    counter.count('CPU ms', requests * perRequest + scenario.events * perEvent);
    counter.count('rows', log.rowsWritten() + log.rowsKept() - before);
    const operations = counter.perMillion(scenario);
    costs.push({ scenario, operations, dollars: priceOf(operations, each) });
  }
  await Promise.all([documents.close(), rows.close()]);
  return costs;
}

const each = {
  requests: cloudflare.workerRequest,
  'CPU ms': cloudflare.cpuMillisecond,
  'object requests': cloudflare.objectRequest,
  'GB-s': cloudflare.objectGigabyteSecond,
  rows: cloudflare.rowWritten,
};

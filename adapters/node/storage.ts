import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TulleError } from '../../event/error.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import { createSqliteDocuments } from './documents.ts';
import { openLogs } from './logs.ts';
import type { NodeStorage } from './node-storage.ts';
import type { Settings } from './settings.ts';
import { createSqlSnapshots } from './snapshots.ts';
import { createNodeSql, type NodeSql } from './sql.ts';

export interface NodeStorageOptions {
  readonly settings: Pick<Settings, 'dataFolder' | 'postgres'>;
  readonly consume: QueueConsumer;
  readonly now: () => number;
  readonly report: (message: string, error: unknown) => void;
  /** Another process has published a bus. */
  readonly onPublished: (tenant: string, bus: string) => void;
  /** See `LogsOptions`. */
  readonly onDiskFailure: (error: unknown) => void;
}

export async function openStorage(options: NodeStorageOptions): Promise<NodeStorage> {
  const { postgres } = options.settings;
  if (postgres === undefined) return openFiles(options);
  // Whoever does not use it does not load the driver.
  const { openPostgresStorage } = await import('../postgres/storage.ts');
  return openPostgresStorage({ ...options, ...postgres });
}

function openFiles({ settings: { dataFolder }, consume, now, report, onDiskFailure }: NodeStorageOptions): NodeStorage {
  // Events and the hashes of keys are nobody else's on this machine.
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const sql = openDocuments(dataFolder);
  const logs = openLogs({ folder: join(dataFolder, 'logs'), consume, now, report, onDiskFailure });
  const { queue, ledger, deadLetters, replays, waits, erasure } = logs;
  return {
    ports: {
      documents: createSqliteDocuments(sql),
      snapshots: createSqlSnapshots(sql),
      queue,
      ledger,
      deadLetters,
      replays,
      waits,
      erasure,
    },
    resume: () => logs.resume(),
    stopWaits: () => logs.stopWaits(),
    async close(settleMs) {
      await logs.close(settleMs);
      await sql.close();
    },
  };
}

/** Its lock is the folder's: only one process may deliver from it. */
function openDocuments(folder: string): NodeSql {
  try {
    return createNodeSql(join(folder, 'documents.sqlite'));
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('locked'))) throw error;
    throw new TulleError('unavailable', `Another process is working in ${folder}.`, {
      mend: 'Stop it, or set TULLE_DATA to another folder.',
      cause: error,
    });
  }
}

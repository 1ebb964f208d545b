import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BundledFunction } from '../../functions/compute/define-function.ts';
import { TulleError } from '../../event/error.ts';
import { createMesh, type Mesh } from '../mesh.ts';
import { createSqlDocuments } from './documents.ts';
import { openLogs } from './logs.ts';
import { createOutbound } from './outbound.ts';
import { createNodeRuntime, logFunction, report } from './runtime.ts';
import { createNodeSecrets } from './secrets.ts';
import { startServer } from './server.ts';
import type { Settings } from './settings.ts';
import { createSqlSnapshots } from './snapshots.ts';
import { createNodeSql, type NodeSql } from './sql.ts';

/** The whole mesh in one process: HTTP server, queue, dispatcher, clock. */
export interface NodeProcess {
  readonly url: string;
  /** Stops taking requests, answers those that are in, settles what is out, closes the files; within `shutdownMs`. */
  stop(): Promise<void>;
}

export interface NodeProcessOptions {
  readonly settings: Settings;
  readonly functions: readonly BundledFunction[];
  /** Environment that `TULLE_SECRET_…` are read from. */
  readonly env: object;
  /** The process cannot go on, and whoever runs it has to stop it. */
  readonly onFailure: (error: unknown) => void;
}

const TICK_MS = 60_000;
/** Of one dispatch; as many dispatches as the log's window has can be under way. */
const CONNECTIONS = 32;

export async function startProcess(options: NodeProcessOptions): Promise<NodeProcess> {
  const { settings } = options;
  mkdirSync(settings.dataFolder, { recursive: true });
  const sql = openDocuments(settings.dataFolder);
  const outbound = createOutbound(settings);
  const runtime = createNodeRuntime(outbound);
  const logs = openLogs({
    folder: join(settings.dataFolder, 'logs'),
    consume: (messages, turn) => mesh.dispatch(messages, turn),
    now: runtime.now,
    report,
    onDiskFailure: options.onFailure,
  });
  const mesh: Mesh = createMesh({
    documents: createSqlDocuments(sql),
    snapshots: createSqlSnapshots(sql),
    secrets: createNodeSecrets({ env: options.env, folder: settings.secretsFolder }),
    queue: logs.queue,
    ledger: logs.ledger,
    deadLetters: logs.deadLetters,
    replays: logs.replays,
    waits: logs.waits,
    runtime,
    adminKey: settings.adminKey,
    masterKeys: settings.masterKeys ?? {},
    allowPrivateTargets: settings.allowPrivateTargets,
    functions: { bundle: options.functions, log: logFunction },
    exactLength: true,
    connections: CONNECTIONS,
    report,
  });
  const server = await startServer({
    host: settings.host,
    port: settings.port,
    fetch: (request) => mesh.fetch(request),
  });
  logs.resume();
  const tick = setInterval(() => {
    mesh.tick().catch((error: unknown) => report('the work of every minute failed', error));
  }, TICK_MS);

  return {
    url: server.url,
    async stop() {
      const deadline = Date.now() + settings.shutdownMs;
      clearInterval(tick);
      logs.stopWaits();
      await server.close(settings.shutdownMs);
      await logs.close(Math.max(0, deadline - Date.now()));
      await outbound.close();
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

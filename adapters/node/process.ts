import type { BundledFunction } from '../../functions/compute/define-function.ts';
import { startConnectorWorker } from '../../connectors/runtime/worker.ts';
import { createMesh, type Mesh } from '../mesh.ts';
import { createRole } from '../aws/role.ts';
import { createOutbound } from './outbound.ts';
import { createNodeRuntime, logFunction, report } from './runtime.ts';
import { createNodeSecrets } from './secrets.ts';
import { startServer } from './server.ts';
import type { Settings } from './settings.ts';
import { createNodeSinks } from './sinks.ts';
import { createVerification } from '../verification.ts';
import { createSockets } from './sockets.ts';
import { createNodeSources } from './sources.ts';
import { openStorage } from './storage.ts';

/** The whole mesh in one process: HTTP server, queue, dispatcher, clock. */
export interface NodeProcess {
  readonly url: string;
  /** Stops taking requests, answers those that are in, settles what is out, closes files and connections; within `shutdownMs`. */
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
  const outbound = createOutbound(settings);
  const runtime = createNodeRuntime(outbound);
  const storage = await openStorage({
    settings,
    consume: (messages, task) => mesh.dispatch(messages, task),
    now: runtime.now,
    report,
    onPublished: (tenant, bus) => mesh.published(tenant, bus),
    onDiskFailure: options.onFailure,
  });
  const mesh: Mesh = createMesh({
    ...storage.ports,
    dispatchesHere: true,
    secrets: createNodeSecrets({ env: options.env, folder: settings.secretsFolder }),
    runtime,
    adminKey: settings.adminKey,
    masterKeys: settings.masterKeys ?? {},
    allowPrivateTargets: settings.allowPrivateTargets,
    role: createRole({ allowed: settings.awsTargets ?? [] }),
    sinks: createNodeSinks({ awsTargets: settings.awsTargets ?? [] }),
    functions: { bundle: options.functions, log: logFunction },
    sources: createNodeSources({ awsTargets: settings.awsTargets ?? [] }),
    sockets: createSockets(settings),
    verification: createVerification,
    exactLength: true,
    connections: CONNECTIONS,
    report,
  });
  const server = await startServer({
    host: settings.host,
    port: settings.port,
    fetch: (request) => mesh.fetch(request),
  });
  storage.resume();
  function tick(): void {
    mesh.tick().catch((error: unknown) => report('the work of every minute failed', error));
  }
  const clock = setInterval(tick, TICK_MS);
  // A crash may have left a change half carried out, which whoever reads the documents would see.
  tick();
  const connectors = startConnectorWorker({
    services: mesh.connectors,
    // A process that has its folder to itself is the one that had these tasks before: it goes on with them at once.
    id: settings.postgres === undefined ? 'node' : `node-${crypto.randomUUID()}`,
    capacity: settings.connectorTasks,
  });

  return {
    url: server.url,
    async stop() {
      const deadline = Date.now() + settings.shutdownMs;
      clearInterval(clock);
      storage.stopWaits();
      // A task in the middle of a long pull is another's two beats later.
      await Promise.race([connectors.stop(), runtime.pause(settings.shutdownMs / 2)]);
      await server.close(settings.shutdownMs);
      await storage.close(Math.max(0, deadline - Date.now()));
      await mesh.close();
      await outbound.close();
    },
  };
}

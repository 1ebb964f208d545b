import { join } from 'node:path';
import { stop } from 'esbuild';
import { CommandError } from '../command.ts';
import { packageRoot } from '../package-root.ts';
import { standIns } from './absent-workers.ts';
import { bundleWorker } from './bundle.ts';
import { findConfiguration } from './project.ts';
import { supervise } from './supervisor.ts';
import { prepareWorkerd } from './workerd.ts';

export interface DevServerOptions {
  readonly port: number;
  /** Where KV, D1 and Durable Objects are kept. */
  readonly storage: string;
  readonly adminKey: string;
  /** What secrets are encrypted with. */
  readonly masterKey: string;
  /** Whether the demo's receiving systems run beside the mesh, below `/demo/`. */
  readonly demo: boolean;
  /** One line of what a Worker logs. */
  log(level: string, message: string): void;
}

export interface DevServer {
  /** Such as `http://localhost:8787`. */
  readonly url: string;
  /** Runs the Worker's `scheduled` handler: workerd has no clock for it. */
  tick(): Promise<void>;
  /** Rejects when workerd cannot be kept running. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/**
 * Runs the Worker of wrangler.toml in workerd, with the bindings that are declared there and nowhere else.
 * A workerd that crashes is started again; what it has on disk is kept.
 * @throws CommandError when the port is taken
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  prepareWorkerd();
  const { Log, LogLevel, Miniflare, MiniflareCoreError, convertV4MiniflareOptions } = await import('miniflare');
  const mesh = await meshWorker(options);
  const workers = options.demo ? [mesh, await demoWorker()] : [mesh];
  // The bundler is a process of its own, and would stay for as long as this one.
  await stop();
  const shared = convertV4MiniflareOptions({
    // Not by name: that may stand for two addresses, of which another program has one.
    host: '127.0.0.1',
    port: options.port,
    log: new Log(LogLevel.WARN),
    cf: false,
    handleStructuredLogs: ({ level, message }) => options.log(level, message),
    resourcePersistencePath: options.storage,
    telemetry: { enabled: false },
    workers,
  });
  async function start() {
    const miniflare = new Miniflare(shared);
    try {
      await miniflare.ready;
      return miniflare;
    } catch (error) {
      await miniflare.dispose().catch(() => undefined);
      if (error instanceof MiniflareCoreError && error.code === 'ERR_ADDRESS_IN_USE') {
        throw new CommandError(`Port ${options.port} is in use by another program.`, {
          mend: `Stop that program, or choose another port: tulle dev --port ${options.port + 1}`,
          cause: error,
        });
      }
      throw error;
    }
  }
  const supervisor = await supervise({ start, log: (message) => options.log('warn', message) });
  return {
    url: `http://localhost:${options.port}`,
    async tick() {
      const worker = await supervisor.current().getWorker(mesh.name);
      await worker.scheduled({ cron: '* * * * *' });
    },
    failed: supervisor.failed,
    close: () => supervisor.close(),
  };
}

/** What the demo's signed target shares with its receiver: no secret, so that anybody can check a signature. */
const demoSigningSecret = `whsec_${Buffer.from('the demo signs with these 32 byte').toString('base64')}`;

async function meshWorker(options: DevServerOptions) {
  const { unstable_getMiniflareWorkerOptions: readWorkerOptions, unstable_readConfig: readConfig } =
    await import('wrangler');
  const config = readConfig({ config: findConfiguration() });
  // The rules say which files are modules of what type; the bundle is one module.
  const { modulesRules: _rules, ...workerOptions } = readWorkerOptions(config).workerOptions;
  if (config.name === undefined || config.main === undefined) throw new Error('wrangler.toml has no name or no main');
  return {
    ...workerOptions,
    name: config.name,
    modules: true,
    script: await bundleWorker(config.main),
    serviceBindings: standIns(workerOptions.serviceBindings, (message) => options.log('warn', message)),
    bindings: {
      ...(workerOptions.bindings as object),
      TULLE_ADMIN_KEY: options.adminKey,
      TULLE_MASTER_KEY: options.masterKey,
      TULLE_ALLOW_PRIVATE_TARGETS: 'true',
      TULLE_SECRET_DEMO_CHAT: demoSigningSecret,
    },
  };
}

async function demoWorker() {
  return {
    name: 'tulle-demo',
    modules: true,
    script: await bundleWorker(join(packageRoot, 'examples/demo/receivers.ts')),
    compatibilityDate: '2026-11-01',
    durableObjects: { INBOX: { className: 'Inbox', useSQLite: true } },
    routes: ['*/demo/*'],
  };
}

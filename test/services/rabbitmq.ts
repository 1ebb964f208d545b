import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './port.ts';
import {
  createServerFolder,
  endGroup,
  findProgram,
  type Server,
  type ServerFolder,
  type ServerProgram,
  spawnServer,
  startServer,
} from './server.ts';

/** Debian's `rabbitmq-server` in the search path changes the user by itself; the one behind it runs as whoever starts it. */
const behind = '/usr/lib/rabbitmq/bin/rabbitmq-server';

export function findRabbitmq(): string | undefined {
  return existsSync(behind) ? behind : findProgram('rabbitmq-server');
}

/** A node of its own: name, ports, folders, cookie, and the daemon by which nodes find each other. */
export async function startRabbitmq(command: string): Promise<Server> {
  const folder = createServerFolder('rabbitmq', 'rabbitmq');
  const { program, port, startNamer } = await createNode(command, folder);
  const endNamer = startNamer();
  try {
    const stop = await startServer(program, port);
    return {
      url: `amqp://guest:guest@127.0.0.1:${port}`,
      stop() {
        stop();
        endNamer();
      },
    };
  } catch (error) {
    endNamer();
    throw error;
  }
}

export interface RabbitmqNode {
  readonly program: ServerProgram;
  readonly port: number;
  /** The daemon runs beside it: otherwise the node starts one that stays behind. */
  readonly startNamer: () => () => void;
}

export async function createNode(command: string, folder: ServerFolder): Promise<RabbitmqNode> {
  const { path } = folder;
  const [port, nodes, names] = [await freePort(), await freePort(), await freePort()];
  const plugins = join(path, 'enabled_plugins');
  writeFileSync(plugins, '[].');
  const settings = join(path, 'rabbitmq.conf');
  writeFileSync(settings, `listeners.tcp.1 = 127.0.0.1:${port}\nlog.console = false\n`);
  const env = {
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `tulle${port}@localhost`,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_DIST_PORT: String(nodes),
    RABBITMQ_CONFIG_FILE: settings,
    RABBITMQ_CONF_ENV_FILE: join(path, 'none'),
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_MNESIA_BASE: join(path, 'mnesia'),
    RABBITMQ_LOG_BASE: join(path, 'log'),
    RABBITMQ_PID_FILE: join(path, 'pid'),
    LANG: 'C.UTF-8',
  };
  return {
    program: { command, args: [], folder, env },
    port,
    startNamer() {
      const epmd = findProgram('epmd');
      const namer = epmd === undefined ? undefined : spawnServer({ command: epmd, args: [], folder, env });
      return () => namer && endGroup(namer);
    },
  };
}

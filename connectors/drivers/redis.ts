import type { Redis } from 'ioredis';
import type { Sockets } from '../../mesh/ports/sockets.ts';
import {
  connectMs,
  credentialsOf,
  loadDriver,
  type Protocols,
  resolveEndpoint,
  toDriverFailure,
  within,
} from './endpoint.ts';

export const redisProtocols: Protocols = {
  'redis:': { port: 6379, isEncrypted: false },
  'rediss:': { port: 6379, isEncrypted: true },
};

/** One connection to one server, `redis://USER:PASSWORD@HOST:PORT/DATABASE`; one that is lost does not come back. */
export async function openRedis(url: URL, sockets: Sockets | undefined): Promise<Redis> {
  const { host, port, tls, user, password } = await resolveEndpoint(url, redisProtocols, sockets);
  // Loaded by whoever uses it.
  const { Redis } = await loadDriver('ioredis', () => import('ioredis'));
  const redis = new Redis({
    host,
    port,
    ...(tls === undefined ? {} : { tls }),
    // A password alone is that of the default user, which servers before 6 know no name of.
    ...(user === undefined || password === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    db: Number(/^\/(\d{1,4})$/.exec(url.pathname)?.[1] ?? 0),
    protocol: 2,
    lazyConnect: true,
    connectTimeout: connectMs,
    commandTimeout: commandMs,
    connectionName: 'tulle',
    disableClientInfo: true,
    // Whoever holds the session opens another.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  });
  let said: unknown;
  redis.on('error', (error: unknown) => {
    said ??= error;
  });
  try {
    await within(connectMs, redis.connect(), () => redis.disconnect());
  } catch (error) {
    redis.disconnect();
    // That the connection is closed is not why it is.
    throw toDriverFailure('Redis', said ?? error, credentialsOf(url));
  }
  return redis;
}

export function isRedisOpen({ status }: Redis): boolean {
  return status === 'ready';
}

const commandMs = 30_000;

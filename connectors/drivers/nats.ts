import type { ConnectionOptions, NatsConnection, TlsOptions } from '@nats-io/transport-node';
import { TulleError } from '../../event/error.ts';
import type { Sockets } from '../../mesh/ports/sockets.ts';
import {
  connectMs,
  credentialsOf,
  type Endpoint,
  loadDriver,
  type Protocols,
  resolveEndpoint,
  toDriverFailure,
  within,
} from './endpoint.ts';

export const natsProtocols: Protocols = {
  'nats:': { port: 4222, isEncrypted: false },
  'tls:': { port: 4222, isEncrypted: true },
};

/** One connection to one server, `nats://USER:PASSWORD@HOST:PORT` or `nats://TOKEN@HOST:PORT`; a lost one does not come back. */
export async function openNats(url: URL, sockets: Sockets | undefined): Promise<NatsConnection> {
  const endpoint = await resolveEndpoint(url, natsProtocols, sockets);
  const { host, port, tls, user, password } = endpoint;
  if (sockets !== undefined) await greet(endpoint, sockets);
  // Loaded by whoever uses it.
  const { connect } = await loadDriver('@nats-io/transport-node', () => import('@nats-io/transport-node'));
  const options: ConnectionOptions = {
    servers: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    ...(tls === undefined ? {} : { tls: toTls(tls) }),
    ...(password === undefined ? (user === undefined ? {} : { token: user }) : { user: user ?? '', pass: password }),
    resolve: false,
    // A server tells of others, which nobody has looked at.
    ignoreClusterUpdates: true,
    // Whoever holds the session opens another.
    reconnect: false,
    timeout: connectMs,
    name: 'tulle',
    noAsyncTraces: true,
  };
  const connecting = connect(options);
  try {
    return await within(connectMs + 1_000, connecting, () => void connecting.then(closeNats));
  } catch (error) {
    throw toDriverFailure('NATS', error, credentialsOf(url));
  }
}

interface Socket {
  connect(port: number, host: string): Socket;
  once(event: 'data' | 'close', listener: () => void): Socket;
  on(event: 'error', listener: (error: Error) => void): Socket;
  destroy(): void;
}

/**
 * Waits until the server says its first line, on a connection that is thrown away: the driver lets go of no connection on
 * which nothing is said (transport-node 3.4.0), and each attempt would leave one behind.
 */
async function greet({ host, port }: Endpoint, sockets: Sockets): Promise<void> {
  const socket = sockets.create() as Socket;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on('error', reject).once('data', resolve);
  socket.once('close', () => reject(new TulleError('unavailable', 'NATS: the connection was closed')));
  socket.connect(port, host);
  try {
    await within(connectMs, promise, () => socket.destroy());
  } catch (error) {
    throw toDriverFailure('NATS', error, []);
  } finally {
    socket.destroy();
  }
}

/** The certificate is that of the name: a driver that dials an address would look for the address in it. */
function toTls({ servername }: { readonly servername?: string }): TlsOptions & { servername?: string } {
  return servername === undefined ? {} : { servername };
}

export function isNatsOpen(connection: NatsConnection): boolean {
  return !connection.isClosed();
}

export async function closeNats(connection: NatsConnection): Promise<void> {
  await connection.close();
}

import type { ChannelModel } from 'amqplib';
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

export const amqpProtocols: Protocols = {
  'amqp:': { port: 5672, isEncrypted: false },
  'amqps:': { port: 5671, isEncrypted: true },
};

/** One connection to one server, with what was its end. */
export interface Amqp {
  readonly model: ChannelModel;
  /** Why it, or the channel on it, is of no more use; undefined while it is. */
  ended: Error | undefined;
  isConnected: boolean;
}

/** `amqp://USER:PASSWORD@HOST:PORT/VHOST`; a connection that is lost does not come back. */
export async function openAmqp(url: URL, sockets: Sockets | undefined): Promise<Amqp> {
  const { host, port, tls, user, password } = await resolveEndpoint(url, amqpProtocols, sockets);
  // Loaded by whoever uses it.
  const { connect } = await loadDriver('amqplib', () => import('amqplib'));
  const connecting = connect(
    {
      protocol: tls === undefined ? 'amqp' : 'amqps',
      hostname: host,
      port,
      ...(user === undefined ? {} : { username: user, password: password ?? '' }),
      // The driver decodes it.
      vhost: url.pathname.slice(1) || '%2f',
      heartbeat: 20,
    },
    {
      ...(tls?.servername === undefined ? {} : { servername: tls.servername }),
      timeout: connectMs,
      keepAlive: true,
      noDelay: true,
      clientProperties: { connection_name: 'tulle' },
    },
  );
  try {
    const model = await within(connectMs + 1_000, connecting, () => void connecting.then(destroy));
    const amqp: Amqp = { model, ended: undefined, isConnected: true };
    model.on('error', (error) => {
      amqp.ended ??= error;
    });
    model.on('close', (error) => {
      amqp.ended ??= error ?? new Error('the connection was closed');
      amqp.isConnected = false;
    });
    return amqp;
  } catch (error) {
    throw toDriverFailure('RabbitMQ', error, credentialsOf(url));
  }
}

/** In order, so that the server has what was sent; a server that says nothing is left. */
export async function closeAmqp({ model, isConnected }: Amqp): Promise<void> {
  if (!isConnected) return;
  try {
    await within(closeMs, model.close(), () => destroy(model));
  } catch {
    // It is closed either way.
    destroy(model);
  }
}

/** The driver has no other way to let go of a connection on which nothing is answered. */
function destroy({ connection }: ChannelModel): void {
  (connection as { readonly stream?: { destroy(): void } }).stream?.destroy();
}

const closeMs = 2_000;

import type { EventEmitter } from 'node:events';
import * as driver from 'pg-cloudflare';
import { isPublicAddress } from '../../mesh/delivery/address.ts';
import type { Sockets } from '../../mesh/ports/sockets.ts';

/** Of the driver of Postgres: `cloudflare:sockets` in the shape of a socket of Node. Its types are those it has elsewhere. */
interface WorkerSocket extends EventEmitter {
  connect(port: number, host: string, listener?: () => void): Promise<unknown>;
}

const { CloudflareSocket } = driver as unknown as {
  readonly CloudflareSocket: new (upgrades: boolean) => WorkerSocket;
};

/**
 * TCP of Workers, for drivers that were made for Node. Workers in production dial no private address, whatever name leads
 * there; what can be seen before is refused here as well, because the local runtime dials everything.
 */
export function createWorkerSockets({ allowPrivateTargets }: { readonly allowPrivateTargets: boolean }): Sockets {
  const isAllowed = (host: string): boolean => allowPrivateTargets || isDialled(host);
  return {
    create({ upgrades = false } = {}) {
      const socket = new CloudflareSocket(upgrades);
      const connect = socket.connect.bind(socket);
      return Object.assign(socket, {
        connect(port: number, host: string, listener?: () => void) {
          if (isAllowed(host)) return connect(port, host, listener);
          queueMicrotask(() => socket.emit('error', refusal(host)));
          return Promise.resolve(socket);
        },
      });
    },
    resolve: (host) => (isAllowed(host) ? Promise.resolve(host) : Promise.reject(refusal(host))),
  };
}

/** An address of the internet, or a name that is none of a network of one's own. */
function isDialled(host: string): boolean {
  const bare = host.toLowerCase().replace(/\.$/, '');
  if (bare.includes(':') || /^[\d.]+$/.test(bare)) return isPublicAddress(bare);
  // Of Hyperdrive, which runs where the Worker does.
  if (bare.endsWith('.hyperdrive.local')) return true;
  return bare.includes('.') && !/\.(?:local|localhost|internal|home\.arpa|lan)$/.test(bare);
}

function refusal(host: string): Error {
  return new Error(`${host} leads to an address that is not public`);
}

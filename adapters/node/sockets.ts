import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction, Socket } from 'node:net';
import { isPublicAddress } from '../../mesh/delivery/address.ts';
import type { Sockets } from '../../mesh/ports/sockets.ts';
import { publicOnly, refusal } from './outbound.ts';

export interface SocketOptions {
  /** Addresses that are not public: for development, and where databases stand on the installation's own network. */
  readonly allowPrivateTargets: boolean;
  /** The system's resolver, unless a test brings its own. */
  readonly lookup?: LookupFunction;
}

export interface NodeSockets extends Sockets {
  create(): Socket;
}

/** The guard stands where a name becomes an address and the address is dialled. */
export function createSockets({ allowPrivateTargets, lookup = systemLookup }: SocketOptions): NodeSockets {
  const guarded = allowPrivateTargets ? lookup : publicOnly(lookup);

  function resolve(host: string): Promise<string> {
    if (isIP(host) !== 0) {
      return allowPrivateTargets || isPublicAddress(host) ? Promise.resolve(host) : Promise.reject(refusal(host));
    }
    return new Promise((resolved, reject) => {
      guarded(host, { all: false }, (error, address) => {
        if (error === null && typeof address === 'string') resolved(address);
        else reject(error ?? new Error(`${host} has no address`));
      });
    });
  }

  function create(): Socket {
    if (allowPrivateTargets) return new Socket();
    const socket = new Socket();
    const connect = socket.connect.bind(socket);
    function connectGuarded(port: unknown, host: unknown, ...rest: readonly unknown[]): Socket {
      const listener = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
      const isNamed = typeof host === 'string' && isIP(host) === 0 && host !== '';
      const isAllowed = isNamed || (typeof host === 'string' && isPublicAddress(host));
      if (typeof port === 'number' && typeof host === 'string' && isAllowed) {
        return connect({ port, host, lookup: guarded }, listener);
      }
      // A path, options, or an address inside: drivers dial by port and host.
      queueMicrotask(() => socket.destroy(refusal(String(host ?? port))));
      return socket;
    }
    return Object.assign(socket, { connect: connectGuarded });
  }

  return { create, resolve };
}

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands before a server, and can do what networks and servers do. */
export interface Proxy {
  readonly port: number;
  /** As a server that is stopped in the middle: connections are taken, nothing passes any more. */
  hang(): void;
  /** Ends every connection; new ones pass. */
  cut(): void;
  /** Ends every connection, and new ones as soon as they come. */
  refuse(): void;
  /** Everything passes again, on new connections. */
  open(): void;
  stop(): void;
}

export async function startProxy(to: { readonly host: string; readonly port: number }): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let mode: 'open' | 'hanging' | 'refusing' = 'open';
  const server = createServer((near) => {
    if (mode === 'refusing') {
      near.destroy();
      return;
    }
    const far = connect(to);
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const [one, other] of [pair, [far, near] as const]) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.destroy();
        pairs.delete(pair);
      });
      one.on('end', () => other.end());
      one.on('data', (chunk) => {
        if (mode !== 'hanging' && !other.write(chunk)) one.pause();
      });
      other.on('drain', () => one.resume());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function cut(): void {
    for (const [near, far] of pairs) {
      near.destroy();
      far.destroy();
    }
  }

  return {
    port: (server.address() as AddressInfo).port,
    hang() {
      mode = 'hanging';
    },
    cut,
    refuse() {
      mode = 'refusing';
      cut();
    },
    open() {
      // What was swallowed would be missing in the middle.
      if (mode === 'hanging') cut();
      mode = 'open';
    },
    stop() {
      cut();
      server.close();
    },
  };
}

import { createAdaptorServer, type Http2Bindings, type HttpBindings } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { TulleError } from '../../event/error.ts';
import { toProblemResponse } from '../../mesh/problem.ts';
import { createAdmission, type AdmissionLimits } from './admission.ts';

/** The HTTP server in front of the mesh. */
export interface NodeServer {
  readonly url: string;
  /** Takes no new connection; resolves when every request is answered, or when `settleMs` are over. */
  close(settleMs: number): Promise<void>;
}

export interface NodeServerOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly admission?: AdmissionLimits;
}

/**
 * What Node's parser refuses stays refused (two lengths, a length beside chunks, folded header lines): never
 * `insecureHTTPParser`. Attributes of events may be 65,536 characters and come as headers.
 */
const serverOptions = {
  insecureHTTPParser: false,
  maxHeaderSize: 131_072,
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  // Longer than the minute after which load balancers let go of an idle connection.
  keepAliveTimeout: 65_000,
};

export async function startServer({ host, port, fetch, admission: limits }: NodeServerOptions): Promise<NodeServer> {
  const admission = createAdmission(limits);
  let closing = false;

  async function handle(request: Request, { outgoing }: HttpBindings | Http2Bindings): Promise<Response> {
    // RFC 9112, 3.2: Node takes the first of two.
    if (request.headers.get('host')?.includes(',') === true) return toProblemResponse(twoHosts());
    if (request.url.endsWith('/readyz') && new URL(request.url).pathname === '/readyz') {
      return closing ? toProblemResponse(shutting()) : Response.json({ status: 'ready' });
    }
    const leave = admission.enter(request.headers.get('content-length'));
    if (leave === undefined) return toProblemResponse(full());
    try {
      return await fetch(request);
    } finally {
      leave();
      if (closing) outgoing.setHeader('connection', 'close');
    }
  }

  const server = createAdaptorServer({ fetch: handle, hostname: 'localhost', serverOptions }) as Server;
  // No header is dropped in silence: the size bounds them.
  server.maxHeadersCount = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    async close(settleMs) {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const late = setTimeout(settleMs, undefined, { ref: false }).then(() => server.closeAllConnections());
      await Promise.race([closed, late]);
    },
  };
}

function twoHosts(): TulleError {
  return new TulleError('request_invalid', 'The request names two hosts.', { place: 'host', mend: 'Send one Host.' });
}

function full(): TulleError {
  return new TulleError('unavailable', 'The server is working on as many requests as it can hold.', {
    mend: 'Send the request again in a moment.',
    retryAfter: 1,
  });
}

function shutting(): TulleError {
  return new TulleError('unavailable', 'The server is being shut down.', { retryAfter: 1 });
}

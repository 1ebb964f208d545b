import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as JSON; `undefined` where it is none. */
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A service on this machine that behaves as its documentation says, or for once as nobody should. */
export interface Api {
  readonly origin: string;
  readonly requests: readonly ApiRequest[];
  /** The next request is answered by this, and none of the service's own. */
  disturb(answer: ApiAnswer | ((response: ServerResponse) => void)): void;
  close(): void;
}

export async function startApi(answer: (request: ApiRequest) => ApiAnswer): Promise<Api> {
  const requests: ApiRequest[] = [];
  const disturbances: (ApiAnswer | ((response: ServerResponse) => void))[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const url = new URL(message.url ?? '/', 'http://api');
      const request = { method: message.method ?? '', url, headers: message.headers, bytes, body: toJson(bytes) };
      requests.push(request);
      const disturbance = disturbances.shift();
      if (typeof disturbance === 'function') return disturbance(response);
      const { status = 200, headers = {}, body } = disturbance ?? answer(request);
      const text = body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body);
      response.writeHead(status, headers).end(text);
    });
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    disturb: (one) => void disturbances.push(one),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function toJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface FunctionServer {
  readonly url: string;
  readonly calls: Call[];
  /** What the next request is answered. */
  answer: (call: Call, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** A real HTTP server on this machine, as a function in a container is one. */
export async function startFunctionServer(): Promise<FunctionServer> {
  const calls: Call[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text: string) => (body += text));
    request.on('end', () => {
      const call = { method: request.method ?? '', headers: request.headers, body };
      calls.push(call);
      started.answer(call, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const started: FunctionServer = {
    url: `http://127.0.0.1:${port}/`,
    calls,
    answer: (_call, response) => response.writeHead(204).end(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return started;
}

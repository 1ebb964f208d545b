import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Call {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RealServer {
  readonly url: string;
  readonly calls: Call[];
  answer: (call: Call, response: ServerResponse) => void;
}

/** A real HTTP server on this machine, until the test is over. */
export async function startRealServer(answer?: RealServer['answer']): Promise<RealServer> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text: string) => (body += text));
    request.on('end', () => {
      const call = { path: request.url ?? '', headers: request.headers, body };
      calls.push(call);
      started.answer(call, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const started: RealServer = {
    url: `http://127.0.0.1:${port}`,
    calls,
    answer: answer ?? ((_call, response) => response.writeHead(204).end()),
  };
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return started;
}

export function answerJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** A token endpoint that gives `token-1`, `token-2` and so on. */
export async function startTokenServer(more: Record<string, unknown> = { expires_in: 3_600 }): Promise<RealServer> {
  const server: RealServer = await startRealServer((_call, response) => {
    answerJson(response, { access_token: `token-${server.calls.length}`, token_type: 'Bearer', ...more });
  });
  return server;
}

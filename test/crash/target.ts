import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A receiving system in the test's own process. */
export interface Target {
  readonly url: string;
  stop(): void;
}

/** `answer` is told the event's id, and says the status. */
export async function startTarget(answer: (id: string, headers: IncomingHttpHeaders) => number): Promise<Target> {
  const server = createServer((request, response) => {
    // Whoever called may be dead by now.
    for (const end of [request, response]) end.on('error', () => {});
    request.resume().on('end', () => {
      response.writeHead(answer(String(request.headers['ce-id']), request.headers)).end();
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

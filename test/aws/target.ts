import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A target on this machine, which remembers what it was sent. */
export interface Target {
  readonly url: string;
  readonly received: Received[];
  /** What it answers; 204 unless a test says otherwise. */
  answer: (received: Received) => number;
  /** Instead, where more than a status is answered; one that throws breaks off. */
  respond?: (received: Received) => Promise<Response>;
  stop(): Promise<void>;
}

export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export async function startTarget(): Promise<Target> {
  const received: Received[] = [];
  const server = createServer({ maxHeaderSize: 1_048_576 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = request.headers as Record<string, string | undefined>;
      const one = { path: request.url ?? '/', headers, body: Buffer.concat(chunks).toString('utf8') };
      received.push(one);
      if (target.respond === undefined) response.writeHead(target.answer(one)).end();
      else {
        target
          .respond(one)
          .then(async (answer) => response.writeHead(answer.status).end(await answer.text()))
          .catch(() => response.destroy());
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const target: Target = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: () => 204,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return target;
}

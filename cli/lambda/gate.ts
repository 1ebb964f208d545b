import { Agent, createServer, type IncomingMessage, request as forwardRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Refusal, refuseSqs } from './refusals.ts';

/** Stands in front of the emulators: passes requests on as they are, except those that AWS would refuse. */
export interface Gate {
  readonly url: string;
  readonly refused: readonly Refusal[];
  stop(): void;
}

export async function openGate(upstream: URL): Promise<Gate> {
  const agent = new Agent({ keepAlive: true });
  const refused: Refusal[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [service, operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
    if (service !== 'AmazonSQS') {
      request.pipe(forward(request, response));
      return;
    }
    const body = await readAll(request);
    const refusal = refuseSqs(operation, JSON.parse(body.toString('utf8')) as Record<string, unknown>);
    if (refusal === undefined) {
      forward(request, response).end(body);
      return;
    }
    refused.push(refusal);
    // The query protocol's name of the error is what the SDK shows.
    response.writeHead(400, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-query-error': `${refusal.type};Sender`,
    });
    response.end(JSON.stringify({ __type: `com.amazonaws.sqs#${refusal.type}`, message: refusal.message }));
  }

  function forward(request: IncomingMessage, response: ServerResponse) {
    const { method, url: path, headers } = request;
    const { hostname, port } = upstream;
    const onward = forwardRequest({ hostname, port, method, path, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    return onward;
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused,
    stop() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}

export async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

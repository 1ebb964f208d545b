import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { http } from '../../../connectors/sinks/http.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { describeSink, type Item } from '../../conformance/sink.ts';

describeSink('http', async () => {
  const items = new Map<string, Item>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const item = JSON.parse(Buffer.concat(chunks).toString()) as Item & { broken?: true };
      if (item.broken !== true) items.set(String(request.headers['ce-id']), item);
      response.writeHead(item.broken === true ? 422 : 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    sink: http as Sink,
    port: (server.address() as AddressInfo).port,
    optionsFor: (port) => ({ url: `http://127.0.0.1:${port}/in` }),
    idempotent: true,
    arrived: async () => [...items.values()],
    broken: { broken: true },
    async close() {
      server.close().closeAllConnections();
    },
  };
});

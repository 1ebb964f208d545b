import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminKey, createHarness, type Harness } from '../admin/harness.ts';

const text = await readFile(join(import.meta.dirname, '../../docs/admin-api.md'), 'utf8');
const blocks = Array.from(text.matchAll(/```sh\n(.*?)```/gs), ([, block = '']) => block);

describe('docs/admin-api.md', () => {
  let harness: Harness;
  let server: Server;
  beforeAll(async () => {
    harness = createHarness();
    server = await serve(harness.send);
  });
  afterAll(() => {
    server.close();
  });

  it.each(blocks)('runs as it stands: %s', async (block) => {
    const { port } = server.address() as AddressInfo;
    const env = { ...process.env, TULLE_URL: `http://127.0.0.1:${port}`, TULLE_ADMIN_KEY: adminKey };
    const { stdout } = await promisify(execFile)('bash', ['-euc', block], { env });
    expect(stdout).not.toContain('urn:tulle:error');
    expect(harness.failures).toEqual([]);
  });

  it('shows the error that is really answered', async () => {
    const shown = /```json\n(.*?)```/s.exec(text)?.[1] ?? '';
    const { json } = await harness.call('PUT', '/buses/orders', { body: { shrads: 2 } });
    expect(json).toEqual(JSON.parse(shown));
  });
});

async function serve(handle: Harness['send']): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    answer(handle, incoming, outgoing).catch((error: Error) => outgoing.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function answer(handle: Harness['send'], incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
  const response = await handle(
    new Request(`http://${incoming.headers.host}${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers: incoming.headers as Record<string, string>,
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

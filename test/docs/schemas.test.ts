import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminKey, createHarness, type Harness } from '../mesh/harness.ts';
import { readBlocks } from './markdown.ts';

const blocks = readBlocks('docs/schemas.md');

/** The whole page in its order: each example builds on those before it. */
describe('docs/schemas.md', () => {
  let harness: Harness;
  let server: Server;
  let answered: unknown;
  beforeAll(async () => {
    harness = createHarness();
    server = createServer((incoming, outgoing) => {
      answer(harness, incoming, outgoing).catch((error: Error) => outgoing.destroy(error));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.close();
  });

  for (const { line, language, note, text } of blocks) {
    it(`is right in line ${line}: ${language} ${note}`, async () => {
      if (language === 'sh') answered = await run(text);
      else if (note === 'event') answered = await read(harness.publish(text, { bus: 'orders' }));
      else if (note === 'version') answered = await read(harness.admin('PUT', versionPath, JSON.parse(text)));
      else if (note === 'answer') expect(answered).toEqual(JSON.parse(text));
      else expect(answered).toMatchObject({ items: [{ document: { schema: JSON.parse(text) as object } }] });
      expect(harness.reported).toEqual([]);
    });
  }

  const versionPath = '/v1/admin/schemas/order-created/versions/2';

  async function run(text: string): Promise<unknown> {
    const { port } = server.address() as AddressInfo;
    const env = { ...process.env, TULLE_URL: `http://127.0.0.1:${port}`, TULLE_ADMIN_KEY: adminKey };
    const { stdout } = await promisify(execFile)('bash', ['-euc', text], { env });
    expect(stdout).not.toContain('urn:tulle:error');
    const last = stdout.slice(stdout.lastIndexOf('}{') + 1);
    return JSON.parse(last);
  }
});

async function read(response: Promise<Response>): Promise<unknown> {
  return (await response).json();
}

async function answer(harness: Harness, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
  const response = await harness.mesh.fetch(
    new Request(`http://${incoming.headers.host}${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers: incoming.headers as Record<string, string>,
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

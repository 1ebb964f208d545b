import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { functionSchema } from '../../admin/resources/function.ts';
import { hopsLimit } from '../../functions/compute/emitter.ts';
import type { BundledFunction } from '../../functions/compute/define-function.ts';
import { outputEventsLimit } from '../../functions/compute/function-output.ts';
import { redirectsLimit, requestsLimit } from '../../mesh/functions/guarded-fetch.ts';
import { adminKey, createHarness } from '../mesh/harness.ts';
import { readBlocks, readDocument, root } from './markdown.ts';

const path = 'docs/functions.md';
const blocks = readBlocks(path);

/** The list that the page shows, as a module. */
async function loadList(): Promise<readonly BundledFunction[]> {
  const text = blocks.find((block) => block.text.startsWith('// functions/registered.ts'))?.text ?? '';
  const imports = (_: string, to: string): string => `from '${pathToFileURL(join(root, 'functions', to)).href}'`;
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true });
  const scratch = await mkdtemp(join(root, 'node_modules/.cache/tulle-functions-'));
  try {
    const file = join(scratch, 'registered.ts');
    await writeFile(file, text.replaceAll(/from '(\.[^']*)'/g, imports));
    return ((await import(file)) as { functions: readonly BundledFunction[] }).functions;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

describe(path, () => {
  it('shows what its first function really answers, and a rule that may call it', async () => {
    const harness = createHarness({ functions: { bundle: await loadList() } });
    await harness.admin('PUT', '/v1/admin/buses/default', {});
    const server = createServer((incoming, outgoing) => {
      void (async () => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
        const headers = incoming.headers as Record<string, string>;
        const body = Buffer.concat(chunks);
        const url = `http://mesh.test${incoming.url}`;
        const response = await harness.mesh.fetch(new Request(url, { method: incoming.method ?? '', headers, body }));
        outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const shown = blocks.findIndex(({ text }) => text.includes('/v1/functions/speeding'));
      const { port } = server.address() as AddressInfo;
      const env = { ...process.env, TULLE_URL: `http://127.0.0.1:${port}`, TULLE_ADMIN_KEY: adminKey };
      const { stdout } = await promisify(execFile)('bash', ['-euc', blocks[shown]?.text ?? ''], { env });
      expect(JSON.parse(stdout)).toEqual(JSON.parse(blocks[shown + 1]?.text ?? ''));
    } finally {
      server.close();
    }
    const rule = JSON.parse(blocks.find(({ text }) => text.includes('"steps"'))?.text ?? '') as unknown;
    expect((await harness.admin('PUT', '/v1/admin/buses/default/rules/speeding', rule)).status).toBe(201);
  });

  it('names the members and the limits that there are', () => {
    const text = readDocument(path);
    const { properties } = functionSchema;
    for (const name of Object.keys(properties).filter(
      (name) => name !== 'kind' && name !== 'name' && name !== 'runs',
    )) {
      expect(text).toContain(`| \`${name}\` |`);
    }
    for (const name of ['service', 'lambda', 'http']) expect(text).toContain(`{ "${name}": `);
    expect(text).toContain(`${requestsLimit} requests, ${redirectsLimit} redirects each`);
    expect(text).toContain(`After ${hopsLimit} hops`);
    expect(text).toContain(`at most ${outputEventsLimit.toLocaleString('en-US')} of them`);
    expect(text).toContain(`up to ${properties.secrets.maxItems} secrets`);
    expect(text).toContain(`up to ${properties.description.maxLength} characters`);
    expect(text).toContain(`| \`${properties.timeout.default}\` |`);
  });
});

import { execFile, execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { root } from '../cli/tulle.ts';

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
  try {
    return execFileSync('which', [name], { encoding: 'utf8' }) !== '';
  } catch {
    return false;
  }
});
if (browser === undefined) console.log('There is no Chromium here: the client is not tried in a browser.');

it.runIf(browser !== undefined)('the client runs in a browser', { timeout: 60_000 }, async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { createClient } from './exports/client.ts';
const client = createClient({ url: location.origin, key: 'k' });
const { accepted } = await client.publish({ source: '/browser', type: 'clicked', data: new Uint8Array([1, 2]) });
document.title = 'accepted ' + accepted;`,
      resolveDir: root,
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
  });
  let published = '';
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><script type="module">${outputFiles[0]?.text}</script>`);
      return;
    }
    request.on('data', (data: Buffer) => (published += data.toString()));
    request.on('end', () => response.writeHead(202).end('{"accepted":1,"events":[{"id":"1","matched":0}]}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=10000', '--dump-dom', url];
    const { stdout } = await promisify(execFile)(browser ?? '', flags);
    expect(stdout).toContain('<title>accepted 1</title>');
    expect(JSON.parse(published)).toMatchObject({ source: '/browser', type: 'clicked', data_base64: 'AQI=' });
  } finally {
    server.close();
  }
});

it('the client needs no module of Node', async () => {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'exports/client.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
  });
  expect(outputFiles[0]?.text).not.toMatch(/\bprocess\.|\bBuffer\b|\brequire\(/);
});

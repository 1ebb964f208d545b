import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort, root, temporaryFolder } from '../cli/tulle.ts';

const run = promisify(execFile);
const quiet = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_SEND_ERROR_REPORTS: 'false', CI: '1' };

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** The package as npm would publish it, in a project as `tulle init` makes it, outside of the checkout. */
describe('the npm package', { timeout: 120_000 }, () => {
  let folder: string;
  let packed: Packed;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root, env: quiet });
    [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [Packed];
  }, 120_000);
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('has what is needed and nothing else: no tests, no sources, no secrets', () => {
    const paths = packed.files.map(({ path }) => path);
    const rest = paths.filter((path) => !/^dist\/npm\/.*\.(?:js|d\.ts)$/.test(path));
    for (const path of rest)
      expect(path).toMatch(
        /^(?:cli\/(?:bin\.js|dev\/workerd\.sh|init\/template\/)|adapters\/aws\/resources\/|examples\/demo\/|[^/]*$)/,
      );
    for (const path of paths.filter((one) => !one.startsWith('cli/init/template/'))) {
      expect(path).not.toMatch(/(?:^|\/)(?:test|bench|\.[^/]*|.*\.test\.[^/]*|.*\.env)(?:\/|$)/);
    }
    console.log(`package: ${packed.size} bytes, ${packed.unpackedSize} unpacked, ${paths.length} files`);
    expect(packed.size).toBeLessThan(1_200_000);
    expect(packed.unpackedSize).toBeLessThan(5_000_000);
  });

  it('has every entry that package.json names, with its types', () => {
    const { exports } = manifest();
    const paths = new Set(packed.files.map(({ path }) => `./${path}`));
    for (const entry of Object.values(exports).flatMap((one) =>
      typeof one === 'string' ? [one] : Object.values(one),
    )) {
      expect(paths).toContain(entry);
    }
  });

  it('imports only packages that are installed with it', async () => {
    const { dependencies, optionalDependencies, peerDependencies } = manifest();
    const known = new Set(['tulle', ...Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })]);
    const missing = new Set<string>();
    for (const { path } of packed.files.filter(({ path }) => path.endsWith('.js'))) {
      for (const [, from = ''] of (await readFile(join(root, path), 'utf8')).matchAll(
        /(?:\bfrom |\bimport\(|^import )'([^'.][^']*)'/gm,
      )) {
        const name = from.split('/', from.startsWith('@') ? 2 : 1).join('/');
        if (!/^(?:node|cloudflare):/.test(from) && !known.has(name)) missing.add(name);
      }
    }
    // Of the emulators behind `tulle dev --target aws`, which says that it needs a checkout.
    expect([...missing].filter((name) => name !== 'fauxqs')).toEqual([]);
  });

  it('has a client that needs nothing but the web platform', async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [join(root, 'dist/npm/exports/client.js')],
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'browser',
    });
    expect(Object.keys(metafile.inputs).filter((path) => path.includes('node_modules'))).toEqual([]);
    const [output] = outputFiles;
    console.log(`client: ${output?.contents.length} bytes minified`);
    expect(output?.contents.length).toBeLessThan(20_000);
  });

  describe.each(['node', 'workers', 'lambda'] as const)('in a project for %s', (platform) => {
    let project: string;
    let received: Received[];
    let receiver: ReturnType<typeof createServer>;

    beforeAll(async () => {
      project = join(folder, platform);
      await tulleOfCheckout(
        'init',
        project,
        '--platform',
        platform,
        '--tulle',
        `file:${join(folder, packed.filename)}`,
      );
      const omit = ['dev', 'peer', 'optional'].map((kind) => `--omit=${kind}`);
      await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...omit], {
        cwd: project,
        env: quiet,
      });
      // As large as all the rest together, and here already.
      for (const name of ['wrangler', 'miniflare', 'esbuild', 'typescript', '@types', '@cloudflare', '@aws-sdk']) {
        await rm(join(project, 'node_modules', name), { recursive: true, force: true });
        await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name));
      }
      received = [];
      receiver = createServer((request, response) => {
        let text = '';
        request.on('data', (data: Buffer) => (text += data.toString()));
        request.on('end', () => {
          received.push({ headers: request.headers, body: JSON.parse(text) as unknown });
          response.writeHead(204).end();
        });
      });
      await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
      const rule = join(project, 'rules/paid-orders.yaml');
      const target = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/orders`;
      await writeFile(rule, (await readFile(rule, 'utf8')).replace('https://warehouse.example.com/orders', target));
    }, 120_000);
    afterAll(() => receiver.close());

    it('brings its dependencies and is not the checkout', async () => {
      expect(existsSync(join(project, 'node_modules/tulle/dist/npm/cli/main.js'))).toBe(true);
      expect(await readdir(join(project, 'node_modules/tulle/cli'))).not.toContain('main.ts');
    });

    it('type-checks, also a function that the command line made, and passes its tests', async () => {
      await tulle(project, {}, 'functions', 'new', 'say-hello');
      await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], { cwd: project }).catch(
        ({ stdout }: { stdout: string }) => expect.fail(stdout),
      );
      const { stdout, stderr } = await run('npm', ['test'], { cwd: project, env: withoutVitest() });
      expect(stdout).toMatch(/pass 4\n/);
      expect(stderr).toMatch(/^2 passed$/m);
      expect(await readFile(join(project, 'functions/registered.ts'), 'utf8')).toContain('[orderPriority, sayHello]');
    });

    it.runIf(platform === 'lambda')('builds its functions, and what is deployed', async () => {
      await tulle(project, {}, 'build');
      const built = await readdir(join(project, 'dist/aws'), { recursive: true });
      for (const name of ['http', 'dispatch', 'guard', 'tick', 'eventbridge']) expect(built).toContain(`${name}.mjs`);
      const texts = built
        .filter((name) => name.endsWith('.mjs'))
        .map((name) => readFileSync(join(project, 'dist/aws', name), 'utf8'));
      expect(texts.filter((text) => text.includes('order-priority'))).toHaveLength(1);
      const osls = join(root, 'node_modules/osls/bin/serverless.js');
      await run(process.execPath, [osls, 'package'], { cwd: project, env: { ...quiet, SLS_TELEMETRY_DISABLED: '1' } });
      const template = readFileSync(join(project, '.serverless/cloudformation-template-update-stack.json'), 'utf8');
      const { Resources } = JSON.parse(template) as {
        readonly Resources: Readonly<Record<string, { readonly Type: string }>>;
      };
      const types = Object.values(Resources).map(({ Type }) => Type);
      for (const type of ['AWS::DynamoDB::Table', 'AWS::SQS::Queue', 'AWS::S3::Bucket']) expect(types).toContain(type);
      expect(types.filter((type) => type === 'AWS::Lambda::Function').length).toBeGreaterThanOrEqual(5);
    });

    it.runIf(platform === 'workers')('deploys, and within the limit', async () => {
      const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js');
      const words = [wrangler, 'deploy', '--dry-run', '--outdir', join(folder, 'out')];
      const { stdout } = await run(process.execPath, words, { cwd: project, env: quiet });
      for (const binding of ['LOG', 'SNAPSHOTS', 'DOCUMENTS']) expect(stdout).toContain(`env.${binding}`);
      expect(readFileSync(join(folder, 'out/worker.js'), 'utf8')).toContain('order-priority');
    });

    it.runIf(platform !== 'lambda')('runs, and an event passes its function', async () => {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const keys = platform === 'node' ? readFileSync(join(project, '.env'), 'utf8') : '';
      const settings = Object.fromEntries([...keys.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
      const words =
        platform === 'node'
          ? ['--disable-warning=ExperimentalWarning', 'main.ts']
          : ['node_modules/tulle/cli/bin.js', 'dev', '--port', String(port), '--apply', 'rules'];
      const env = { ...quiet, ...settings, PORT: String(port), TULLE_ALLOW_PRIVATE_TARGETS: 'true' };
      const server = spawn(process.execPath, words, { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [server.stdout, server.stderr])
        stream.on('data', (data: Buffer) => (said += data.toString()));
      const exited = once(server, 'exit');
      try {
        const ready = platform === 'node' ? 'Tulle listens' : 'rules: 2 created';
        await vi.waitFor(() => expect(said).toContain(ready), { timeout: 60_000, interval: 100 });
        const key = settings['TULLE_ADMIN_KEY'] ?? readFileSync(join(project, '.tulle/admin-key'), 'utf8').trim();
        const access = { TULLE_URL: url, TULLE_ADMIN_KEY: key };
        if (platform === 'node') await tulle(project, access, 'apply', 'rules');
        await tulle(project, access, 'publish', 'events/order-paid.json');
        await vi.waitFor(() => expect(received).toHaveLength(1), { timeout: 20_000, interval: 50 });
        expect(received[0]).toMatchObject({
          headers: { 'ce-type': 'order.paid' },
          body: { total: 129.8, priority: 'high', customer: { email: 'a****@example.com' } },
        });
        const listed = JSON.parse(await tulle(project, access, 'functions', 'list', '--json')) as { name: string }[];
        expect(listed.map(({ name }) => name).sort()).toEqual(['order-priority', 'say-hello']);
        const called = await tulle(project, access, 'functions', 'call', 'order-priority', 'events/order-paid.json');
        expect(JSON.parse(called)).toMatchObject({ data: { priority: 'high' } });
      } finally {
        server.kill('SIGTERM');
        await exited;
      }
    });
  });
});

function manifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
    readonly dependencies: Readonly<Record<string, string>>;
    readonly optionalDependencies: Readonly<Record<string, string>>;
    readonly peerDependencies: Readonly<Record<string, string>>;
  };
}

async function tulleOfCheckout(...words: readonly string[]): Promise<void> {
  await run(process.execPath, [join(root, 'cli/bin.js'), ...words]);
}

async function tulle(project: string, env: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const bin = join(project, 'node_modules/tulle/cli/bin.js');
  const { stdout } = await run(process.execPath, [bin, ...words], { cwd: project, env: { ...quiet, ...env } });
  return stdout;
}

/** Node's test runner takes the reporter of the one that it runs in. */
function withoutVitest(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, VITEST: _vitest, ...env } = process.env;
  return { ...env, FORCE_COLOR: '0' };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildLambda } from '../cli/lambda/build.ts';
import { admin } from '../test/adapters/node/main.ts';
import { packageHere } from '../test/aws/package.ts';
import { adminKey, masterKey, startPackaged } from '../test/aws/start.ts';

/**
 * From the start of a process to its first answer, as every new environment of Lambda pays it: the packaged `http` function
 * beside a Hono handler that does nothing, in turns. `npm run bench:lambda:start`; RUNS (10) of each, their medians and, for
 * a machine that does other things as well, their least.
 */
const runs = Number(process.env['RUNS'] ?? 10);
const folder = mkdtempSync(join(tmpdir(), 'tulle-start-'));
const packageFolder = await packageHere();
await buildLambda(join(folder, 'aws'));
writeFileSync(
  join(folder, 'empty.ts'),
  `import { Hono } from 'hono';
   import { handle } from 'hono/aws-lambda';
   const app = new Hono();
   app.post('/v1/events', (context) => context.json({ accepted: 1 }, 202));
   export const handler = handle(app);`,
);
await build({
  entryPoints: [join(folder, 'empty.ts')],
  outfile: join(folder, 'empty.mjs'),
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  nodePaths: ['node_modules'],
});
writeFileSync(
  join(folder, 'call.mjs'),
  `const { handler } = await import(process.argv[2]);
   const { statusCode } = await handler(JSON.parse(process.argv[3]));
   process.stdout.write(String(statusCode), () => process.exit());`,
);

const runner = await startPackaged(packageFolder);
const results: Record<string, number[]> = { empty: [], refused: [], published: [] };
try {
  await admin(runner.url, 'PUT', '/v1/admin/buses/default', {}, adminKey);
  const rule = { filter: { pattern: { source: ['/start'] } }, targets: [{ name: 'none', http: { url: runner.url } }] };
  await admin(runner.url, 'PUT', '/v1/admin/buses/default/rules/all', rule, adminKey);
  for (let run = 0; run < runs; run++) {
    results['empty']!.push(await start('empty.mjs', 'nobody', 202));
    // Refused before anything is read: no client of the SDK.
    results['refused']!.push(await start('aws/http.mjs', 'nobody', 401));
    // The snapshot out of DynamoDB, the message into SQS.
    results['published']!.push(await start('aws/http.mjs', adminKey, 202));
  }
} finally {
  await runner.stop();
  rmSync(folder, { recursive: true });
  rmSync(packageFolder, { recursive: true });
}
const [medians, least] = [0.5, 0].map((share) => {
  const times = Object.entries(results).map(([name, values]): [string, number] => [
    name,
    Math.round(values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? 0),
  ]);
  const [, empty = 1] = times.find(([name]) => name === 'empty') ?? [];
  const ratios = times.map(([name, time]): [string, number] => [name, Math.round((time / empty) * 100) / 100]);
  return { milliseconds: Object.fromEntries(times), ratios: Object.fromEntries(ratios) };
});
const figures = { medians, least };
console.log(process.argv.includes('--json') ? JSON.stringify(figures) : figures);

async function start(file: string, key: string, status: number): Promise<number> {
  const { functions, template } = runner;
  if (!functions.has('http')) throw new Error('the template has no function http');
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/v1/events',
    rawQueryString: '',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/cloudevents+json' },
    requestContext: {
      domainName: 'localhost',
      stage: '$default',
      http: { method: 'POST', path: '/v1/events', sourceIp: '127.0.0.1', protocol: 'HTTP/1.1', userAgent: '' },
    },
    body: JSON.stringify({ specversion: '1.0', id: '1', source: '/start', type: 'start', data: {} }),
    isBase64Encoded: false,
  };
  const env = {
    ...runner.endpoints,
    TULLE_TABLE: String(template.resolve({ Ref: 'Table' })),
    TULLE_QUEUE_URL: String(template.resolve({ Ref: 'Deliveries' })),
    TULLE_BUCKET: String(template.resolve({ Ref: 'Bodies' })),
    TULLE_ADMIN_KEY: adminKey,
    TULLE_MASTER_KEY: masterKey,
  };
  const began = performance.now();
  const child = spawn(process.execPath, [join(folder, 'call.mjs'), join(folder, file), JSON.stringify(event)], {
    env: env as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let answer = '';
  let milliseconds = 0;
  child.stdout.on('data', (data: Buffer) => {
    milliseconds = performance.now() - began;
    answer = data.toString();
  });
  // After its end and that of its output, which come in any order.
  await once(child, 'close');
  if (answer !== String(status)) throw new Error(`${file} answered ${answer || 'nothing'}, not ${status}`);
  return milliseconds;
}

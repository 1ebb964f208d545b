import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '../adapters/node/process.ts';
import { heapUsed } from './measure.ts';
import { adminKey, prepare, startSink } from './delivery/processes.ts';

/**
 * One million events through one Node process: the heap after a collection, the resident memory and the files on disk at
 * intervals. With a retention of one minute, what is deleted and what comes in are in balance after two.
 * `npm run bench:memory`; EVENTS changes the number.
 */
const total = Number(process.env['EVENTS'] ?? 1_000_000);
const every = total / 20;

const folder = mkdtempSync(join(tmpdir(), 'tulle-memory-'));
const sink = await startSink();
const mesh = await startProcess({
  settings: {
    adminKey,
    host: '127.0.0.1',
    port: 0,
    dataFolder: folder,
    secretsFolder: undefined,
    allowPrivateTargets: true,
    connectorTasks: 0,
    shutdownMs: 5_000,
  },
  functions: [],
  env: {},
  onFailure(error) {
    throw error;
  },
});
await prepare(mesh.url, sink.url, '60s');

const started = performance.now();
const rows: Record<string, number>[] = [];
const publisher = fork(join(import.meta.dirname, 'memory/publisher.ts'), [
  `${mesh.url}/v1/events`,
  sink.url,
  String(total),
]);
publisher.on('message', (sent) => {
  if (Number(sent) % every === 0) measure(Number(sent));
});
const [code] = (await once(publisher, 'exit')) as [number];
measure(total);
if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 2));
else console.table(rows);

await mesh.stop();
sink.process.kill();
rmSync(folder, { recursive: true });
process.exitCode = code;

function measure(events: number): void {
  const row = {
    events,
    seconds: Math.round((performance.now() - started) / 1000),
    heapMB: megabytes(heapUsed()),
    residentMB: megabytes(process.memoryUsage().rss),
    filesMB: megabytes(sizeOf(folder)),
  };
  rows.push(row);
  process.stderr.write(`${JSON.stringify(row)}\n`);
}

function sizeOf(path: string): number {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
    const file = statSync(join(path, name));
    return file.isFile() ? sum + file.size : sum;
  }, 0);
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}

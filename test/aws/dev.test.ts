import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { admin } from '../adapters/node/main.ts';
import { freePort, startTulle, temporaryFolder, type Tulle } from '../cli/tulle.ts';
import { startTarget, type Target } from './target.ts';

let folder: string;
let target: Target;
let tulle: Tulle;

beforeAll(async () => {
  folder = await temporaryFolder();
  target = await startTarget();
  tulle = await startTulle(folder, await freePort(), '--target', 'aws');
}, 120_000);

afterAll(async () => {
  tulle?.process.kill('SIGKILL');
  await target.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const soon = { timeout: 30_000, interval: 100 };

async function publish(id: string): Promise<void> {
  const response = await fetch(`${tulle.url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tulle.key}`, 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({ specversion: '1.0', id, source: '/shop', type: 't', data: { id } }),
  });
  expect(response.status).toBe(202);
}

const received = (): (string | undefined)[] => target.received.map(({ headers }) => headers['ce-id']);

it('tulle dev --target aws delivers, over the death of its environments, and ends in order', async () => {
  await admin(tulle.url, 'PUT', '/v1/admin/buses/default', {}, tulle.key);
  const rule = { filter: { pattern: { source: ['/shop'] } }, targets: [{ name: 'crm', http: { url: target.url } }] };
  await admin(tulle.url, 'PUT', '/v1/admin/buses/default/rules/all', rule, tulle.key);
  await publish('before');
  await vi.waitFor(() => expect(received()).toEqual(['before']), soon);
  const path = '/v1/buses/default/deliveries?event=before';
  await vi.waitFor(async () => {
    expect(await admin(tulle.url, 'GET', path, undefined, tulle.key)).toMatchObject({
      deliveries: [{ status: 'delivered', target: 'crm' }],
    });
  }, soon);

  const environments = await findEnvironments();
  expect(environments.length).toBeGreaterThanOrEqual(2);
  for (const id of environments) process.kill(id, 'SIGKILL');
  // As publishers do: what met an environment that just died is answered 500, and sent again.
  await vi.waitFor(() => publish('after'), soon);
  await vi.waitFor(() => expect(new Set(received())).toEqual(new Set(['before', 'after'])), soon);

  const left = await findEnvironments();
  expect(await tulle.stop('SIGINT')).toBe(0);
  await expect(fetch(tulle.url)).rejects.toThrow('fetch failed');
  for (const id of left) expect(() => process.kill(id, 0)).toThrow('ESRCH');
}, 120_000);

/** The processes in which the functions run. */
async function findEnvironments(): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-e', '-o', 'pid=,ppid=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line.includes('bootstrap.ts') && Number(line.trim().split(/ +/)[1]) === tulle.process.pid)
    .map((line) => Number(line.trim().split(/ +/)[0]));
}

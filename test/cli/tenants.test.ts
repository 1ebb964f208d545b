import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';
import { type Ran, run } from './run.ts';
import { temporaryFolder } from './tulle.ts';

describe('the commands for tenants', { timeout: 60_000 }, () => {
  let folder: string;
  let node: RunningNode;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    node = await startNode({ TULLE_DATA: join(folder, 'data') });
    env = { TULLE_URL: node.url, TULLE_ADMIN_KEY: adminKey };
  }, 30_000);
  afterAll(async () => {
    await node.stop('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });
  const tulle = (...words: readonly string[]): Promise<Ran> => run(env, words);
  const json = async (...words: readonly string[]): Promise<unknown> =>
    JSON.parse((await tulle(...words, '--json')).stdout);

  it('create them, set their quotas, give them keys, show what they have, and delete them', async () => {
    const made = await tulle('tenants', 'set', 'acme', '--description', 'the second', '--quota', 'rules=2');
    expect([made.code, made.stderr]).toEqual([0, 'Created the tenant acme.\n']);
    await tulle(
      'tenants',
      'set',
      'acme',
      '--quota',
      'eventsPerSecond=50',
      '--quota',
      'rules=none',
      '--quota',
      'keys=1',
    );
    expect(await json('tenants', 'list')).toMatchObject([
      { name: 'acme', description: 'the second', quotas: { eventsPerSecond: 50, keys: 1 } },
    ]);
    const { stdout: key } = await tulle('tenants', 'add-key', 'acme');
    expect(key).toMatch(/^tulle_acme_/);
    const refused = await tulle('tenants', 'add-key', 'acme');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('its quota is 1')]);
    expect(await json('tenants', 'show', 'acme')).toMatchObject({
      name: 'acme',
      usage: { keys: { used: 1, most: 1 }, rules: { used: 0 }, eventsPerSecond: { most: 50 } },
    });
    const own = await run({ TULLE_URL: node.url, TULLE_KEY: key.trim() }, ['usage']);
    expect([own.code, own.stdout]).toEqual([0, expect.stringContaining('keys\t1\t1\n')]);
    expect((await tulle('tenants', 'delete', 'acme')).code).not.toBe(0);
    expect(await json('tenants', 'delete', 'acme', '--yes')).toEqual({ deleted: 'acme', done: true });
    expect(await json('tenants', 'list')).toMatchObject([{ name: 'acme', deleted: expect.any(String) }]);
    expect((await run({ TULLE_URL: node.url, TULLE_KEY: key.trim() }, ['usage'])).code).toBe(1);
    const again = await tulle('tenants', 'set', 'acme');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('was deleted')]);
    expect((await tulle('tenants', 'set', 'other', '--quota', 'rules=many')).code).toBe(2);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAlarm } from '../../../adapters/node/alarm.ts';
import { createNodeSecrets } from '../../../adapters/node/secrets.ts';
import { readSettings } from '../../../adapters/node/settings.ts';

const key = { TULLE_ADMIN_KEY: 'k'.repeat(24) };

function withFolder(work: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tulle-settings-'));
    try {
      await work(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

describe('settings of the Node process', () => {
  it('are closed where nothing is said', () => {
    expect(readSettings(key)).toEqual({
      adminKey: 'k'.repeat(24),
      connectorTasks: 200,
      host: '127.0.0.1',
      port: 8787,
      dataFolder: '.tulle/data',
      secretsFolder: undefined,
      allowPrivateTargets: false,
      awsTargets: [],
      shutdownMs: 20_000,
    });
  });

  it.each([
    [{}, 'TULLE_ADMIN_KEY'],
    [{ TULLE_ADMIN_KEY: '' }, 'TULLE_ADMIN_KEY'],
    [{ TULLE_ADMIN_KEY: 'short' }, 'TULLE_ADMIN_KEY'],
    [{ ...key, PORT: 'http' }, 'PORT'],
    [{ ...key, PORT: '70000' }, 'PORT'],
    [{ ...key, PORT: '-1' }, 'PORT'],
    [{ ...key, TULLE_ALLOW_PRIVATE_TARGETS: 'yes' }, 'TULLE_ALLOW_PRIVATE_TARGETS'],
    [{ ...key, TULLE_SHUTDOWN_SECONDS: '1.5' }, 'TULLE_SHUTDOWN_SECONDS'],
    [{ ...key, TULLE_MASTER_KEY: 'short' }, 'TULLE_MASTER_KEY'],
    [{ ...key, TULLE_MASTER_KEY_PREVIOUS: `${btoa('a'.repeat(32))} short` }, 'TULLE_MASTER_KEY_PREVIOUS'],
  ])('are refused: %j', (env, place) => {
    expect(() => readSettings(env)).toThrow(expect.objectContaining({ place, mend: expect.any(String) }));
  });

  it(
    'take the keys from files as well',
    withFolder(async (folder) => {
      writeFileSync(join(folder, 'key'), `${'f'.repeat(24)}\n`);
      expect(readSettings({ TULLE_ADMIN_KEY_FILE: join(folder, 'key') }).adminKey).toBe('f'.repeat(24));
      writeFileSync(join(folder, 'master'), `${btoa('m'.repeat(32))}\n`);
      const { masterKeys } = readSettings({ ...key, TULLE_MASTER_KEY_FILE: join(folder, 'master') });
      expect(masterKeys?.current).toBe(btoa('m'.repeat(32)));
    }),
  );
});

describe('secrets: Node', () => {
  it(
    'are files of a folder before they are variables',
    withFolder(async (folder) => {
      writeFileSync(join(folder, 'crm-oauth'), 'from the file\n');
      const env = { TULLE_SECRET_CRM_OAUTH: 'variable', TULLE_SECRET_OTHER: 'other' };
      const secrets = createNodeSecrets({ env, folder });
      expect(await secrets.get('crm-oauth')).toBe('from the file');
      expect(await secrets.get('other')).toBe('other');
      for (const name of ['missing', '../crm-oauth', 'CRM-OAUTH', '.', '', 'a/b', '__proto__']) {
        expect(await secrets.get(name)).toBeUndefined();
      }
    }),
  );

  it('are variables where there is no folder', async () => {
    const secrets = createNodeSecrets({ env: { TULLE_SECRET_A: 'a' } });
    expect(await secrets.get('a')).toBe('a');
  });
});

describe('an alarm', () => {
  it('rings once, at the last time it was set to', async () => {
    let rung = 0;
    const alarm = createAlarm(() => (rung += 1), Date.now);
    alarm.set(Date.now() + 5);
    alarm.set(Date.now() + 40);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rung).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(rung).toBe(1);
    alarm.set(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(rung).toBe(2);
    alarm.set(0);
    alarm.clear();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(rung).toBe(2);
  });
});

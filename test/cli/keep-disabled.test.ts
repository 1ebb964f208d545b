import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planFolder } from '../../cli/configuration/plan.ts';
import { createClient } from '../../client/client.ts';
import { adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';
import { temporaryFolder } from './tulle.ts';

const silent = { say: () => undefined, end: () => undefined };
const disabled = { reason: 'the target is gone', at: '2026-11-01T00:00:00.000Z' };
const target = { name: 'crm', http: { url: 'https://crm-1.example.com/' } };
const letters = {
  name: 'erp',
  http: { url: 'https://crm-2.example.com/' },
  deadLetter: { http: { url: 'https://crm-3.example.com/' } },
};
const rule = {
  kind: 'rule',
  bus: 'shop',
  name: 'all',
  filter: { pattern: { type: ['x'] } },
  targets: [target, letters],
};

describe('a target that signed off, and a folder that is applied again', { timeout: 30_000 }, () => {
  let folder: string;
  let node: RunningNode;
  let client: ReturnType<typeof createClient>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    node = await startNode({ TULLE_DATA: join(folder, 'data') });
    client = createClient({ url: node.url, key: adminKey });
    await mkdir(join(folder, 'configuration'));
    await write({ kind: 'bus', name: 'shop' }, 'bus');
    await client.admin.put('buses', { name: 'shop' }, {});
    const signedOff = [
      { ...target, disabled },
      { ...letters, deadLetter: { ...letters.deadLetter, disabled } },
    ];
    await client.admin.put('rules', { name: 'all', bus: 'shop' }, { ...rule, targets: signedOff });
  }, 30_000);
  afterAll(async () => {
    await node.stop('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });
  const write = (document: object, name = 'rule'): Promise<void> =>
    writeFile(join(folder, 'configuration', `${name}.json`), JSON.stringify(document));
  const plan = (enable = false) =>
    planFolder(client, join(folder, 'configuration'), { prune: false, enable, progress: silent });

  it('stays disabled, and nothing has changed', async () => {
    await write(rule);
    expect(await plan()).toMatchObject({ edits: [], outcomes: [], kept: ['shop/all/crm', 'shop/all/erp'] });
  });

  it('stays disabled where something else of the rule changes', async () => {
    await write({ ...rule, description: 'new' });
    const { edits, kept } = await plan();
    expect(kept).toHaveLength(2);
    expect(edits).toMatchObject([
      { put: { description: 'new', targets: [{ disabled }, { deadLetter: { disabled } }] } },
    ]);
  });

  it('is enabled where it is asked for, or the target is another one', async () => {
    await write(rule);
    expect(await plan(true)).toMatchObject({ kept: [], outcomes: [{ action: 'changed' }] });
    await write({ ...rule, targets: [{ ...target, http: { url: 'https://crm-9.example.com/' } }, letters] });
    const { edits, kept } = await plan();
    expect(kept).toEqual(['shop/all/erp']);
    expect(JSON.stringify(edits).match(/"disabled"/g)).toHaveLength(1);
  });
});

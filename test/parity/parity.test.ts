import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { adminKey as nodeKey, startNode } from '../adapters/node/main.ts';
import { adminKey as awsKey, startPackaged } from '../aws/start.ts';
import { freePort, startTulle, temporaryFolder } from '../cli/tulle.ts';
import { type Observed, observe } from './observe.ts';

/** The scenario on every platform, one after the other: each sees the same targets at the same address. */
describe('one scenario on Node, Workers and Lambda', () => {
  const observed = new Map<string, Observed>();
  const folders: string[] = [];

  async function createFolder(): Promise<string> {
    const folder = await temporaryFolder();
    folders.push(folder);
    return folder;
  }

  beforeAll(async () => {
    const port = await freePort();
    const node = await startNode({ TULLE_DATA: await createFolder() });
    observed.set('Node', await observe({ url: node.url, adminKey: nodeKey }, port));
    await node.stop('SIGTERM');

    const workers = await startTulle(await createFolder(), await freePort());
    observed.set('Workers', await observe({ url: workers.url, adminKey: workers.key }, port));
    await workers.stop('SIGTERM');

    const lambda = await startPackaged(inject('packageFolder'));
    observed.set('Lambda', await observe({ url: lambda.url, adminKey: awsKey }, port));
    await lambda.stop();
  }, 240_000);

  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  for (const platform of ['Workers', 'Lambda']) {
    for (const part of ['answers', 'received', 'deliveries', 'deadLetters', 'traces', 'books'] as const) {
      it(`${platform} has the same ${part} as Node`, () => {
        expect(observed.get(platform)?.[part]).toEqual(observed.get('Node')?.[part]);
      });
    }
  }

  it('has something of everything', () => {
    const node = observed.get('Node');
    expect(node?.received).toMatchObject({
      '/ordered': [
        ['even', expect.any(Array)],
        ['odd', expect.any(Array)],
      ],
    });
    expect(node?.deadLetters.length).toBeGreaterThan(1);
    expect(node?.traces).toHaveLength(8);
    expect(node?.books).toMatchObject({ balanced: true, pending: 0 });
  });
});

import { describe, expect, it, vi } from 'vitest';
import { createPublisher } from '../../admin/publisher.ts';
import { createSnapshotReader, readStoredSnapshot } from '../../admin/snapshot-reader.ts';
import { createLiveDocuments } from '../../admin/changes/live-documents.ts';
import { readHead } from '../../admin/changes/head.ts';
import { buildSnapshot } from '../../admin/snapshot-builder.ts';
import { TulleError } from '../../event/error.ts';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import type { Documents } from '../../mesh/ports/documents.ts';
import type { Snapshots } from '../../mesh/ports/snapshots.ts';
import { createJitter, type Ports, turns, wrap } from './faults.ts';
import { createHarness, type Harness, ruleBody } from './harness.ts';

/** What is live is what the documents say, and nothing waits to be published. */
async function expectPublished({ documents, snapshots }: Ports, bus: string): Promise<void> {
  const stored = await readStoredSnapshot(documents, 'default', bus);
  const content = await buildSnapshot(createLiveDocuments(documents), 'default', bus);
  expect(await snapshots.get('default', bus)).toEqual(stored);
  if (content === undefined) expect(stored).toBeUndefined();
  else expect(stored).toMatchObject({ ...content });
  const { done, published } = await readHead(documents, 'default');
  expect(published).toBe(done);
}

describe('publishing', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))('converges whatever the order of calls (%i)', async (seed) => {
    const ports = { documents: createMemoryDocuments(), snapshots: createMemorySnapshots() };
    const { call, failures } = createHarness(wrap(ports, createJitter(seed)));
    await call('PUT', '/buses/orders', { body: {} });
    await call('PUT', '/buses/users', { body: {} });
    const answers = await Promise.all([
      ...Array.from({ length: 6 }, (_, index) => call('PUT', `/buses/orders/rules/r${index}`, { body: ruleBody })),
      call('PUT', '/buses/orders', { body: { shards: 3 } }),
      call('POST', '/keys', { body: { role: 'publisher', buses: ['*'] } }),
      call('PUT', '/buses/users/rules/r0', { body: ruleBody }),
    ]);
    expect(answers.map(({ status }) => status).filter((status) => status > 201)).toEqual([]);
    await Promise.all([
      call('DELETE', '/buses/orders/rules/r0'),
      call('DELETE', '/buses/orders/rules/r1'),
      call('PUT', '/buses/orders/rules/r2', { body: { ...ruleBody, enabled: false } }),
      call('DELETE', '/buses/users'),
    ]);
    expect(failures).toEqual([]);
    for (const bus of ['orders', 'users']) await expectPublished(ports, bus);
    expect((await ports.snapshots.get('default', 'orders'))?.rules.map(({ name }) => name)).toEqual([
      'r2',
      'r3',
      'r4',
      'r5',
    ]);
  });

  it('does not store what it built before another change was published', async () => {
    const ports = { documents: createMemoryDocuments(), snapshots: createMemorySnapshots() };
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    let held = false;
    const slow: Documents = {
      ...ports.documents,
      async put(key, value, expectedVersion) {
        if (key.startsWith('snapshot/') && !held) {
          held = true;
          reach();
          await released;
        }
        return ports.documents.put(key, value, expectedVersion);
      },
    };
    const { call } = createHarness({ ...ports, documents: slow });
    const first = call('PUT', '/buses/orders', { body: {} });
    await reached;
    await call('PUT', '/buses/orders/rules/crm', { body: ruleBody });
    release();
    await first;
    await expectPublished(ports, 'orders');
    expect((await ports.snapshots.get('default', 'orders'))?.rules).toHaveLength(1);
  });

  it('leaves the newest version live where an older one is written last', async () => {
    const ports = { documents: createMemoryDocuments(), snapshots: createMemorySnapshots() };
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    let puts = 0;
    const slow: Snapshots = {
      ...ports.snapshots,
      async put(snapshot) {
        puts += 1;
        if (puts === 1) {
          reach();
          await released;
        }
        await ports.snapshots.put(snapshot);
      },
    };
    const { call } = createHarness({ ...ports, snapshots: slow });
    const first = call('PUT', '/buses/orders', { body: {} });
    await reached;
    await call('PUT', '/buses/orders/rules/crm', { body: ruleBody });
    release();
    await first;
    await expectPublished(ports, 'orders');
    expect((await ports.snapshots.get('default', 'orders'))?.rules).toHaveLength(1);
  });

  it.each<[string, (harness: Harness) => Promise<unknown>]>([
    ['a bus is created', ({ call }) => call('PUT', '/buses/new', { body: {} })],
    ['a bus is changed', ({ call }) => call('PUT', '/buses/orders', { body: { shards: 9 } })],
    ['a bus is deleted', ({ call }) => call('DELETE', '/buses/empty')],
    ['a rule is created', ({ call }) => call('PUT', '/buses/orders/rules/new', { body: ruleBody })],
    [
      'a rule is changed',
      ({ call }) => call('PUT', '/buses/orders/rules/old', { body: { ...ruleBody, enabled: false } }),
    ],
    ['a rule is deleted', ({ call }) => call('DELETE', '/buses/orders/rules/old')],
    ['a key is created', ({ call }) => call('POST', '/keys', { body: { role: 'viewer', buses: ['*'] } })],
    [
      'a key is deleted',
      async ({ call, documents }) => {
        const [key] = (await documents.list('key/')).items;
        await call('DELETE', `/keys/${key?.key.split('/')[2] ?? ''}`);
      },
    ],
  ])('survives a crash and a lost answer at every step while %s', async (_name, change) => {
    for (const failure of ['crash', 'lost answer']) {
      let failed = true;
      for (let steps = 0; failed && steps < 100; steps += 1) {
        const ports = { documents: createMemoryDocuments(), snapshots: createMemorySnapshots() };
        const healthy = createHarness(ports);
        await healthy.call('PUT', '/buses/orders', { body: {} });
        await healthy.call('PUT', '/buses/empty', { body: {} });
        await healthy.call('PUT', '/buses/orders/rules/old', { body: ruleBody });
        await healthy.keyFor('publisher', ['*']);

        let left = steps;
        failed = false;
        const failing = createHarness(
          wrap(ports, async (operate) => {
            left -= 1;
            if (left >= 0) return operate();
            // After a crash nothing has an effect any more; a lost answer is an effect that nobody hears of, once.
            if (failure === 'lost answer') {
              const result = await operate();
              if (failed) return result;
            }
            failed = true;
            throw new TulleError('unavailable', failure);
          }),
        );
        await change({ ...failing, documents: ports.documents });

        healthy.clock.now += 61_000;
        const publisher = createPublisher({ ...ports, runtime: healthy.runtime });
        await publisher.repair();
        for (const bus of ['orders', 'empty', 'new']) await expectPublished(ports, bus);
        expect(await publisher.repair()).toBe(0);
      }
      expect(failed).toBe(false);
    }
  });

  it('tells a change as done when only its spreading failed, and logs and repairs it', async () => {
    const snapshots = createMemorySnapshots();
    const put = vi.spyOn(snapshots, 'put').mockRejectedValueOnce(new Error('KV is down'));
    const { call, failures, documents, clock, runtime } = createHarness({ snapshots });
    expect((await call('PUT', '/buses/orders', { body: {} })).status).toBe(201);
    expect(failures).toEqual([new Error('KV is down')]);
    expect((await call('GET', '/status')).json).toMatchObject({ items: [{ bus: 'orders', live: false }] });

    clock.now += 61_000;
    const publisher = createPublisher({ documents, snapshots, runtime });
    expect(await publisher.repair()).toBe(1);
    expect(put).toHaveBeenCalledTimes(2);
    await expectPublished({ documents, snapshots }, 'orders');
    expect((await call('GET', '/status')).json).toMatchObject({
      items: [{ bus: 'orders', live: true, ageSeconds: 61 }],
    });
  });
});

describe('reading a snapshot', () => {
  it('takes the fast store, unless that has none or is behind', async () => {
    const { call, documents, snapshots, runtime } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    const first = await snapshots.get('default', 'orders');
    await call('PUT', '/buses/orders/rules/crm', { body: ruleBody });
    const second = await snapshots.get('default', 'orders');
    if (first === undefined || second === undefined) throw new Error('Nothing was published.');
    const reader = createSnapshotReader({ documents, snapshots, runtime });

    await snapshots.put(first);
    expect(await reader.read('default', 'orders')).toEqual(first);
    expect(await reader.read('default', 'orders', { atLeast: first.version })).toEqual(first);
    expect(await reader.read('default', 'orders', { atLeast: second.version })).toEqual(second);
    await snapshots.delete('default', 'orders');
    expect(await reader.read('default', 'orders')).toEqual(second);
    expect(await reader.read('default', 'nowhere', { atLeast: 7 })).toBeUndefined();
  });

  it('takes the documents while the fast store fails, and logs that', async () => {
    const { call, documents, snapshots, runtime, failures } = createHarness();
    await call('PUT', '/buses/orders', { body: {} });
    const down = { ...snapshots, get: () => Promise.reject(new Error('KV is down')) };
    const reader = createSnapshotReader({ documents, snapshots: down, runtime });
    expect(await reader.read('default', 'orders')).toMatchObject({ bus: 'orders' });
    await turns(1);
    expect(failures).toEqual([new Error('KV is down')]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Snapshots } from '../../mesh/ports/snapshots.ts';
import type { Snapshot } from '../../mesh/snapshot.ts';

/** What every snapshot store must keep, as far as it is not behind. `create` answers an empty store. */
export function describeSnapshots(name: string, create: () => Promise<Snapshots>): void {
  describe(`snapshots: ${name}`, () => {
    it('answers undefined where nothing was put', async () => {
      const snapshots = await create();
      expect(await snapshots.get('acme', 'orders')).toBeUndefined();
    });

    it('answers the snapshot that was put', async () => {
      const snapshots = await create();
      await snapshots.put(snapshotOf('acme', 'orders', 3));
      expect(await snapshots.get('acme', 'orders')).toEqual(snapshotOf('acme', 'orders', 3));
    });

    it('keeps tenants and buses apart', async () => {
      const snapshots = await create();
      await snapshots.put(snapshotOf('acme', 'orders', 1));
      await snapshots.put(snapshotOf('acme-orders', 'x', 2));
      await snapshots.put(snapshotOf('acme', 'orders-x', 3));
      expect(await snapshots.get('acme', 'orders')).toMatchObject({ version: 1 });
      expect(await snapshots.get('acme-orders', 'x')).toMatchObject({ version: 2 });
      expect(await snapshots.get('acme', 'orders-x')).toMatchObject({ version: 3 });
      expect(await snapshots.get('orders', 'acme')).toBeUndefined();
    });

    it('replaces the whole snapshot', async () => {
      const snapshots = await create();
      await snapshots.put({ ...snapshotOf('acme', 'orders', 1), publishedAt: 5 });
      await snapshots.put(snapshotOf('acme', 'orders', 2));
      expect(await snapshots.get('acme', 'orders')).toEqual(snapshotOf('acme', 'orders', 2));
    });

    it('hands out copies', async () => {
      const snapshots = await create();
      await snapshots.put(snapshotOf('acme', 'orders', 1));
      const first = await snapshots.get('acme', 'orders');
      expect(await snapshots.get('acme', 'orders')).not.toBe(first);
    });

    it('deletes, also what is not there', async () => {
      const snapshots = await create();
      await snapshots.put(snapshotOf('acme', 'orders', 1));
      await snapshots.put(snapshotOf('acme', 'other', 1));
      await snapshots.delete('acme', 'orders');
      await snapshots.delete('acme', 'orders');
      expect(await snapshots.get('acme', 'orders')).toBeUndefined();
      expect(await snapshots.get('acme', 'other')).toBeDefined();
    });
  });
}

export function snapshotOf(tenant: string, bus: string, version: number): Snapshot {
  return {
    tenant,
    bus,
    version,
    settings: { shards: 1, record: 'all', retentionSeconds: 86_400 },
    rules: [
      {
        name: 'all',
        enabled: true,
        filter: { pattern: { source: ['Grüße 🎈'] } },
        steps: [],
        targets: [
          {
            name: 'hook',
            kind: 'http',
            options: { url: 'https://example.com/' },
            retry: { maxAttempts: 3, maxAgeSeconds: 60 },
          },
        ],
      },
    ],
    keys: [{ id: 'k1', hash: '00', role: 'publisher', buses: ['*'] }],
  };
}

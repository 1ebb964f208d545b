import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { createKvSnapshots } from '../../../adapters/cloudflare/snapshots.ts';
import { describeSnapshots } from '../../conformance/snapshots.ts';

describeSnapshots('Workers KV', async () => {
  for (const { name } of (await env.SNAPSHOTS.list()).keys) await env.SNAPSHOTS.delete(name);
  return createKvSnapshots(env.SNAPSHOTS);
});

describe('snapshots: Workers KV', () => {
  it('writes again when KV refuses a write that came too soon', async () => {
    const pauses: number[] = [];
    let refusals = 2;
    const deletes: string[] = [];
    const namespace = {
      delete: async (key: string) => {
        refusals -= 1;
        if (refusals >= 0) throw new Error('KV DELETE failed: 429 Too Many Requests');
        deletes.push(key);
      },
    } as unknown as KVNamespace;
    await createKvSnapshots(namespace, async (ms) => void pauses.push(ms)).delete('acme', 'orders');
    expect(deletes).toEqual(['snapshot/acme/orders']);
    expect(pauses).toEqual([1_100, 1_100]);
  });

  it('gives up after some refusals and says so', async () => {
    const namespace = { delete: () => Promise.reject(new Error('429')) } as unknown as KVNamespace;
    const snapshots = createKvSnapshots(namespace, async () => {});
    await expect(snapshots.delete('acme', 'orders')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

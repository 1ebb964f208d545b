import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLogs } from '../../../adapters/node/logs.ts';
import { encodeEnvelope } from '../../../mesh/envelope.ts';

it('the log of a bus is erased with its file, while something of it is out, and begins anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-erasure-'));
  const failures: unknown[] = [];
  const releases: (() => void)[] = [];
  const release = (): void => releases.forEach((letGo) => letGo());
  const logs = openLogs({
    folder,
    consume: async () => {
      await new Promise<void>((resolve) => void releases.push(resolve));
      return { retries: [], records: [] };
    },
    now: () => Date.now(),
    report: (_message, error) => failures.push(error),
    onDiskFailure: (error) => failures.push(error),
  });
  try {
    const address = (bus: string) => ({ tenant: 'acme', bus, shard: 0, retentionSeconds: 60 });
    const message = encodeEnvelope({ tenant: 'acme', bus: 'orders', version: 1, attempts: 0, events: [] });
    for (const bus of ['orders', 'users']) await logs.queue.append(address(bus), { messages: [message] });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const erasing = logs.erasure.erase({ tenant: 'acme', bus: 'orders', shard: 0 });
    release();
    await erasing;
    expect(readdirSync(join(folder, 'acme')).filter((file) => file.startsWith('orders'))).toEqual([]);
    expect(existsSync(join(folder, 'acme', 'users.sqlite'))).toBe(true);
    // Other shards are in the same file, and what is not there is gone already.
    await logs.erasure.erase({ tenant: 'acme', bus: 'orders', shard: 1 });
    await logs.erasure.erase({ tenant: 'acme', bus: 'orders', shard: 0 });
    await logs.erasure.erase({ tenant: 'nobody', bus: 'orders', shard: 0 });
    await logs.queue.append(address('orders'), { messages: [message] });
    expect(await logs.ledger.books?.({ tenant: 'acme', bus: 'orders', shard: 0 })).toBeDefined();
    expect(failures).toEqual([]);
  } finally {
    release();
    await logs.close(100);
    rmSync(folder, { recursive: true });
  }
}, 20_000);

import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import type { OpenBus } from '../../../mesh/bus-access.ts';
import type { Replays } from '../../../mesh/ports/replays.ts';
import type { ShardPlace } from '../../../mesh/ports/shard.ts';
import { createReplayEndpoint } from '../../../mesh/replay/endpoint.ts';
import type { ReplayOrder, ReplayStatus } from '../../../mesh/replay/replay.ts';

const archives = [{ name: 'all', filter: { sql: 'TRUE' }, retentionSeconds: 60 }];
const snapshot = { tenant: 'default', bus: 'shop', version: 1, settings: { shards: 2 }, archives, rules: [] };

/** Two logs, the first of which takes longer for whoever comes first. */
function createBus() {
  const logs: Map<string, ReplayStatus>[] = [new Map(), new Map()];
  let calls = 0;
  const at = async ({ shard }: ShardPlace): Promise<Map<string, ReplayStatus>> => {
    calls += 1;
    await new Promise((resolve) => void setTimeout(resolve, shard === 0 ? 40 - calls : 1));
    return logs[shard] ?? new Map();
  };
  const replays: Replays = {
    async start(shard, order) {
      const log = await at(shard);
      const status = log.get(order.name) ?? { order, state: 'running', read: 0, replayed: 0, deliveries: 0 };
      log.set(order.name, status);
      return status;
    },
    get: async (shard, name) => (await at(shard)).get(name),
    list: async (shard) => [...(await at(shard)).values()],
    cancel: () => Promise.resolve(undefined),
    delete: async (shard, name) => (await at(shard)).delete(name),
  };
  let random = 0;
  const endpoint = createReplayEndpoint({
    openBus: () => Promise.resolve({ principal: { keyId: 'operator' }, compiled: { snapshot } } as unknown as OpenBus),
    replays,
    runtime: {
      now: () => 1_000_000,
      random: () => (random += 0.001),
      fetch: () => Promise.reject(new Error('no network')),
      pause: () => Promise.resolve(),
      waitUntil: () => undefined,
    },
    audit: () => Promise.resolve(),
  });
  async function start(from: number): Promise<number> {
    const request = new Request('https://mesh.test/', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ archive: 'all', from }),
    });
    try {
      return (await endpoint.start(request, 'shop', 'again')).status;
    } catch (error) {
      if (TulleError.is(error)) return error.status;
      throw error;
    }
  }
  const orders = (): (ReplayOrder | undefined)[] => logs.map((log) => log.get('again')?.order);
  return { start, orders, logs };
}

describe('a replay that is started on several shards', () => {
  it('is one replay, also where two ask for its name at once', async () => {
    const { start, orders } = createBus();
    const statuses = await Promise.all([start(1), start(2)]);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 409]);
    const [first, second] = orders();
    expect(first?.id).toBe(second?.id);
    expect(first?.from).toBe(statuses.indexOf(201) + 1);
  });

  it('takes the place of one that a deletion left behind in a shard', async () => {
    const { start, orders, logs } = createBus();
    expect(await start(1)).toBe(201);
    logs[0]?.clear();
    const [, left] = orders();
    logs[1]?.clear();
    expect(await start(2)).toBe(201);
    if (left !== undefined)
      logs[1]?.set('again', { order: left, state: 'completed', read: 0, replayed: 0, deliveries: 0 });
    expect(await start(2)).toBe(200);
    const [first, second] = orders();
    expect([first?.id, first?.from]).toEqual([second?.id, second?.from]);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ask } from './client.ts';

let status: number;
let received: string[];

beforeEach(() => {
  received = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    received.push(await new Request(input, init).text());
    return new Response(null, { status });
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('dead letters on the Worker', () => {
  it('are listed over all shards, inspected, redriven and purged', async () => {
    await ask('PUT', '/v1/admin/buses/dead', { shards: 3 });
    await ask('PUT', '/v1/admin/buses/dead/rules/all', {
      filter: { pattern: { source: ['/shop'] } },
      targets: [{ name: 'crm', http: { url: 'https://crm.example.com/hook' }, ordering: 'partitionkey' }],
    });
    status = 422;
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await publish(key);
    const path = '/v1/buses/dead/dead-letters';
    await vi.waitFor(async () => expect((await letters(`${path}?limit=10`)).deadLetters).toHaveLength(6), 10_000);
    const ids: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page: Page = await letters(`${path}?limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`);
      ids.push(...page.deadLetters.map(({ id }) => id));
      cursor = page.cursor;
    }
    expect(new Set(ids).size).toBe(6);
    expect(new Set(ids.map((id) => id.split('-')[0])).size).toBeGreaterThan(1);

    const letter = (await ask('GET', `${path}/${ids[0]}`)) as object;
    expect(letter).toMatchObject({ attempts: [{ status: 'dead-lettered' }], event: { source: '/shop' } });
    expect(await ask('GET', '/v1/buses/dead/targets')).toMatchObject({
      targets: [{ rule: 'all', target: 'crm', waiting: 0, breaker: 'closed', last: { status: 'dead-lettered' } }],
    });

    status = 204;
    received.length = 0;
    expect(await ask('POST', `${path}/${ids[0]}/redrive`)).toEqual({ redriven: 1 });
    await vi.waitFor(() => expect(received).toHaveLength(1), 10_000);
    expect(await ask('POST', `${path}:redrive?rule=all&limit=3`)).toMatchObject({ redriven: 3, skipped: 0 });
    await vi.waitFor(() => expect(received).toHaveLength(4), 10_000);
    expect(await ask('POST', `${path}:purge`)).toEqual({ purged: 2 });
    expect((await letters(path)).deadLetters).toEqual([]);
    await expect(ask('GET', `${path}/${ids[0]}`)).rejects.toThrow('not_found');
  }, 40_000);
});

interface Page {
  readonly deadLetters: { id: string }[];
  readonly cursor?: string;
}

async function letters(path: string): Promise<Page> {
  return (await ask('GET', path)) as Page;
}

async function publish(partitionkey: string): Promise<void> {
  const event = { specversion: '1.0', id: partitionkey, source: '/shop', type: 'x', partitionkey, data: partitionkey };
  await ask('POST', '/v1/buses/dead/events', event, 'application/cloudevents+json');
}

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFaults } from '../../../admin/validation.ts';
import { http, type HttpSourceOptions } from '../../../connectors/sources/http.ts';
import type { Position, Pulled } from '../../../mesh/connector/source.ts';

describe('the source http', () => {
  let answer: (asked: URL, response: ServerResponse) => void = (_, response) => response.end('[]');
  let url = '';
  const server = createServer((request, response) => answer(new URL(request.url ?? '/', 'http://api'), response));
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/items`;
  });
  afterAll(() => server.close().closeAllConnections());

  function pull(options: Partial<HttpSourceOptions>, position?: Position): Promise<Pulled> {
    return http.pull(position, {
      options: { url, ...options },
      fetch: (input, init) => fetch(input, init),
      authorize: () => Promise.reject(new Error('there are no connections')),
      secret: () => Promise.reject(new Error('there are no secrets')),
      policy: { allowPrivateTargets: true },
      signal: new AbortController().signal,
      now: Date.now,
      session: undefined,
      phase: 'incremental',
      partition: { index: 0, count: 1 },
      limit: { records: 500, bytes: 16_777_216 },
    });
  }

  const idsOf = ({ records }: Pulled): string[] => records.map(({ id }) => id);
  const feed = { records: 'items', id: 'id', paging: { cursor: { parameter: 'after', field: 'next' } } } as const;

  it('takes of a last page without a cursor only what is new or has changed, when it reads it again', async () => {
    let items = [{ id: 'a' }, { id: 'b', size: 1 }];
    answer = (_, response) => response.end(JSON.stringify({ items }));
    const first = await pull(feed);
    expect([idsOf(first), first.done]).toEqual([['a', 'b'], true]);
    const second = await pull(feed, first.position);
    expect(idsOf(second)).toEqual([]);
    items = [{ id: 'a' }, { id: 'b', size: 2 }, { id: 'c' }];
    expect(idsOf(await pull(feed, second.position))).toEqual(['b', 'c']);
    // After a crash the same comes again.
    expect(idsOf(await pull(feed, second.position))).toEqual(['b', 'c']);
  });

  it('asks for ten pages a second at most, or as many as it is told', async () => {
    answer = (asked, response) =>
      response.end(JSON.stringify({ items: [{ id: asked.search }], next: `${asked.search}x` }));
    const { waitMs = 0, done } = await pull(feed);
    expect(done).toBe(false);
    expect(waitMs).toBeGreaterThan(20);
    expect(waitMs).toBeLessThanOrEqual(100);
    expect((await pull({ ...feed, requestsPerSecond: 0.5 })).waitMs).toBeGreaterThan(1_800);
  });

  it('takes an answer without a body as nothing new', async () => {
    answer = (_, response) => response.writeHead(204).end();
    expect(await pull(feed, { next: '7' })).toMatchObject({ records: [], done: true, position: { next: '7' } });
    expect(await pull({}, {})).toMatchObject({ records: [], done: true });
  });

  it('warns where `records` leads to nothing, but not where the list is empty', async () => {
    answer = (_, response) => response.end('{"data":{"items":[]}}');
    const lost = await pull({ records: 'items' });
    expect(lost).toMatchObject({ records: [], warning: '`records` picks nothing out of the answer' });
    expect(await pull({ records: 'data.items' })).not.toHaveProperty('warning');
  });

  it('says that an answer cannot be read, and why', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('this is no gzip');
    await expect(pull({})).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^the answer of the API cannot be read: .*header/) as string,
    });
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('[');
      setTimeout(() => response.destroy(), 50);
    };
    await expect(pull({})).rejects.toMatchObject({
      message: expect.stringMatching(/^the answer of the API cannot be read: /) as string,
    });
  });

  it('fails on a position that is none of its own', async () => {
    answer = (_, response) => response.end('[]');
    await expect(pull({ paging: { page: { parameter: 'page' } } }, { next: 'seven' })).rejects.toThrow(
      'the position is no number of a page',
    );
    expect(findFaults(http.position ?? {}, { nex: '7' })).toHaveLength(1);
    expect(findFaults(http.position ?? {}, { next: '7' })).toEqual([]);
  });
});

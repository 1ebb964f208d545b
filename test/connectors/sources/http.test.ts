import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { http, type HttpSourceOptions } from '../../../connectors/sources/http.ts';
import type { Position, Pulled, Source, SourceRecord } from '../../../mesh/connector/source.ts';
import { describeSource } from '../../conformance/source.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serve(
  answer: (request: URL, message: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer((message, response) =>
    answer(new URL(message.url ?? '/', 'http://api'), message, response),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/items`;
}

function send(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const pageSize = 4;
const numberOf = ({ data }: SourceRecord): number => (data as { number: number }).number;

describeSource('http, by cursor', async () => {
  const items: { number: number }[] = [];
  const url = await serve(({ searchParams }, _message, response) => {
    const at = Number(searchParams.get('cursor') ?? 0);
    const page = items.slice(at, at + pageSize);
    send(response, { items: page, next: page.length === 0 ? null : String(at + page.length) });
  });
  const options: HttpSourceOptions = {
    url,
    records: 'items',
    id: 'number',
    paging: { cursor: { parameter: 'cursor', field: 'next' } },
  };
  return {
    source: http as Source,
    options,
    numberOf,
    add: async (numbers) => void items.push(...numbers.map((number) => ({ number }))),
    close: async () => undefined,
  };
});

describeSource('http, by page', async () => {
  const items: { number: number }[] = [];
  const url = await serve(({ searchParams }, _message, response) => {
    const at = (Number(searchParams.get('page')) - 1) * pageSize;
    send(response, items.slice(at, at + pageSize));
  });
  return {
    source: http as Source,
    options: { url, id: 'number', paging: { page: { parameter: 'page' } } },
    numberOf,
    add: async (numbers) => void items.push(...numbers.map((number) => ({ number }))),
    close: async () => undefined,
  };
});

describeSource('http, since a time', async () => {
  const items: { number: number; at: number }[] = [];
  const url = await serve(({ searchParams }, _message, response) => {
    const since = Number(searchParams.get('since') ?? 0);
    send(response, items.filter(({ at }) => at > since).slice(0, pageSize));
  });
  return {
    source: http as Source,
    options: { url, id: 'number', paging: { since: { parameter: 'since', field: 'at' } } },
    numberOf,
    add: async (numbers) => {
      for (const number of numbers) items.push({ number, at: items.length + 1 });
    },
    close: async () => undefined,
  };
});

describeSource('http, by Link header', async () => {
  const items: { number: number }[] = [];
  const url = await serve(({ searchParams }, _message, response) => {
    const at = Number(searchParams.get('at') ?? 0);
    const link = at + pageSize < items.length ? `</items?at=${at + pageSize}>; rel="next", </items>; rel="first"` : '';
    send(response, items.slice(at, at + pageSize), link === '' ? {} : { link });
  });
  return {
    source: http as Source,
    options: { url, id: 'number', paging: { link: true } },
    numberOf,
    add: async (numbers) => void items.push(...numbers.map((number) => ({ number }))),
    close: async () => undefined,
  };
});

async function pull(options: HttpSourceOptions, position?: Position): Promise<Pulled> {
  return http.pull(position, {
    options,
    fetch: (input, init) => fetch(input, init),
    authorize: () => Promise.reject(new Error('no connections')),
    secret: () => Promise.reject(new Error('no secrets')),
    policy: { allowPrivateTargets: true },
    signal: new AbortController().signal,
    now: Date.now,
    session: undefined,
    phase: 'incremental',
    partition: { index: 0, count: 1 },
    limit: { records: 100, bytes: 1e7 },
  });
}

describe('the source http', () => {
  it('does not read again what did not change', async () => {
    let reads = 0;
    const url = await serve((_request, { headers }, response) => {
      if (headers['if-none-match'] === '"v1"') {
        response.writeHead(304).end();
        return;
      }
      reads += 1;
      send(response, [{ id: 1 }], { etag: '"v1"' });
    });
    const first = await pull({ url });
    const second = await pull({ url }, first.position);
    expect([first.records.length, second.records.length, second.done, reads]).toEqual([1, 0, true, 1]);
    expect(second.position).toEqual(first.position);
  });

  it('makes events by expressions, and sets aside what has no id', async () => {
    const url = await serve((_request, _message, response) =>
      send(response, { rows: [{ key: 'a', when: '2026-01-01T00:00:00Z', kind: 'new', sum: 2 }, { sum: 3 }] }),
    );
    const { records, poison } = await pull({
      url,
      records: 'rows',
      id: 'key',
      time: 'when',
      type: '"order." & kind',
      subject: '"orders/" & key',
      data: '{ "total": sum * 2 }',
    });
    expect(records).toEqual([
      { id: 'a', time: '2026-01-01T00:00:00Z', type: 'order.new', subject: 'orders/a', data: { total: 4 } },
    ]);
    expect(poison).toEqual([{ record: { sum: 3 }, reason: 'the record has no id' }]);
  });

  it('tells what the API asks for when it refuses', async () => {
    const url = await serve(
      (_request, _message, response) => void response.writeHead(429, { 'retry-after': '7' }).end(),
    );
    await expect(pull({ url })).rejects.toMatchObject({
      code: 'unavailable',
      retryAfter: 7,
      message: 'the API answered 429',
    });
  });

  it('fails on an answer that is no JSON, or no list', async () => {
    const html = await serve((_request, _message, response) => void response.end('<html>'));
    await expect(pull({ url: html })).rejects.toMatchObject({ code: 'json_invalid' });
    const object = await serve((_request, _message, response) => send(response, { items: [] }));
    await expect(pull({ url: object })).rejects.toMatchObject({
      message: expect.stringContaining('no list of records'),
    });
  });

  it('goes on behind an empty page that names a cursor', async () => {
    const url = await serve((_request, _message, response) => send(response, { items: [], next: 'p3' }));
    const paging = { cursor: { parameter: 'after', field: 'next' } };
    const pulled = await pull({ url, records: 'items', paging });
    expect(pulled).toMatchObject({ done: false, position: { next: 'p3' }, waitMs: 1_000 });
  });

  it('fails on a cursor that is neither text nor number', async () => {
    const url = await serve((_request, _message, response) => send(response, { items: [{ id: 1 }], next: { a: 1 } }));
    const paging = { cursor: { parameter: 'after', field: 'next' } };
    await expect(pull({ url, records: 'items', paging })).rejects.toMatchObject({
      message: expect.stringContaining('cursor') as string,
    });
  });

  it('follows a redirect on the same host, and sends headers to no other', async () => {
    const asked: unknown[] = [];
    const other = await serve((_request, { headers }, response) => {
      asked.push(headers['x-api-key']);
      send(response, [{ id: 1 }]);
    });
    const url = await serve(({ pathname }, _message, response) => {
      if (pathname === '/moved') send(response, [{ id: 2 }]);
      else response.writeHead(302, { location: pathname === '/away' ? other : '/moved' }).end();
    });
    const headers = { 'x-api-key': 'for-one-host' };
    expect((await pull({ url, headers })).records).toHaveLength(1);
    await expect(pull({ url: url.replace('/items', '/away'), headers })).rejects.toMatchObject({
      message: 'the API redirects to another host',
    });
    expect(asked).toEqual([]);
  });

  it('does not ask the host of a former address for the next page', async () => {
    const url = await serve((_request, _message, response) => send(response, [{ id: 1 }]));
    const pulled = await pull({ url, paging: { link: true } }, { next: 'https://former.example/items?page=2' });
    expect(pulled.records).toHaveLength(1);
  });

  it('takes a record with a key that is no name, and the others with it', async () => {
    const url = await serve((_request, _message, response) =>
      response.end('{"items":[{"id":"a","__proto__":{"x":1}},{"id":"b"}]}'),
    );
    const { records, poison } = await pull({ url, records: 'items', id: 'id' });
    expect([records.length, poison]).toEqual([2, []]);
  });

  it('does not follow a Link to another host', async () => {
    const url = await serve((_request, _message, response) =>
      send(response, [{ id: 1 }], { link: '<https://elsewhere.example/?page=2>; rel=next' }),
    );
    await expect(pull({ url, paging: { link: true } })).rejects.toMatchObject({
      message: expect.stringContaining('another host'),
    });
  });

  it.for<[string, Partial<HttpSourceOptions>, string]>([
    ['an expression that is none', { id: 'a +' }, '/id'],
    ['a cursor that is none', { paging: { cursor: { parameter: 'c', field: '((' } } }, '/paging/cursor/field'],
    ['an address inside', { url: 'http://169.254.169.254/latest' }, '/url'],
  ])('refuses %s', ([, options, place]) => {
    const check = (): void =>
      http.check?.({ url: 'https://api.example/items', ...options }, { allowPrivateTargets: false });
    expect(check).toThrow(expect.objectContaining({ place }));
  });
});

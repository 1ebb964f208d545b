import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toEvents } from '../../../connectors/runtime/records.ts';
import type { RssOptions } from '../../../connectors/sources/rss-kind.ts';
import { rss } from '../../../connectors/sources/rss.ts';
import type { ConnectorSettings } from '../../../mesh/connector/task.ts';
import type { Position, Source, SourceRecord } from '../../../mesh/connector/source.ts';
import { describeSource } from '../../conformance/source.ts';
import { type Api, startApi } from '../sinks/api.ts';
import { pullOnce } from './pull.ts';

interface Blog {
  readonly api: Api;
  /** The newest first. */
  readonly posts: { id: string; title: string }[];
}

/** A blog with a feed that answers conditional requests, as RSS or as Atom. */
async function startBlog(format: 'rss' | 'atom'): Promise<Blog> {
  const posts: Blog['posts'] = [];
  const api = await startApi(({ url, headers }) => {
    if (url.pathname === '/moved') return { status: 301, headers: { location: '/feed' } };
    if (url.pathname !== '/feed') return { status: 404 };
    const body =
      format === 'rss'
        ? `<rss version="2.0"><channel><title>Blog</title>${posts.map(({ id, title }) => `<item><guid isPermaLink="false">${id}</guid><title>${title}</title></item>`).join('')}</channel></rss>`
        : `<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title>${posts.map(({ id, title }) => `<entry><id>${id}</id><title>${title}</title><link href="https://b.example/${id}"/><updated>2026-11-22T08:00:00Z</updated></entry>`).join('')}</feed>`;
    const etag = `"${createHash('sha256').update(body).digest('hex')}"`;
    if (headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
    return { headers: { etag, 'content-type': 'application/xml; charset=utf-8' }, body };
  });
  return { api, posts };
}

for (const format of ['rss', 'atom'] as const) {
  describeSource(`rss, of ${format}`, async () => {
    const { api, posts } = await startBlog(format);
    return {
      source: rss as Source,
      options: { url: `${api.origin}/feed` },
      add: async (numbers) =>
        void posts.unshift(...numbers.map((number) => ({ id: `post-${number}`, title: String(number) })).toReversed()),
      numberOf: ({ data }: SourceRecord) => Number((data as { title: string }).title),
      close: async () => api.close(),
    };
  });
}

describe('the source rss', () => {
  let blog: Blog;
  let options: RssOptions;
  beforeEach(async () => {
    blog = await startBlog('atom');
    options = { url: `${blog.api.origin}/feed` };
    blog.posts.push({ id: 'b', title: 'Second' }, { id: 'a', title: 'First' });
  });
  afterEach(() => blog.api.close());
  const pull = (position?: Position, changes: Parameters<typeof pullOnce>[3] = {}) =>
    pullOnce(rss as Source, options, position, changes);
  const idsOf = ({ records }: { records: readonly SourceRecord[] }): string[] => records.map(({ id }) => id);

  it('gives the oldest first, as CloudEvents with the feed that they are from', async () => {
    const { records } = await pull();
    const { events, poison } = toEvents(records, { eventSource: '/c', eventType: 'post' } as ConnectorSettings);
    expect(poison).toEqual([]);
    expect(JSON.parse(events[0]?.json ?? '')).toEqual({
      specversion: '1.0',
      id: 'a',
      source: '/c',
      type: 'post',
      subject: 'https://b.example/a',
      time: '2026-11-22T08:00:00.000Z',
      data: {
        id: 'a',
        title: 'First',
        link: 'https://b.example/a',
        updated: '2026-11-22T08:00:00.000Z',
        feed: { title: 'Blog' },
      },
    });
  });

  it('does not read again what did not change', async () => {
    const first = await pull();
    expect(await pull(first.position)).toEqual({ records: [], position: first.position, done: true });
    expect(blog.api.requests[1]?.headers['if-none-match']).toBeDefined();
  });

  it('gives an entry once, also when it comes back after it was not shown', async () => {
    const first = await pull();
    const [gone] = blog.posts.splice(0, 1);
    const second = await pull(first.position);
    blog.posts.unshift({ id: 'c', title: 'Third' }, gone ?? { id: '', title: '' });
    expect(idsOf(await pull(second.position))).toEqual(['c']);
  });

  it('gives an entry that changed where that is asked for', async () => {
    const first = await pull();
    (blog.posts[0] ?? { title: '' }).title = 'Second, corrected';
    expect(idsOf(await pull(first.position))).toEqual([]);
    options = { ...options, updates: true };
    const before = await pull();
    expect(idsOf(before)).toEqual([expect.stringMatching(/^a#[\da-f]{16}$/), expect.stringMatching(/^b#/)]);
    (blog.posts[0] ?? { title: '' }).title = 'Second, corrected again';
    expect(idsOf(await pull(before.position))).toEqual([expect.stringMatching(/^b#/)]);
  });

  it('keeps a position that stays small, however long it runs', async () => {
    let position: Position | undefined;
    for (let round = 0; round < 6; round += 1) {
      blog.posts.splice(
        0,
        blog.posts.length,
        ...Array.from({ length: 2_000 }, (_, index) => ({ id: `${round}/${index}`, title: 'x' })),
      );
      const pulled = await pull(position, { limit: { records: 10_000, bytes: 1e7 } });
      expect(pulled.records).toHaveLength(2_000);
      ({ position } = pulled);
    }
    expect(JSON.stringify(position).length).toBeLessThan(65_536);
  });

  it('follows a feed that has moved, also to another host where nothing is secret', async () => {
    const other = await startApi(() => ({ status: 308, headers: { location: `${blog.api.origin}/moved` } }));
    options = { url: `${other.origin}/feed` };
    expect(idsOf(await pull())).toEqual(['a', 'b']);
    options = { ...options, connection: 'c' };
    const authorize = (_name: string, request: { url: string; headers: object; body: null }) =>
      Promise.resolve({ ...request, headers: { authorization: 'Bearer x' }, hidden: [] });
    await expect(pull(undefined, { authorize: authorize as never })).rejects.toThrow(/another host/);
    other.close();
  });

  it('takes an entry without an id by its link, and one without both by a digest', async () => {
    blog.api.disturb({
      body: '<rss><channel><item><link>https://b.example/x</link></item><item><title>t</title></item><item><title>t</title></item></channel></rss>',
    });
    expect(idsOf(await pull())).toEqual([expect.stringMatching(/^[\da-f]{32}$/), 'https://b.example/x']);
  });

  it('reads other encodings', async () => {
    blog.api.disturb((response) => {
      response.setHeader('content-type', 'application/rss+xml');
      const text =
        '<?xml version="1.0" encoding="ISO-8859-1"?><rss><channel><item><guid>1</guid><title>Zoë</title></item></channel></rss>';
      response.end(Buffer.from(text, 'latin1'));
    });
    expect((await pull()).records[0]?.data).toMatchObject({ title: 'Zoë' });
  });

  it.each<[string, { status?: number; headers?: Record<string, string>; body?: string }, object]>([
    ['404', { status: 404 }, { code: 'unavailable' }],
    [
      '429 with Retry-After',
      { status: 429, headers: { 'retry-after': '120' } },
      { code: 'unavailable', retryAfter: 120 },
    ],
    ['a page of a proxy', { body: '<!DOCTYPE html><html><body>Sign in</body></html>' }, { code: 'unavailable' }],
    ['a feed that is cut off', { body: '<rss><channel><item><guid>1</guid>' }, { code: 'unavailable' }],
    [
      'more entries than a feed has',
      { body: `<rss><channel>${'<item><guid>1</guid></item>'.repeat(5_001)}</channel></rss>` },
      { code: 'too_large' },
    ],
  ])('fails at %s, and keeps its position', async (_, answer, error) => {
    const first = await pull();
    blog.posts.unshift({ id: 'c', title: 'Third' });
    blog.api.disturb(answer);
    await expect(pull(first.position)).rejects.toMatchObject(error);
    expect(idsOf(await pull(first.position))).toEqual(['c']);
  });

  it('refuses an address that targets may not have', () => {
    const check = (url: string): void => rss.check?.({ url }, { allowPrivateTargets: false });
    expect(() => check('http://169.254.169.254/')).toThrow(expect.objectContaining({ place: '/url' }));
    expect(() => check('https://user:pass@b.example/')).toThrow(expect.objectContaining({ place: '/url' }));
  });
});

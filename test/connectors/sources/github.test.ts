import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { github, type GithubOptions } from '../../../connectors/sources/github.ts';
import { toEvents } from '../../../connectors/runtime/records.ts';
import type { ConnectorSettings } from '../../../mesh/connector/task.ts';
import type { Position, Source, SourceRecord } from '../../../mesh/connector/source.ts';
import { describeSource } from '../../conformance/source.ts';
import { type Api, startApi } from '../sinks/api.ts';
import { pullOnce } from './pull.ts';

type Item = Record<string, unknown>;

interface Github {
  readonly api: Api;
  /** Happens now, as the newest. */
  push(item: Item): void;
  readonly items: Item[];
  pageSize: number;
}

/** The events API as documented: the newest first, 300 at most, pages by Link, ETag of what is shown. */
async function startGithub(): Promise<Github> {
  const items: Item[] = [];
  const system = {
    items,
    pageSize: 100,
    push: (item: Item) => void items.unshift(item),
    api: await startApi(({ url, headers, method }) => {
      if (method !== 'GET' || !/^\/(repos\/o\/r|orgs\/o|users\/u)\/events(\/public)?$/.test(url.pathname)) {
        return { status: 404, body: { message: 'Not Found' } };
      }
      if (headers['user-agent'] === undefined) return { status: 403, body: { message: 'Request forbidden' } };
      const shown = items.slice(0, 300);
      const size = Math.min(system.pageSize, Number(url.searchParams.get('per_page') ?? 30));
      const page = Number(url.searchParams.get('page') ?? 1);
      const body = shown.slice((page - 1) * size, page * size);
      const etag = `W/"${createHash('sha256').update(JSON.stringify(body)).digest('hex')}"`;
      const common = { etag, 'x-poll-interval': '60', 'x-ratelimit-remaining': '59' };
      if (headers['if-none-match'] === etag) return { status: 304, headers: common };
      const pages = Math.max(1, Math.ceil(shown.length / size));
      const linkTo = (to: number, rel: string): string => {
        const target = new URL(`http://${headers.host ?? ''}${url.pathname}`);
        target.searchParams.set('per_page', url.searchParams.get('per_page') ?? '30');
        target.searchParams.set('page', String(to));
        return `<${target.href}>; rel="${rel}"`;
      };
      const link = page < pages ? `${linkTo(page + 1, 'next')}, ${linkTo(pages, 'last')}` : '';
      return { headers: link === '' ? common : { ...common, link }, body };
    }),
  };
  return system;
}

let number = 40_000_000_000;
function event(changes: Item = {}): Item {
  number += 7;
  return {
    id: String(number),
    type: 'PushEvent',
    actor: { login: 'zoe' },
    repo: { id: 1, name: 'o/r' },
    payload: { ref: 'refs/heads/main', commits: [] },
    public: true,
    created_at: new Date(Date.now() - 60_000).toISOString().replace(/\.\d+/, ''),
    ...changes,
  };
}

describeSource('github', async () => {
  const system = await startGithub();
  system.pageSize = 10;
  return {
    source: github as Source,
    options: { repository: 'o/r', url: system.api.origin },
    async add(numbers) {
      for (const item of numbers) system.push(event({ payload: { number: item } }));
    },
    numberOf: ({ data }: SourceRecord) => (data as { payload: { number: number } }).payload.number,
    close: async () => system.api.close(),
  };
});

describe('the source github', () => {
  let system: Github;
  let options: GithubOptions;
  beforeEach(async () => {
    system = await startGithub();
    options = { repository: 'o/r', url: system.api.origin };
  });
  afterEach(() => system.api.close());
  const pull = (position?: Position, changes: Parameters<typeof pullOnce>[3] = {}) =>
    pullOnce(github as Source, options, position, changes);

  it('gives the oldest first, as CloudEvents', async () => {
    const settings = { eventSource: '/c', eventType: 't' } as ConnectorSettings;
    system.push(event({ id: '1' }));
    system.push(
      event({ id: '2', type: 'PullRequestEvent', payload: { action: 'opened', pull_request: { number: 7 } } }),
    );
    system.push(event({ id: '3', type: 'IssueCommentEvent', payload: { action: 'created', issue: { number: 8 } } }));
    system.push(
      event({ id: '4', type: 'ReleaseEvent', payload: { action: 'published', release: { tag_name: 'v1' } } }),
    );
    system.push(event({ id: '5', type: 'PublicEvent', payload: {} }));
    const { records, done, waitMs } = await pull();
    const { events, poison } = toEvents(records, settings);
    expect(poison).toEqual([]);
    expect(events.map(({ attributes: { id, type, subject } }) => [id, type, subject])).toEqual([
      ['1', 'com.github.push', 'refs/heads/main'],
      ['2', 'com.github.pull_request.opened', '7'],
      ['3', 'com.github.issue_comment.created', '8'],
      ['4', 'com.github.release.published', 'v1'],
      ['5', 'com.github.public', undefined],
    ]);
    expect(events[0]?.attributes.source).toBe(`${system.api.origin}/o/r`);
    expect(done).toBe(true);
    expect(waitMs).toBe(60_000);
  });

  it('asks with ETag, and waits as long as GitHub wants', async () => {
    system.push(event());
    const first = await pull();
    const second = await pull(first.position);
    expect(second).toMatchObject({ records: [], done: true, waitMs: 60_000, position: first.position });
    expect(system.api.requests).toHaveLength(2);
    expect(system.api.requests[1]?.headers['if-none-match']).toMatch(/^W\//);
  });

  it('reads page after page until one has nothing new', async () => {
    for (let index = 0; index < 250; index += 1) system.push(event());
    const first = await pull();
    expect(first.records).toHaveLength(250);
    for (let index = 0; index < 20; index += 1) system.push(event());
    const second = await pull(first.position);
    expect(second.records).toHaveLength(20);
    expect(second.poison).toEqual([]);
    // Three pages, then the first with news and the second without.
    expect(system.api.requests).toHaveLength(5);
  });

  it('gives what comes late, between what was pulled', async () => {
    for (let index = 0; index < 10; index += 1) system.push(event());
    const first = await pull();
    const late = event({ id: '39999999999' });
    system.items.splice(5, 0, late);
    expect((await pull(first.position)).records.map(({ id }) => id)).toEqual(['39999999999']);
  });

  it('tells of a gap when more happened than GitHub shows', async () => {
    system.push(event());
    const first = await pull();
    for (let index = 0; index < 400; index += 1) system.push(event());
    const second = await pull(first.position);
    expect(second.records).toHaveLength(300);
    expect(second.poison).toHaveLength(1);
    expect(second.poison?.[0]).toMatchObject({ reason: expect.stringContaining('300'), record: { gap: {} } });
    expect((await pull(second.position)).poison ?? []).toEqual([]);
  });

  it('tells of no gap when everything that was pulled is older than GitHub shows', async () => {
    system.push(event({ created_at: new Date(Date.now() - 91 * 86_400_000).toISOString() }));
    const first = await pull();
    system.items.length = 0;
    system.push(event());
    expect((await pull(first.position)).poison).toEqual([]);
  });

  it.each<[string, { status: number; headers?: Record<string, string>; body: unknown }, number]>([
    ['Retry-After', { status: 403, headers: { 'retry-after': '30' }, body: {} }, 30_000],
    [
      'a minute for a secondary limit',
      { status: 403, body: { message: 'You have exceeded a secondary rate limit' } },
      60_000,
    ],
    ['429', { status: 429, body: {} }, 60_000],
    ['304 with a longer interval', { status: 304, headers: { 'x-poll-interval': '120' }, body: undefined }, 120_000],
  ])('waits for %s', async (_, answer, waitMs) => {
    system.api.disturb(answer);
    expect(await pull({ seen: 'abcdefgh', etag: 'W/"1"' })).toEqual({
      records: [],
      position: { seen: 'abcdefgh', etag: 'W/"1"' },
      done: true,
      waitMs,
    });
  });

  it('waits until the limit is reset', async () => {
    const reset = Math.floor(Date.now() / 1000) + 100;
    system.api.disturb({
      status: 403,
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) },
      body: { message: 'API rate limit exceeded' },
    });
    const { waitMs = 0 } = await pull();
    expect(waitMs).toBeGreaterThan(98_000);
    expect(waitMs).toBeLessThanOrEqual(102_000);
  });

  it('gives nothing when a limit is met on a later page, and all of it later', async () => {
    for (let index = 0; index < 150; index += 1) system.push(event());
    let asked = 0;
    const limited = await pull(undefined, {
      fetch: (input, init) => {
        asked += 1;
        return asked === 2 ? Promise.resolve(new Response('{}', { status: 429 })) : fetch(input, init);
      },
    });
    expect(limited).toMatchObject({ records: [], done: true });
    expect((await pull(limited.position)).records).toHaveLength(150);
  });

  it.each<[string, { status?: number; headers?: Record<string, string>; body?: unknown }]>([
    ['a refusal', { status: 403, body: { message: 'Resource not accessible by personal access token' } }],
    ['404', { status: 404, body: { message: 'Not Found' } }],
    ['what is no JSON', { body: '<html>' }],
    ['what is no list', { body: { message: 'x' } }],
    ['a Link to another host', { headers: { link: '<https://evil.example/>; rel="next"' }, body: [event()] }],
    ['a redirect to another host', { status: 301, headers: { location: 'https://evil.example/' } }],
  ])('fails at %s', async (_, answer) => {
    system.api.disturb(answer);
    await expect(pull()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('sets aside what is no event, once', async () => {
    system.push(event());
    system.items.unshift({ nonsense: true });
    const first = await pull();
    expect(first).toMatchObject({ records: [{}], poison: [{ record: { nonsense: true } }] });
    system.push(event());
    expect(await pull(first.position)).toMatchObject({ records: [{}], poison: [] });
  });

  it('keeps a position that stays small, however much happens', async () => {
    let position: Position | undefined;
    for (let round = 0; round < 8; round += 1) {
      for (let index = 0; index < 300; index += 1) system.push(event());
      ({ position } = await pull(position));
    }
    expect(JSON.stringify(position).length).toBeLessThan(9_000);
  });

  it('asks for an organization and a user where they are', async () => {
    await pullOnce(github as Source, { organization: 'o', url: system.api.origin });
    await pullOnce(github as Source, { user: 'u', url: `${system.api.origin}/` });
    const paths = system.api.requests.map(({ url }) => url.pathname);
    expect(paths).toEqual(['/orgs/o/events', '/users/u/events/public']);
  });
});

import { describe, expect, it } from 'vitest';
import { bodyLimit, createGuardedFetch, requestsLimit } from '../../../mesh/functions/guarded-fetch.ts';
import { failureOf } from '../../functions/compute/host.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A fetch whose network is `answer`. */
function guard(answer: (seen: Seen) => Response | Promise<Response> = () => new Response('ok')) {
  const seen: Seen[] = [];
  const abort = new AbortController();
  const guarded = createGuardedFetch({
    policy: { allowPrivateTargets: false },
    runtime: {
      async fetch(request) {
        const { method, url, headers } = request;
        const one = { method, url, headers, body: await request.text() };
        seen.push(one);
        if (request.signal.aborted) throw request.signal.reason;
        return answer(one);
      },
    },
  });
  return {
    seen,
    abort,
    fetch: (input: string | URL | Request, init?: RequestInit) => guarded(input, init, abort.signal),
  };
}

const redirect = (location: string, status = 302): Response => new Response('gone', { status, headers: { location } });

describe('fetch for functions', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    'http://metadata.google.internal/',
    'http://localhost:9001/2018-06-01/runtime/invocation/next',
    'http://0x7f.1/',
    'http://①②⑦.⓪.⓪.①/',
    'http://10.0.0.1/',
    'https://user:password@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'https://example.com:6379/',
    '/relative',
  ])('refuses %s, as text and as an object', async (url) => {
    const { fetch, seen } = guard();
    expect((await failureOf(fetch(url))).code).toBe('target_invalid');
    if (URL.canParse(url)) expect((await failureOf(fetch(new URL(url)))).code).toBe('target_invalid');
    if (URL.canParse(url) && !url.includes('@')) {
      expect((await failureOf(fetch(new Request(url)))).code).toBe('target_invalid');
    }
    expect(seen).toEqual([]);
  });

  it('looks at every redirect, and calls nothing behind one that is refused', async () => {
    const { fetch, seen } = guard(() => redirect('http://169.254.169.254/latest/meta-data/'));
    expect((await failureOf(fetch('https://example.com/'))).code).toBe('target_invalid');
    expect(seen.map(({ url }) => url)).toEqual(['https://example.com/']);
  });

  it('sends what it is told', async () => {
    const { fetch, seen } = guard();
    const headers = { 'x-own': '1', host: 'inside.example', 'content-type': 'application/json' };
    await fetch('https://example.com/a?b=1', { method: 'post', headers, body: '{"a":1}' });
    await fetch(new Request('https://example.com/c', { method: 'PUT', headers: { a: 'b' }, body: 'text' }));
    await fetch(new Request('https://example.com/d', { method: 'PUT', body: 'text' }), {
      method: 'PUT',
      body: 'other',
    });
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', 'https://example.com/a?b=1', '{"a":1}'],
      ['PUT', 'https://example.com/c', 'text'],
      ['PUT', 'https://example.com/d', 'other'],
    ]);
    expect(seen[0]?.headers.get('x-own')).toBe('1');
    expect(seen[0]?.headers.get('content-type')).toBe('application/json');
    expect(seen[0]?.headers.has('host')).toBe(false);
    expect(seen[1]?.headers.get('a')).toBe('b');
  });

  it.each([
    [301, 'GET', ''],
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'body'],
    [308, 'POST', 'body'],
  ])('follows a %i with %s', async (status, method, body) => {
    const { fetch, seen } = guard(({ url }) => (url.endsWith('/a') ? redirect('b', status) : new Response('done')));
    const answer = await fetch('https://example.com/x/a', { method: 'POST', body: 'body' });
    expect(await answer.text()).toBe('done');
    expect(seen[1]).toMatchObject({ method, body, url: 'https://example.com/x/b' });
  });

  it('keeps credentials within their origin', async () => {
    const { fetch, seen } = guard(({ url }) =>
      url === 'https://one.example/'
        ? redirect('/same')
        : url.endsWith('/same')
          ? redirect('https://two.example/')
          : new Response(''),
    );
    await fetch('https://one.example/', {
      headers: { authorization: 'Bearer x', cookie: 'a=b', accept: 'text/plain' },
    });
    expect(seen.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer x', 'Bearer x', null]);
    expect(seen[2]?.headers.get('cookie')).toBeNull();
    expect(seen[2]?.headers.get('accept')).toBe('text/plain');
  });

  it('ends a circle of redirects, and leaves redirects alone where it is told', async () => {
    const { fetch, seen } = guard(() => redirect('https://example.com/'));
    expect((await failureOf(fetch('https://example.com/'))).message).toContain('more than 5 times');
    expect(seen).toHaveLength(6);
    expect((await fetch('https://example.com/', { redirect: 'manual' })).status).toBe(302);
    expect((await failureOf(fetch('https://example.com/', { redirect: 'error' }))).code).toBe('step_failed');
  });

  it('breaks off an answer that is too large', async () => {
    const chunk = new Uint8Array(65_536);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += chunk.length;
        controller.enqueue(chunk);
      },
    });
    const { fetch } = guard(() => new Response(endless));
    const answer = await fetch('https://example.com/');
    expect((await failureOf(answer.arrayBuffer())).message).toContain(`${bodyLimit} bytes`);
    expect(sent).toBeLessThan(2 * bodyLimit);
  });

  it('refuses a body that is too large, and too many requests', async () => {
    const { fetch, seen } = guard();
    const large = { method: 'POST', body: new Uint8Array(bodyLimit + 1) };
    expect((await failureOf(fetch('https://example.com/', large))).code).toBe('step_failed');
    expect(seen).toEqual([]);
    for (let i = 0; i < requestsLimit; i += 1) await fetch('https://example.com/');
    expect((await failureOf(fetch('https://example.com/'))).message).toContain(`more than ${requestsLimit} requests`);
  });

  it('says that another attempt may succeed when the network fails', async () => {
    const { fetch } = guard(() => Promise.reject(new TypeError('fetch failed')));
    const error = await failureOf(fetch('https://example.com/?token=secret'));
    expect(error.code).toBe('function_unavailable');
    expect(error.message).toBe('a request to example.com failed');
  });

  it('ends at the deadline, and at a signal of its own', async () => {
    const { fetch, abort } = guard();
    const own = AbortSignal.abort(new Error('own'));
    await expect(fetch('https://example.com/', { signal: own })).rejects.toThrow('own');
    abort.abort(new Error('late'));
    await expect(fetch('https://example.com/')).rejects.toThrow('late');
  });
});

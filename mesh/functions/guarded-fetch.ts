import { TulleError } from '../../event/error.ts';
import { checkTargetUrl } from '../delivery/guard.ts';
import { excerpt } from '../delivery/response.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { TargetPolicy } from '../sink.ts';

/** Requests that one call of a function makes, redirects included. */
export const requestsLimit = 50;
export const redirectsLimit = 5;
/** Of a request's and of an answer's body, in bytes. */
export const bodyLimit = 4_194_304;

/**
 * `fetch` for user code: every URL passes the outbound guard, that of a redirect too; credentials do not follow to
 * another origin; bodies are bounded; `signal` ends everything.
 *
 * Rejects with TulleError `target_invalid` for a URL that is refused, `step_failed` beyond a limit and
 * `function_unavailable` when the network fails.
 */
export function createGuardedFetch(options: {
  readonly runtime: Pick<Runtime, 'fetch'>;
  readonly policy: TargetPolicy;
}): (input: string | URL | Request, init: RequestInit | undefined, signal: AbortSignal) => Promise<Response> {
  const { runtime, policy } = options;
  let requests = 0;

  async function send(request: Request): Promise<Response> {
    requests += 1;
    if (requests > requestsLimit) throw beyond(`it made more than ${requestsLimit} requests`);
    try {
      return await runtime.fetch(request);
    } catch (error) {
      if (request.signal.aborted) throw error;
      throw new TulleError('function_unavailable', `a request to ${new URL(request.url).host} failed`, {
        cause: error,
      });
    }
  }

  return async (input, init, signal) => {
    let url = checkTargetUrl(input instanceof Request ? input.url : String(input), policy);
    // Its own signal is joined with the deadline's; `redirect` is ours.
    const { redirect = 'follow', signal: ownSignal, method: ownMethod, headers: ownHeaders } = toInit(input, init);
    const signals = [signal, ...(ownSignal == null ? [] : [ownSignal])];
    let method = ownMethod;
    const headers = new Headers(ownHeaders);
    headers.delete('host');
    let body = await readBody(input, init);

    for (let redirects = 0; ; redirects += 1) {
      const request = new Request(url, {
        method,
        headers,
        redirect: 'manual',
        signal: AbortSignal.any(signals),
        ...(body === undefined ? {} : { body }),
      });
      const response = await send(request);
      const location = redirectStatuses.has(response.status) ? response.headers.get('location') : null;
      if (location === null || redirect === 'manual') return bounded(response);

      await response.body?.cancel();
      if (redirect === 'error') throw beyond('a request was redirected, which it does not allow');
      if (redirects === redirectsLimit) throw beyond(`a request was redirected more than ${redirectsLimit} times`);
      const next = checkTargetUrl(new URL(location, url).href, policy);
      // RFC 9110, 15.4: 303 turns everything into a GET, 301 and 302 a POST, by what everybody does.
      if ((response.status === 303 && method !== 'HEAD') || (response.status < 303 && method === 'POST')) {
        method = 'GET';
        body = undefined;
        for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name);
      }
      if (next.origin !== url.origin) {
        for (const name of ['authorization', 'cookie', 'proxy-authorization']) headers.delete(name);
      }
      url = next;
    }
  };
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

interface Init {
  readonly method: string;
  readonly headers: Headers;
  readonly redirect?: string;
  readonly signal?: AbortSignal | null;
}

function toInit(input: string | URL | Request, init: RequestInit | undefined): Init {
  const from = input instanceof Request ? input : undefined;
  const redirect = init?.redirect ?? from?.redirect;
  return {
    method: (init?.method ?? from?.method ?? 'GET').toUpperCase(),
    headers: new Headers(init?.headers ?? from?.headers),
    ...(redirect === undefined ? {} : { redirect }),
    signal: init?.signal ?? from?.signal ?? null,
  };
}

/** In memory, because a redirect may need it again. */
async function readBody(
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<ArrayBuffer | undefined> {
  const from = init?.body == null ? input : new Request('https://body.invalid/', { method: 'POST', body: init.body });
  if (!(from instanceof Request) || from.body === null) return undefined;
  const body = await from.arrayBuffer();
  if (body.byteLength > bodyLimit) throw beyond(`the body of a request has more than ${bodyLimit} bytes`);
  return body;
}

/** The same answer, whose body fails beyond the limit. */
function bounded(response: Response): Response {
  if (response.body === null) return response;
  let bytes = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > bodyLimit) controller.error(beyond(`the answer to a request has more than ${bodyLimit} bytes`));
      else controller.enqueue(chunk);
    },
  });
  const headers = new Headers(response.headers);
  // The body is inflated already.
  headers.delete('content-encoding');
  headers.delete('content-length');
  const { status, statusText } = response;
  return new Response(response.body.pipeThrough(counter), { status, statusText, headers });
}

function beyond(message: string): TulleError {
  return new TulleError('step_failed', excerpt(message), { mend: 'Ask for less at once.' });
}

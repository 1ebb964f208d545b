import { TulleError } from '../../event/error.ts';
import type { AuthorizedRequest } from '../../mesh/connections/authorize.ts';
import { parseRetryAfter } from '../../mesh/delivery/retry-after.ts';
import type { SourceContext } from '../../mesh/connector/source.ts';
import { isSameOrigin } from './http-paging.ts';

export interface ApiQuestion {
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The name of a connection, whose credentials it is given. */
  readonly connection?: string | undefined;
  /** Redirects may lead to other hosts: only for what is public anyway. */
  readonly isPublic?: boolean;
}

/**
 * A GET with the credentials of a connection, renewed once where they are not accepted. Redirects on the same host are
 * followed: headers and credentials are for no other.
 * @throws TulleError `unavailable` for a redirect that is not followed
 */
export async function askApi(
  { url, headers, connection, isPublic = false }: ApiQuestion,
  { fetch, authorize, signal }: Pick<SourceContext<unknown>, 'fetch' | 'authorize' | 'signal'>,
): Promise<Response> {
  const outgoing = { url, headers, body: null };
  const authorized: AuthorizedRequest =
    connection === undefined ? { ...outgoing, hidden: [] } : await authorize(connection, outgoing);
  const first = await follow(authorized);
  if (first.status !== 401 || authorized.renew === undefined) return first;
  await first.body?.cancel();
  return follow(await authorized.renew());

  async function follow(sent: AuthorizedRequest): Promise<Response> {
    let address = sent.url;
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const init: RequestInit = { headers: sent.headers, signal, redirect: 'manual' };
      const response = await (sent.fetch === undefined ? fetch(address, init) : sent.fetch(new Request(address, init)));
      const location = redirectStatuses.has(response.status) ? response.headers.get('location') : null;
      if (location === null) return response;
      await response.body?.cancel();
      const next = URL.parse(location, address)?.href ?? '';
      if (!isPublic && !isSameOrigin(next, address)) {
        throw new TulleError('unavailable', 'the API redirects to another host');
      }
      address = next;
    }
    throw new TulleError('unavailable', `the API redirects more than ${mostRedirects} times`);
  }
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 5;

/** What of a position asks whether anything changed. */
export function conditionsOf({
  etag,
  modified,
}: {
  readonly etag?: string;
  readonly modified?: string;
}): Record<string, string> {
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(modified === undefined ? {} : { 'if-modified-since': modified }),
  };
}

/** What an answer that is no success becomes for the operator; its `Retry-After` is obeyed. */
export async function toFailure(response: Response, now: number): Promise<TulleError> {
  const { status, headers } = response;
  await response.body?.cancel();
  const wait = parseRetryAfter(headers.get('retry-after'), now);
  const details = wait === undefined ? {} : { retryAfter: wait / 1000 };
  return new TulleError('unavailable', `the API answered ${status}`, details);
}

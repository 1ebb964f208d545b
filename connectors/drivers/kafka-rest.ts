import { TulleError } from '../../event/error.ts';
import type { AuthorizedRequest } from '../../mesh/connections/authorize.ts';
import type { SourceContext } from '../../mesh/connector/source.ts';
import { excerptWithout, readResponse } from '../../mesh/delivery/response.ts';
import { parseRetryAfter } from '../../mesh/delivery/retry-after.ts';

/** A REST proxy of Kafka: Confluent's, API v2, or Karapace, which speaks the same. */
export interface KafkaProxyOptions {
  /** Of the proxy, without a path of its API: `https://kafka-rest.example`. */
  readonly url: string;
  /** The name of a connection, whose credentials the requests are given. */
  readonly connection?: string;
}

export const proxyProperties = {
  url: {
    type: 'string',
    minLength: 1,
    maxLength: 2_048,
    description: 'of the REST proxy, up to where its API begins: https://kafka-rest.example',
  },
  connection: { type: 'string', minLength: 1, maxLength: 63, description: 'whose credentials the requests get' },
} as const;

export interface ProxyCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the proxy's URL, with a slash. */
  readonly path: string;
  readonly body?: object;
  readonly accept?: string;
}

/** Asks the proxy, and answers what it says as JSON; `undefined` where it says nothing. Rejects with TulleError `unavailable`. */
export type CallProxy = (call: ProxyCall) => Promise<unknown>;

export function createProxyCall({
  options: { url, connection },
  fetch,
  authorize,
  signal,
  now,
}: Pick<SourceContext<KafkaProxyOptions>, 'options' | 'fetch' | 'authorize' | 'signal' | 'now'>): CallProxy {
  return async ({ method, path, body, accept = proxyType }) => {
    const outgoing = {
      url: `${url.replace(/\/+$/, '')}${path}`,
      headers: {
        accept: `${accept}, application/json`,
        'user-agent': 'Tulle/0.1',
        ...(body === undefined ? {} : { 'content-type': proxyType }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    };
    const send = (request: AuthorizedRequest): Promise<Response> => {
      const init: RequestInit = { method, headers: request.headers, body: request.body, signal, redirect: 'manual' };
      return request.fetch === undefined ? fetch(request.url, init) : request.fetch(new Request(request.url, init));
    };
    const authorized: AuthorizedRequest =
      connection === undefined ? { ...outgoing, hidden: [] } : await authorize(connection, outgoing);
    let response = await send(authorized);
    if (response.status === 401 && authorized.renew !== undefined) {
      await response.body?.cancel();
      response = await send(await authorized.renew());
    }
    if (response.ok) return response.status === 204 ? undefined : parse(await response.text());
    const wait = parseRetryAfter(response.headers.get('retry-after'), now());
    const said = excerptWithout(await readResponse(response), authorized.hidden);
    const details = wait === undefined ? {} : { retryAfter: wait / 1000 };
    throw new TulleError('unavailable', `the proxy answered ${response.status}${said && `: ${said}`}`, details);
  };
}

const proxyType = 'application/vnd.kafka.v2+json';
export const binaryType = 'application/vnd.kafka.binary.v2+json';

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TulleError('json_invalid', 'the answer of the proxy is no JSON');
  }
}

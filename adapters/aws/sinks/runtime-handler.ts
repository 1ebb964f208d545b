import type { SQSClientConfig } from '@aws-sdk/client-sqs';
import type { Runtime } from '../../../mesh/ports/runtime.ts';

/** How clients of the SDK make requests. */
export type RequestHandler = NonNullable<SQSClientConfig['requestHandler']>;

/** The SDK's request, as far as it is used. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Lets the clients of sinks go the way of all deliveries: no private address is dialled, and where a rule is only tried
 * nothing is sent.
 */
export function createRuntimeHandler(fetch: Runtime['fetch']): RequestHandler {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: SdkRequest, { abortSignal }: { readonly abortSignal?: unknown } = {}) {
      const { method, body } = request;
      const response = await fetch(
        new Request(urlOf(request), {
          method,
          headers: headersOf(request.headers),
          redirect: 'manual',
          ...(method === 'GET' || body === undefined ? {} : { body }),
          ...(abortSignal instanceof AbortSignal ? { signal: abortSignal } : {}),
        }),
      );
      return {
        response: {
          statusCode: response.status,
          headers: Object.fromEntries(response.headers),
          body: new Uint8Array(await response.arrayBuffer()),
        },
      };
    },
    httpHandlerConfigs: () => ({}),
    updateHttpClientConfig: () => {},
  };
}

function urlOf({ protocol, hostname, port, path, query }: SdkRequest): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => (one === null ? escapeUri(name) : `${escapeUri(name)}=${escapeUri(one)}`)),
  );
  const host = port === undefined ? hostname : `${hostname}:${port}`;
  return `${protocol}//${host}${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
}

/** Those that `fetch` sets by itself, or does not know. */
function headersOf(headers: SdkRequest['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(host|content-length|expect)$/i.test(name)));
}

/** As signatures have it. */
function escapeUri(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

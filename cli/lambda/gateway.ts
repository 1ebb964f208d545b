import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Invocation } from './environment.ts';
import { type LambdaFunction, PayloadTooLarge, TooManyRequests } from './function.ts';
import { readAll } from './gate.ts';

/** An HTTP API of API Gateway: payload format 2.0 to the functions of its routes, and their answers back. */
export interface Gateway {
  readonly url: string;
  stop(): Promise<void>;
}

export interface GatewayOptions {
  readonly port: number;
  readonly account: string;
  /** `$default`, or `ANY /v1/admin/{proxy+}`. */
  readonly routes: readonly { readonly key: string; readonly target: LambdaFunction }[];
}

interface Result {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** What API Gateway takes, whatever the function behind it does. */
export const requestMaxBytes = 10 * 2 ** 20;

/** @throws as `listen` does, where the port is taken */
export async function openGateway({ port, account, routes }: GatewayOptions): Promise<Gateway> {
  const sorted = routes.toSorted((one, other) => rank(other.key) - rank(one.key));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const route = sorted.find(({ key }) => matchesRoute(key, request.method ?? 'GET', url.pathname));
    if (route === undefined) return refuse(response, 404, 'Not Found');
    const body = await readAll(request);
    if (body.length > requestMaxBytes) return refuse(response, 413, 'Request Entity Too Large');
    let done: Invocation;
    try {
      done = await route.target.invoke(toEvent(request, url, body, { key: route.key, account }));
    } catch (error) {
      if (error instanceof PayloadTooLarge) return refuse(response, 413, 'Request Entity Too Large');
      if (error instanceof TooManyRequests) return refuse(response, 503, 'Service Unavailable');
      throw error;
    }
    if (!done.ok) {
      const isLate = done.errorType === 'Sandbox.Timedout';
      return refuse(response, isLate ? 503 : 500, isLate ? 'Service Unavailable' : 'Internal Server Error');
    }
    write(response, done.payload as Result);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => refuse(response, 500, String(error)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** API Gateway takes the most specific route: no wildcard, then the longest path, then `$default`. */
function rank(key: string): number {
  if (key === '$default' || key === '*') return -1;
  return key.length + (key.includes('{') ? 0 : 1_000) + (key.startsWith('ANY ') ? 0 : 0.5);
}

function matchesRoute(key: string, method: string, path: string): boolean {
  if (key === '$default' || key === '*') return true;
  const [ofMethod = '', pattern = ''] = key.split(' ');
  if (ofMethod !== 'ANY' && ofMethod !== method) return false;
  const expression = pattern
    .split('/')
    .map((part) =>
      part.endsWith('+}')
        ? '.+'
        : part.startsWith('{')
          ? '[^/]+'
          : part.replaceAll(/[.*+?^$()[\]\\|]/g, String.raw`\$&`),
    )
    .join('/');
  return new RegExp(`^${expression}$`).test(path);
}

function toEvent(
  request: IncomingMessage,
  url: URL,
  body: Buffer,
  { key, account }: { readonly key: string; readonly account: string },
): object {
  const { cookie, ...headers } = toHeaders(request.rawHeaders);
  const isText = /^(?:text\/|application\/(?:[^;]*\+)?(?:json|xml|javascript))/i.test(headers['content-type'] ?? '');
  const query = [...url.searchParams.keys()].map((name) => [name, url.searchParams.getAll(name).join(',')]);
  const { host = 'localhost' } = headers;
  return {
    version: '2.0',
    routeKey: key,
    rawPath: decodePath(url.pathname),
    rawQueryString: url.search.slice(1),
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; ?/) }),
    headers: {
      ...headers,
      'x-forwarded-for': request.socket.remoteAddress ?? '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-amzn-trace-id': `Root=1-${Math.floor(Date.now() / 1_000).toString(16)}-${'0'.repeat(24)}`,
    },
    ...(query.length === 0 ? {} : { queryStringParameters: Object.fromEntries(query) as object }),
    requestContext: {
      accountId: account,
      apiId: 'local',
      domainName: host,
      domainPrefix: host.split('.')[0],
      http: {
        method: request.method,
        path: decodePath(url.pathname),
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: crypto.randomUUID(),
      routeKey: key,
      stage: '$default',
      time: new Date().toUTCString(),
      timeEpoch: Date.now(),
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** In lower case; what comes several times is joined by a comma. */
function toHeaders(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    const before = headers[name];
    headers[name] = before === undefined ? raw[at + 1]! : `${before}${name === 'cookie' ? '; ' : ','}${raw[at + 1]}`;
  }
  return headers;
}

/** The gateway hands out paths decoded. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function write(response: ServerResponse, result: Result): void {
  // A function may answer a body alone.
  if (result?.statusCode === undefined) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
    return;
  }
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded = false } = result;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  if (cookies.length > 0) response.setHeader('set-cookie', [...cookies]);
  response.writeHead(statusCode).end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
}

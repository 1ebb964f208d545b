import { type Problem, TulleRequestError } from './error.ts';
import { isRetried, type RetryOptions, retryDelayMs } from './retry.ts';

export interface TransportOptions {
  /** Where the installation is, such as `https://events.example.com`. */
  readonly url: string;
  /** An API key. Keep it out of browsers that are not yours. */
  readonly key: string;
  /** Instead of the global `fetch`: a service binding, a proxy. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly retry?: Partial<RetryOptions>;
  /** Reads the JSON of answers; `JSON.parse` where it is absent. */
  readonly parse?: ((text: string) => unknown) | undefined;
  /** Until an answer has to be there, in milliseconds; 30,000. */
  readonly timeoutMs?: number;
}

export interface TransportRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Query | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** It may be sent twice: what fails without an answer is sent again. The others only where nothing was done. */
  readonly idempotent?: boolean;
  readonly timeoutMs?: number | undefined;
}

/** Parameters of an address; those that are `undefined` are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Transport {
  /** @throws TulleRequestError for every answer that is not 2xx, and for none */
  send(request: TransportRequest): Promise<Response>;
  /** `send`, and the JSON of the answer. */
  json<Body>(request: TransportRequest): Promise<Body>;
}

export function createTransport(options: TransportOptions): Transport {
  const { key, timeoutMs = 30_000, parse = (text: string): unknown => JSON.parse(text) } = options;
  const origin = options.url.replace(/\/+$/, '');
  requireUsable(origin, key);
  const call = options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));
  const retry: RetryOptions = { attempts: 5, baseMs: 200, longestMs: 20_000, ...options.retry };

  async function attempt(request: TransportRequest): Promise<Response> {
    const { method, path, query, body } = request;
    const name = `${method} ${path}`;
    let response: Response;
    try {
      response = await call(origin + path + toSearch(query), {
        method,
        headers: { accept: 'application/json', ...request.headers, authorization: `Bearer ${key}` },
        redirect: 'manual',
        signal: AbortSignal.timeout(request.timeoutMs ?? timeoutMs),
        ...(body === undefined ? {} : { body }),
      });
    } catch (cause) {
      throw new TulleRequestError(name, 0, toUnreachable(origin, cause), { cause });
    }
    if (response.ok) return response;
    throw new TulleRequestError(name, response.status, await readProblem(response), {
      retryAfter: readRetryAfter(response.headers.get('retry-after'), Date.now()),
    });
  }

  async function send(request: TransportRequest): Promise<Response> {
    for (let made = 1; ; made += 1) {
      try {
        return await attempt(request);
      } catch (error) {
        if (!(error instanceof TulleRequestError) || made >= retry.attempts) throw error;
        if (!isRetried(error, request.idempotent ?? isIdempotent(request.method))) throw error;
        const delayMs = retryDelayMs(retry, made, error.retryAfter);
        if (delayMs === undefined) throw error;
        await pause(delayMs);
      }
    }
  }

  return {
    send,
    async json<Body>(request: TransportRequest) {
      const response = await send(request);
      const text = await response.text();
      return (text === '' ? undefined : parse(text)) as Body;
    },
  };
}

/** What would be refused deep inside of `fetch`, whose messages repeat it. */
function requireUsable(origin: string, key: string): void {
  const url = URL.parse(origin);
  if (url !== null && (url.username !== '' || url.password !== '')) {
    throw refusal('The address holds a user or a password.', 'Give the address alone: the key is sent beside it.');
  }
  if (!/^[\x21-\x7e]*$/.test(key)) {
    throw refusal('The key has characters that no key has.', 'Look for a line break, a space or a quote around it.');
  }
}

function refusal(detail: string, mend: string): TulleRequestError {
  return new TulleRequestError('', 0, { code: 'request_invalid', detail, mend });
}

function isIdempotent(method: string): boolean {
  return method === 'GET' || method === 'PUT' || method === 'DELETE';
}

function toSearch(query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function toUnreachable(origin: string, cause: unknown): Problem {
  const { name, message, cause: reason } = cause instanceof Error ? cause : new Error(String(cause));
  const why =
    name === 'TimeoutError' ? 'it did not answer in time' : reason instanceof Error ? reason.message : message;
  return {
    code: 'unreachable',
    detail: `${origin} cannot be reached: ${why}`,
    mend: 'Check the address, and that it runs.',
  };
}

async function readProblem(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => '');
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === 'object' && problem !== null) return problem;
  } catch {
    // Not from Tulle: something in front of it answered, and the status has to do.
  }
  return { detail: `The answer was ${response.status}, and no problem document: is this the address of a Tulle?` };
}

/** Seconds, from a number or a date (RFC 9110, 10.2.3). */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now) / 1_000);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

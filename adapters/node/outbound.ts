import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { isPublicAddress } from '../../mesh/delivery/address.ts';
import type { PostAnswer, PostRequest, Runtime } from '../../mesh/ports/runtime.ts';

/** Requests to the outside: the guard stands where a name becomes an address and the address is dialled. */
export interface Outbound {
  readonly fetch: Runtime['fetch'];
  readonly post: NonNullable<Runtime['post']>;
  close(): Promise<void>;
}

export interface OutboundOptions {
  /** Addresses that are not public: for development only. */
  readonly allowPrivateTargets: boolean;
  /** The system's resolver, unless a test brings its own. */
  readonly lookup?: LookupFunction;
}

const CONNECT_MS = 10_000;

export function createOutbound({ allowPrivateTargets, lookup = systemLookup }: OutboundOptions): Outbound {
  const connect = buildConnector({ timeout: CONNECT_MS, lookup: allowPrivateTargets ? lookup : publicOnly(lookup) });
  const agent = new Agent({
    // An address in the URL is dialled without a look-up.
    connect: (options, callback) => {
      if (allowPrivateTargets || isIP(options.hostname) === 0 || isPublicAddress(options.hostname)) {
        connect(options, callback);
      } else callback(refusal(options.hostname), null);
    },
  });
  const places = createPlaces();

  return {
    fetch: (request) => fetch(request, { dispatcher: agent } as RequestInit),
    post: (request) =>
      new Promise((resolve, reject) => {
        const { origin, path } = places(request.url);
        const { headers, body } = request;
        agent.dispatch(
          // One timer covers all of it.
          { origin, path, method: 'POST', headers, body, headersTimeout: 0, bodyTimeout: 0 },
          createHandler(request, resolve, reject),
        );
      }),
    close: () => agent.destroy(),
  };
}

/** Answers no address at all where one of them is not public: a second look-up could give that one. */
export function publicOnly(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found;
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) callback(error ?? unknown(hostname), '');
      else if (!addresses.every(({ address }) => isPublicAddress(address))) callback(refusal(hostname), '');
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** Gathers the start of one answer. The status is the target's word: what happens to the body later does not change it. */
function createHandler(
  { timeoutMs, answerBytes }: PostRequest,
  resolve: (answer: PostAnswer) => void,
  reject: (error: Error) => void,
): Dispatcher.DispatchHandler {
  let sending: Dispatcher.DispatchController | undefined;
  let head: Omit<PostAnswer, 'text'> | undefined;
  let ended = false;
  const chunks: Buffer[] = [];
  let left = answerBytes;
  const timer = setTimeout(() => {
    end(new DOMException(`no answer within ${timeoutMs / 1000} s`, 'TimeoutError'));
    sending?.abort(letGo);
  }, timeoutMs);

  function end(error: Error | undefined): void {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    if (head !== undefined) resolve({ ...head, text: chunks.length === 0 ? '' : Buffer.concat(chunks).toString() });
    else reject(error ?? new Error('the connection ended without an answer'));
  }

  return {
    onRequestStart(controller) {
      sending = controller;
      if (ended) controller.abort(letGo);
    },
    onResponseStart(_controller, status, headers) {
      // 1xx are no answers yet.
      if (status >= 200) head = { status, retryAfter: toText(headers['retry-after']) };
    },
    onResponseData(controller, chunk) {
      chunks.push(chunk.length > left ? chunk.subarray(0, left) : chunk);
      left -= chunk.length;
      if (left > 0) return;
      end(undefined);
      controller.abort(letGo);
    },
    onResponseEnd: () => end(undefined),
    onResponseError: (_controller, error) => end(error),
  };
}

const letGo = new Error('the rest of the answer is not read');

/** Parsed URLs of targets; there are few, and each is called again and again. */
function createPlaces(): (url: string) => { readonly origin: string; readonly path: string } {
  const known = new Map<string, { readonly origin: string; readonly path: string }>();
  return (url) => {
    let place = known.get(url);
    if (place === undefined) {
      const { origin, pathname, search } = new URL(url);
      place = { origin, path: pathname + search };
      if (known.size >= 1_000) known.clear();
      known.set(url, place);
    }
    return place;
  };
}

function toText(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

export function refusal(hostname: string): Error {
  return new Error(`${hostname} leads to an address that is not public`);
}

function unknown(hostname: string): Error {
  return new Error(`${hostname} has no address`);
}

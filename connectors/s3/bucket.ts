import { TulleError } from '../../event/error.ts';
import type { SourceContext } from '../../mesh/connector/source.ts';
import { parseRetryAfter } from '../../mesh/delivery/retry-after.ts';
import { type ListedObject, type ObjectList, readFailure, readList } from './answer.ts';
import { locate, type LocationOptions } from './location.ts';
import { createSigner, findKeys } from './sign.ts';

/** A bucket as a source reads it. */
export interface Bucket {
  readonly name: string;
  list(query: ListQuery): Promise<ObjectList>;
  /** Bytes of an object from `start`, at most so many. */
  read(object: Pick<ListedObject, 'key' | 'etag' | 'size'>, start: number, length: number): Promise<Read>;
  /** Requests that were made, and that may still be. */
  made(): number;
  left(): number;
}

export interface ListQuery {
  readonly prefix: string;
  readonly after?: string | undefined;
  readonly token?: string | undefined;
}

/** `changed`: there is another object of that key by now. `encoded`: what is answered is not what is stored. */
export type Read =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'changed' | 'gone' | 'encoded' };

/** A pull makes 50 requests at most (`createGuardedFetch`). */
const requests = 45;

/** Rejects with TulleError `unavailable` for what the service answers, `credential_unavailable`, `target_invalid`. */
export async function openBucket(options: LocationOptions, context: SourceContext<unknown>): Promise<Bucket> {
  const { fetch, signal, now, policy, authorize } = context;
  const location = locate(options, policy);
  const keys = await findKeys(options, location, { authorize, policy });
  const sign = createSigner({ location, keys, now });
  let made = 0;

  async function ask(parts: Omit<Parameters<typeof sign>[0], 'method'>): Promise<Response> {
    const { url, headers } = await sign({ method: 'GET', ...parts });
    made += 1;
    return fetch(url, { headers, signal, redirect: 'manual' });
  }

  async function fail(response: Response): Promise<never> {
    const { code, message } = readFailure(await response.text());
    const wait = parseRetryAfter(response.headers.get('retry-after'), now());
    // What Amazon says of the installation's role is not for tenants.
    const said = location.usesRole ? code : `${code} ${message}`.trim();
    const details = wait === undefined ? {} : { retryAfter: wait / 1000 };
    throw new TulleError(
      'unavailable',
      `the service answered ${response.status}${said === '' ? '' : `: ${said}`}`,
      details,
    );
  }

  return {
    name: location.bucket,
    made: () => made,
    left: () => requests - made,

    async list({ prefix, after, token }) {
      const response = await ask({
        query: {
          'list-type': '2',
          'encoding-type': 'url',
          prefix,
          ...(token === undefined ? {} : { 'continuation-token': token }),
          ...(after === undefined || after === '' || token !== undefined ? {} : { 'start-after': after }),
        },
      });
      if (!response.ok) return fail(response);
      return readList(await response.text());
    },

    async read({ key, etag, size }, start, length) {
      const end = Math.min(start + length, size);
      const headers = { range: `bytes=${start}-${end - 1}`, 'accept-encoding': 'identity', 'if-match': etag };
      // Only where it is needed: not every service knows the parameter.
      for (const query of [{}, { 'response-content-encoding': 'identity' }]) {
        const response = await ask({ key, headers, query });
        if (response.status === 404 || response.status === 412 || response.status === 416) {
          await response.body?.cancel();
          return { kind: response.status === 404 ? 'gone' : 'changed' };
        }
        if (!response.ok) return fail(response);
        const bytes = await readBytes(response);
        // Otherwise it was inflated on the way, or is all of the object.
        if (bytes?.length === end - start) return { kind: 'bytes', bytes };
      }
      return { kind: 'encoded' };
    },
  };
}

/** `undefined` where a part was taken for a whole, and could not be inflated. */
async function readBytes(response: Response): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    const cause: unknown = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_')) return undefined;
    throw error;
  }
}

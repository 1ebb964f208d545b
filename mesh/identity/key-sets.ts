import { TulleError } from '../../event/error.ts';
import { requireHttps } from '../connections/https.ts';
import { checkTargetUrl } from '../delivery/guard.ts';
import { readResponse } from '../delivery/response.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { TargetPolicy } from '../sink.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';
import type { Algorithm, IdentitySettings } from './settings.ts';
import type { JsonObject } from './token.ts';

/** The public keys of issuers, kept in the isolate. */
export interface KeySets {
  /**
   * The key that a token names; without `kid` the only one for its algorithm. Keys are read anew when they are old, behind
   * the answer, and when one is not known, at most twice a minute: who makes up names causes no more than that. Keys that
   * cannot be read anew are used for a day.
   *
   * Rejects with TulleError `credential_unavailable` where it is not known whether there is such a key.
   */
  find(
    source: Pick<IdentitySettings, 'issuer' | 'jwks'>,
    wanted: { readonly kid: string | undefined; readonly algorithm: Algorithm },
  ): Promise<PublicKey | undefined>;
}

export function createKeySets(
  runtime: Pick<Runtime, 'now' | 'fetch' | 'pause' | 'waitUntil'>,
  policy: TargetPolicy,
): KeySets {
  // A declared cache, bounded; the oldest goes first.
  const entries = new Map<string, Entry>();

  async function refresh(id: string, source: Pick<IdentitySettings, 'issuer' | 'jwks'>): Promise<void> {
    const { keys, readAt } = entries.get(id) ?? {};
    const before = { ...(keys && { keys }), ...(readAt !== undefined && { readAt }) };
    remember(entries, id, { ...before, triedAt: runtime.now(), isOut: true });
    try {
      const read = await readKeys(runtime, policy, source);
      const now = runtime.now();
      remember(entries, id, { keys: read, readAt: now, triedAt: now });
    } catch (error) {
      remember(entries, id, { ...before, triedAt: runtime.now(), failure: error });
      throw error;
    }
  }

  return {
    async find(source, wanted) {
      const id = source.jwks ?? `${source.issuer}\n`;
      for (;;) {
        const { keys, readAt = 0, triedAt = 0, isOut = false, failure } = entries.get(id) ?? {};
        const now = runtime.now();
        const sinceTry = now - triedAt;
        const isUsable = keys !== undefined && now - readAt < staleMs;
        const key = isUsable ? select(keys, wanted) : undefined;
        const isBeingRead = isOut && sinceTry < flightMs;
        if (key !== undefined) {
          if (now - readAt >= freshMs && sinceTry >= pauseMs) runtime.waitUntil(refresh(id, source));
          return key;
        }
        if (isBeingRead) {
          // Looked at again and again: Workers forbid one request to wait for another's promise.
          await runtime.pause(lookMs);
        } else if (failure !== undefined && sinceTry < (isUsable ? pauseMs : failureMs)) {
          throw failure;
        } else if (isUsable && sinceTry < pauseMs) {
          return undefined;
        } else {
          await refresh(id, source);
        }
      }
    },
  };
}

interface Entry {
  readonly keys?: readonly PublicKey[];
  /** When they were read; in milliseconds since the epoch, as all of these. */
  readonly readAt?: number;
  /** When that was last begun, or ended. */
  readonly triedAt: number;
  readonly isOut?: true;
  readonly failure?: unknown;
}

const entriesLimit = 200;
/** Issuers publish a new key hours before they sign with it; one that they take back is good for no longer than this. */
const freshMs = 600_000;
const staleMs = 86_400_000;
/** Between two tries while there are keys to go on with. */
const pauseMs = 30_000;
/** So long a failure is everybody's while there are none. */
const failureMs = 2_000;
const timeoutMs = 5_000;
/** Whoever asked has been cut off by now: two requests, and something over. */
const flightMs = 2 * timeoutMs + 1_000;
const lookMs = 20;
const answerLimit = 262_144;
const keysLimit = 100;

function select(
  keys: readonly PublicKey[],
  { kid, algorithm }: { readonly kid: string | undefined; readonly algorithm: Algorithm },
): PublicKey | undefined {
  const fitting = keys.filter((key) => key.algorithm === algorithm && (kid === undefined || key.kid === kid));
  return kid === undefined && fitting.length > 1 ? undefined : fitting[0];
}

async function readKeys(
  runtime: Pick<Runtime, 'fetch'>,
  policy: TargetPolicy,
  { issuer, jwks }: Pick<IdentitySettings, 'issuer' | 'jwks'>,
): Promise<readonly PublicKey[]> {
  let url = jwks;
  if (url === undefined) {
    // OpenID Connect Discovery, 4: the path goes behind the issuer, and the document has to name the issuer itself.
    const found = await getJson(runtime, policy, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (found['issuer'] !== issuer) throw failure('its configuration is that of another issuer');
    url = typeof found['jwks_uri'] === 'string' ? found['jwks_uri'] : '';
  }
  const { keys } = await getJson(runtime, policy, url);
  if (!Array.isArray(keys)) throw failure('it answered no set of keys');
  return keys.slice(0, keysLimit).flatMap((key) => readPublicKey(key) ?? []);
}

/** Redirects are not followed: what the guard has let pass is what is asked. */
async function getJson(runtime: Pick<Runtime, 'fetch'>, policy: TargetPolicy, url: string): Promise<JsonObject> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  try {
    requireHttps(checkTargetUrl(url, policy), policy);
    const headers = { accept: 'application/json', 'user-agent': 'Tulle/0.1' };
    const response = await runtime.fetch(new Request(url, { headers, redirect: 'manual', signal: abort.signal }));
    const text = await readResponse(response, answerLimit);
    if (response.status !== 200) throw failure(`it answered ${response.status}`);
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as JsonObject;
    throw failure('it answered no JSON object');
  } catch (error) {
    if (TulleError.is(error) && error.code === 'credential_unavailable') throw error;
    if (TulleError.is(error)) throw failure('its address is refused', error);
    if (error instanceof SyntaxError) throw failure('it answered no JSON, or too much', error);
    throw failure(abort.signal.aborted ? 'it did not answer in time' : 'it could not be reached', error);
  } finally {
    clearTimeout(timer);
  }
}

function failure(why: string, cause?: unknown): TulleError {
  return new TulleError('credential_unavailable', `The keys of the identity provider cannot be had: ${why}.`, {
    mend: 'Send the request again in a moment; look at the issuer and its keys.',
    retryAfter: 2,
    ...(cause === undefined ? {} : { cause }),
  });
}

function remember(entries: Map<string, Entry>, id: string, entry: Entry): void {
  entries.delete(id);
  entries.set(id, entry);
  if (entries.size <= entriesLimit) return;
  const [oldest] = entries.keys();
  if (oldest !== undefined) entries.delete(oldest);
}

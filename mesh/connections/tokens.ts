import { TulleError } from '../../event/error.ts';
import { checkTargetUrl } from '../delivery/guard.ts';
import { postByFetch } from '../delivery/post.ts';
import { readResponse } from '../delivery/response.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { TargetPolicy } from '../sink.ts';
import { requireHttps } from './https.ts';
import type { ClientCredentials } from './settings.ts';

/** Access tokens of OAuth 2.0 clients, kept in the isolate until shortly before they expire. */
export interface Tokens {
  /**
   * The token that is kept under `key`, or a new one; later than the `refused` one where that was not accepted. However
   * many ask at once, one request is made. Rejects with TulleError `credential_unavailable` where there is none to be had.
   */
  get(key: string, client: ClientCredentials & { readonly secret: string }, refused?: Token): Promise<Token>;
}

export interface Token {
  readonly text: string;
  /** Grows with every token: a server may give the same text again. */
  readonly number: number;
}

export function createTokens(runtime: Pick<Runtime, 'now' | 'fetch' | 'pause'>, policy: TargetPolicy): Tokens {
  // A declared cache, bounded; the oldest goes first.
  const entries = new Map<string, Entry>();
  let count = 0;

  async function ask(key: string, client: ClientCredentials & { readonly secret: string }): Promise<Token> {
    const before = entries.get(key);
    const flight = { startedAt: runtime.now() };
    remember(entries, key, { ...before, flight });
    try {
      const { text, seconds } = await requestToken(runtime, policy, client);
      count += 1;
      const kept = Math.max(1, seconds - Math.min(marginSeconds, seconds / 10));
      const token = { text, number: count };
      remember(entries, key, { token, until: runtime.now() + kept * 1000 });
      return token;
    } catch (error) {
      remember(entries, key, { ...before, failed: { error, at: runtime.now() } });
      throw error;
    }
  }

  return {
    async get(key, client, refused) {
      for (;;) {
        const { token, until = 0, failed, flight } = entries.get(key) ?? {};
        const now = runtime.now();
        if (token !== undefined && now < until && token.number > (refused?.number ?? 0)) return token;
        if (failed !== undefined && now - failed.at < failureMs) throw failed.error;
        if (flight === undefined || now - flight.startedAt > flightMs) return ask(key, client);
        // Looked at again and again: Workers forbid one request to wait for another's promise.
        await runtime.pause(lookMs);
      }
    },
  };
}

interface Entry {
  readonly token?: Token;
  readonly until?: number;
  readonly failed?: { readonly error: unknown; readonly at: number };
  readonly flight?: { readonly startedAt: number };
}

const entriesLimit = 1_000;
const timeoutMs = 10_000;
/** Whoever asked has been cut off by now. */
const flightMs = timeoutMs + 1_000;
const lookMs = 20;
/** So long a failure is everybody's. */
const failureMs = 1_000;
/** A token is renewed this long before it expires, or a tenth of its life where that is shorter. */
const marginSeconds = 60;
/** Where the server does not say how long a token lasts. */
const standardSeconds = 300;
const longestSeconds = 86_400;
const answerLimit = 65_536;

async function requestToken(
  runtime: Pick<Runtime, 'fetch'>,
  policy: TargetPolicy,
  client: ClientCredentials & { readonly secret: string },
): Promise<{ text: string; seconds: number }> {
  requireHttps(checkTargetUrl(client.tokenUrl, policy), policy);
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  if (client.scopes.length > 0) body.set('scope', client.scopes.join(' '));
  if (client.audience !== undefined) body.set('audience', client.audience);
  for (const [name, value] of Object.entries(client.parameters)) body.set(name, value);
  const headers: Record<string, string> = {
    'user-agent': 'Tulle/0.1',
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  };
  if (client.clientAuth === 'basic') {
    headers['authorization'] = `Basic ${btoa(`${formEncode(client.clientId)}:${formEncode(client.secret)}`)}`;
  } else {
    body.set('client_id', client.clientId);
    body.set('client_secret', client.secret);
  }
  const request = { url: client.tokenUrl, headers, body: body.toString(), timeoutMs };
  const { status, text } = await postByFetch(runtime, request, async (response) => ({
    status: response.status,
    text: await readResponse(response, answerLimit),
  })).catch((error: unknown) => {
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw failure(late ? `did not answer within ${timeoutMs / 1000} s` : 'could not be reached', error);
  });
  const answer = parse(text);
  if (status < 200 || status > 299) throw failure(`answered ${status}${sayCode(answer)}`);
  const { access_token: token, token_type: type = 'Bearer', expires_in: life } = answer;
  if (typeof token !== 'string' || !/^[!-~]{1,16384}$/.test(token)) throw failure('answered without a usable token');
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') throw failure('answered a token of another type');
  // Some servers send the number as a text.
  const seconds = typeof life === 'number' || (typeof life === 'string' && life !== '') ? Number(life) : Number.NaN;
  return { text: token, seconds: Number.isNaN(seconds) ? standardSeconds : Math.min(seconds, longestSeconds) };
}

/** RFC 6749, 2.3.1: both are form-encoded before they are joined, which also makes them ASCII. */
function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Only codes that are known (RFC 6749, 5.2; RFC 8707): anything else may repeat what was sent. */
const codes: ReadonlySet<unknown> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
  'access_denied',
  'server_error',
  'temporarily_unavailable',
]);

function sayCode({ error }: Readonly<Record<string, unknown>>): string {
  return codes.has(error) ? ` (${String(error)})` : '';
}

function failure(what: string, cause?: unknown): TulleError {
  return new TulleError('credential_unavailable', `the token endpoint ${what}`, {
    mend: 'Look at the token endpoint, and at the client of the connection.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function remember(entries: Map<string, Entry>, key: string, entry: Entry): void {
  entries.delete(key);
  entries.set(key, entry);
  if (entries.size <= entriesLimit) return;
  const [oldest] = entries.keys();
  if (oldest !== undefined) entries.delete(oldest);
}

import { AwsV4Signer } from 'aws4fetch';
import { TulleError } from '../../event/error.ts';
import type { Authorize } from '../../mesh/connections/authorize.ts';
import type { AccessKeys, TargetPolicy } from '../../mesh/sink.ts';
import { readAccessKeys } from './access-keys.ts';
import type { Location, LocationOptions } from './location.ts';

export interface SignedRequest {
  readonly url: string;
  readonly headers: Headers;
}

export interface RequestParts {
  readonly method: 'GET' | 'PUT';
  /** Of an object; empty for the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** Signs requests to one bucket by AWS's Signature Version 4, which all that speak S3 understand. */
export type Sign = (parts: RequestParts) => Promise<SignedRequest>;

export interface SignerOptions {
  readonly location: Location;
  readonly keys: AccessKeys;
  readonly now: () => number;
}

/** aws4fetch: 2.5 kB, nothing but `crypto.subtle`, the same on every platform. */
export function createSigner({ location, keys, now }: SignerOptions): Sign {
  const cache = new Map<string, ArrayBuffer>();
  return async ({ method, key = '', query = {}, headers = {}, body }) => {
    const search = Object.entries(query).map(([name, value]) => `${name}=${escapeUri(value)}`);
    const signer = new AwsV4Signer({
      ...keys,
      method,
      url: `${location.url}${pathOf(key)}${search.length === 0 ? '' : `?${search.join('&')}`}`,
      headers: { ...headers, 'x-amz-content-sha256': await hashOf(body) },
      service: 's3',
      region: location.region,
      datetime: new Date(now()).toISOString().replace(/[:-]|\.\d{3}/g, ''),
      cache,
    });
    const signed = await signer.sign();
    return { url: signed.url.href, headers: signed.headers };
  };
}

/**
 * Those of the connection, or the installation's own.
 * Rejects with TulleError `credential_unavailable`, `target_invalid`.
 */
export async function findKeys(
  { connection }: LocationOptions,
  { url }: Location,
  { authorize, policy }: { readonly authorize: Authorize | undefined; readonly policy: TargetPolicy },
): Promise<AccessKeys> {
  if (connection === undefined) {
    if (policy.role !== undefined) return policy.role.keys();
    throw new TulleError('credential_unavailable', 'this installation has no credentials of its own');
  }
  if (authorize === undefined) throw new TulleError('credential_unavailable', 'there are no connections here');
  const { headers } = await authorize(connection, { url, headers: {}, body: null });
  return readAccessKeys(connection, headers);
}

/** @throws TulleError `event_invalid` for a key that an address cannot have: it would lead elsewhere */
function pathOf(key: string): string {
  const parts = key.split('/');
  if (parts.some((part) => part === '.' || part === '..')) {
    throw new TulleError('event_invalid', 'An object whose key has . or .. between slashes cannot be addressed.');
  }
  return parts.map(escapeUri).join('/');
}

/** As signatures have it (RFC 3986). */
function escapeUri(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function hashOf(body: RequestParts['body']): Promise<string> {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? new Uint8Array());
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

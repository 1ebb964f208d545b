import { TulleError } from '../event/error.ts';
import type { Identities } from './identity/identities.ts';
import type { CredentialHeader } from './identity/settings.ts';
import { isToken, tokenMaxLength } from './identity/token.ts';
import { isAllowed, type Permission, type Role, rolesWith } from './roles.ts';
import type { Key } from './snapshot.ts';

/** Who asks: read from the credential and from nothing else. */
export interface Principal {
  readonly tenant: string;
  /** The id of the key, or for a token of an identity provider, its name and whom the token names: `entra:alice`. */
  readonly keyId: string;
  readonly role: Role;
  /** Names of the buses it may use, or `*`. */
  readonly buses: readonly string[];
}

/** Finds a key as it is stored: on the hot path in the bus's snapshot, in the admin API among the documents. */
export type KeyLookup = (tenant: string, keyId: string) => Key | undefined | Promise<Key | undefined>;

export interface AuthenticatorOptions {
  /** The operator's own key (`TULLE_ADMIN_KEY`): everything in the tenant `default`. Without it nobody is that. */
  readonly adminKey?: string | undefined;
  /** Takes tokens of identity providers; absent: API keys only. */
  readonly identities?: Identities | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface AuthenticateOptions {
  readonly acceptQuery?: boolean;
  /** An identity provider may be as it was some seconds ago: for the hot path, which waits for no storage. */
  readonly acceptOlder?: boolean;
}

export interface Authenticator {
  /**
   * Reads `Authorization: Bearer <key>`, a key or a token of an identity provider; with `acceptQuery` also
   * `?access_token=` (RFC 6750, 2.3; CloudEvents webhooks need it); without either what Cloudflare Access has added. The
   * lookup is asked at every call, so that a revoked key is refused as soon as the lookup lacks it.
   * @throws TulleError `authentication_required`, `request_invalid` when a request carries two credentials, or what
   * `Identities` throw
   */
  authenticate(request: Request, lookup: KeyLookup, options?: AuthenticateOptions): Promise<Principal>;
}

/** The tenant that the operator's own key belongs to. */
export const defaultTenant = 'default';

/** What the operator's own key is called; stored keys have 16 hexadecimal digits. */
export const operatorKeyId = 'operator';

/** Shorter operator keys are refused: 24 random letters and digits are more than 128 bits. */
export const adminKeyMinLength = 24;

/**
 * One per isolate. It remembers the digests of tokens that were found valid (at most `rememberedTokens`), so that the
 * hot path hashes nothing; what a token may do is looked up every time.
 */
export function createAuthenticator({ adminKey, identities, now }: AuthenticatorOptions): Authenticator {
  const digests = new Map<string, string>();
  const usableAdminKey = adminKey !== undefined && adminKey.length >= adminKeyMinLength ? adminKey : undefined;
  const adminIsNoKey = usableAdminKey !== undefined && isNoKey(usableAdminKey);
  // The text, not its promise: Workers forbid one request to wait for another's.
  let adminDigest: string | undefined;

  const remember = (token: string, digest: string): void => {
    if (digests.has(token)) return;
    if (digests.size >= rememberedTokens) {
      const [oldest] = digests.keys();
      if (oldest !== undefined) digests.delete(oldest);
    }
    digests.set(token, digest);
  };

  return {
    async authenticate(request, lookup, { acceptQuery = false, acceptOlder = false } = {}) {
      const { token, header } = readCredential(request, acceptQuery);
      const askIdentities = identities !== undefined && (header !== 'authorization' || isNoKey(token));
      // Nothing is hashed for tokens, unless the operator's key looks like one.
      if (askIdentities && (header !== 'authorization' || !adminIsNoKey)) {
        return identities.authenticate(token, { header, newest: !acceptOlder });
      }
      const digest = digests.get(token) ?? (await hashToken(token));

      if (usableAdminKey !== undefined) {
        adminDigest ??= await hashToken(usableAdminKey);
        if (equalDigests(digest, adminDigest)) {
          remember(token, digest);
          return { tenant: defaultTenant, keyId: operatorKeyId, role: 'admin', buses: ['*'] };
        }
      }

      if (askIdentities) return identities.authenticate(token, { header, newest: !acceptOlder });
      const address = parseToken(token);
      if (address === undefined) throw unknownKey(adminKeyHint(adminKey));
      const key = await lookup(address.tenant, address.keyId);
      if (key === undefined || !isSecretOf(key, digest, now())) throw unknownKey();
      if (key.expiresAt !== undefined && key.expiresAt <= now()) {
        throw new TulleError('authentication_required', 'The key has expired.', { mend: 'Create a new key.' });
      }
      remember(token, digest);
      return { tenant: address.tenant, keyId: key.id, role: key.role, buses: key.buses };
    },
  };
}

/**
 * Refuses a principal whose role or buses do not cover the work.
 * `bus` `*` asks for every bus of the tenant; without `bus` only the role counts.
 * @throws TulleError `permission_denied`
 */
export function requireAccess(principal: Principal, permission: Permission, bus?: string): void {
  if (!isAllowed(principal.role, permission)) {
    const able = rolesWith(permission).join(' or ');
    throw new TulleError('permission_denied', `This needs a key with the role ${able}.`, {
      mend: `Use such a key; this one is a ${principal.role}.`,
    });
  }
  if (bus !== undefined && !mayUse(principal, bus)) {
    const what = bus === '*' ? 'every bus' : `the bus ${bus}`;
    throw new TulleError('permission_denied', `The key is not for ${what}.`, {
      mend: `Use a key whose buses name ${bus === '*' ? '`*`' : `\`${bus}\` or \`*\``}.`,
    });
  }
}

export function mayUse(principal: Principal, bus: string): boolean {
  return principal.buses.includes('*') || principal.buses.includes(bus);
}

/** `tulle_<tenant>_<id>.<secret>`: names have no underscore, so that it splits in one way only. */
export function formatToken(tenant: string, keyId: string, secret: string): string {
  return `tulle_${tenant}_${keyId}.${secret}`;
}

/** SHA-256 of the whole token, in hex. Tokens carry 256 random bits, so a slow password hash would add nothing. */
export async function hashToken(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const rememberedTokens = 1_000;
const keyMaxLength = 512;
const accessHeader = 'cf-access-jwt-assertion';
const tokenShape = /^tulle_([a-z0-9][a-z0-9-]{0,62})_([a-z0-9]{1,32})\.[A-Za-z0-9_-]{32,128}$/;

function isNoKey(text: string): boolean {
  return text.length > keyMaxLength || isToken(text);
}

function parseToken(token: string): { tenant: string; keyId: string } | undefined {
  const [, tenant, keyId] = tokenShape.exec(token) ?? [];
  return tenant === undefined || keyId === undefined ? undefined : { tenant, keyId };
}

function readCredential(
  request: Request,
  acceptQuery: boolean,
): { readonly token: string; readonly header: CredentialHeader } {
  const header = request.headers.get('authorization');
  // The query is parsed only where it can hold a token: URL parsing costs more than the rest of this function.
  const query =
    acceptQuery && request.url.includes('access_token=') ? new URL(request.url).searchParams.get('access_token') : null;
  if (header !== null && query !== null) {
    throw new TulleError('request_invalid', 'The request carries two credentials.', {
      place: 'access_token',
      mend: 'Send the key in the Authorization header only.',
    });
  }
  const assertion = header === null && query === null ? request.headers.get(accessHeader) : null;
  if (assertion !== null) {
    requireSameSite(request);
    return { token: assertion, header: accessHeader };
  }
  const token = header === null ? query : /^Bearer +([^\s]+) *$/i.exec(header)?.[1];
  if (token == null || token === '' || token.length > tokenMaxLength) {
    throw new TulleError('authentication_required', 'The request carries no key.', {
      place: 'authorization',
      mend: 'Send the header `Authorization: Bearer <key>`.',
    });
  }
  return { token, header: 'authorization' };
}

/**
 * Cloudflare Access adds its token to whatever a browser with its cookie sends, also from a page of somebody else: such a
 * request may change nothing.
 */
function requireSameSite({ method, headers, url }: Request): void {
  if (method === 'GET' || method === 'HEAD') return;
  const site = headers.get('sec-fetch-site');
  if (site === 'same-origin' || site === 'none') return;
  // Older browsers say the origin only, and what is no browser neither. A proxy may have taken the https away.
  const origin = headers.get('origin');
  if (site === null && (origin === null || URL.parse(origin)?.host === new URL(url).host)) return;
  throw new TulleError('permission_denied', 'The request comes from a page of another site.', {
    place: 'origin',
    mend: 'Send it from a page of this installation, or with a key or token in the Authorization header.',
  });
}

/** The same answer whether the id or the secret is wrong. */
function unknownKey(hint = 'Check the key; it may have been revoked, or belong to another bus or tenant.'): TulleError {
  return new TulleError('authentication_required', 'The key is not valid here.', {
    place: 'authorization',
    mend: hint,
  });
}

/** A newcomer's first request fails here: say what to set. An outsider learns only that the door is shut. */
function adminKeyHint(adminKey: string | undefined): string | undefined {
  if (adminKey === undefined) return 'Set the secret TULLE_ADMIN_KEY of this installation and send it as the key.';
  if (adminKey.length < adminKeyMinLength) {
    return `TULLE_ADMIN_KEY is not accepted: it needs at least ${adminKeyMinLength} characters.`;
  }
  return undefined;
}

/** Its secret, or one before it whose time is not over. */
function isSecretOf({ hash, former = [] }: Key, digest: string, now: number): boolean {
  const valid = [hash, ...former.filter(({ until }) => until > now).map((secret) => secret.hash)];
  return valid.filter((known) => equalDigests(digest, known)).length > 0;
}

/** Looks at every character, so that the time tells nothing about the first difference. */
function equalDigests(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index += 1) difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}

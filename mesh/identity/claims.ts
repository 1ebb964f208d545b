import type { Principal } from '../authentication.ts';
import type { ClaimValue, Grant, IdentitySettings } from './settings.ts';
import { invalidToken, type JsonObject } from './token.ts';

/** Whom a token says it is for. @throws TulleError `authentication_required` */
export function readAddressees({ iss, aud }: JsonObject): {
  readonly issuer: string;
  readonly audiences: readonly string[];
} {
  const audiences = [aud].flat();
  const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= textLimit;
  if (isText(iss) && audiences.length > 0 && audiences.length <= audiencesLimit && audiences.every(isText)) {
    return { issuer: iss, audiences };
  }
  throw invalidToken('It does not say by whom and for whom it is.');
}

/**
 * The header may ask for nothing that is not done here, and name no other kind of token; keys that it carries or points
 * to (`jwk`, `jku`, `x5c`, `x5u`) are not looked at.
 * @throws TulleError `authentication_required`
 */
export function checkHeader({ crit, typ }: JsonObject): void {
  if (crit !== undefined) throw invalidToken('It asks for an extension (crit).');
  const kind = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
  // RFC 8725, 3.11: what is signed for another purpose, such as a logout, says so here.
  if (kind !== undefined && kind !== 'jwt' && kind !== 'at+jwt') throw invalidToken('It is of another kind (typ).');
}

/** @throws TulleError `authentication_required` */
export function checkClaims({ exp, nbf, iat, events, cnf }: JsonObject, now: number, leewaySeconds: number): void {
  const seconds = now / 1_000;
  if (!isNumber(exp)) throw invalidToken('It does not say when it ends (exp).');
  if (seconds >= exp + leewaySeconds) throw invalidToken('It has expired.');
  for (const start of [nbf, iat]) {
    if (start === undefined) continue;
    if (!isNumber(start)) throw invalidToken('A time of it is no number.');
    if (seconds < start - leewaySeconds) throw invalidToken('It is not valid yet; are both clocks right?');
  }
  // A logout or a security event (RFC 8417) is no leave to enter.
  if (events !== undefined) throw invalidToken('It tells of an event.');
  // RFC 9449 and 8705: it is worth something only with a proof that is not asked for here.
  if (cnf !== undefined) throw invalidToken('It is bound to a key (cnf).');
}

/** What it may do: the first of the grants whose claims it has. `undefined` where there is none. */
export function findGrant(grants: readonly Grant[], claims: JsonObject): Pick<Principal, 'role' | 'buses'> | undefined {
  return grants.find((grant) => {
    const wanted = Object.entries(grant.claims);
    return wanted.length > 0 && wanted.every(([name, values]) => holds(readClaim(claims, name), [values].flat()));
  });
}

/** Who asks, as the history has it: `entra:alice@example.com`. No key's id has a colon. */
export function nameOf({ name, subject }: IdentitySettings, claims: JsonObject): string {
  const texts = subject.map((claim) => readClaim(claims, claim)).filter((value) => typeof value === 'string');
  const who = texts.find((text) => text !== '') ?? 'somebody';
  return `${name}:${who.slice(0, nameLimit).replaceAll(/[\p{C}\p{Z}]+/gu, ' ')}`;
}

/** By its name, or where that starts with a slash by JSON Pointer; only what is its own. */
export function readClaim(claims: JsonObject, name: string): unknown {
  if (!name.startsWith('/')) return own(claims, name);
  let value: unknown = claims;
  for (const part of name.slice(1).split('/')) value = own(value, part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return value;
}

const textLimit = 512;
/** Keycloak names every client that a user has roles of; each is looked up, also for strangers. */
const audiencesLimit = 10;
const nameLimit = 128;

function holds(claim: unknown, wanted: readonly ClaimValue[]): boolean {
  const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return wanted.some((value) => values.includes(value));
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as JsonObject)[name];
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

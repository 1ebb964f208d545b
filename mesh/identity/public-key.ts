import type { Algorithm } from './settings.ts';
import type { JsonObject, Token } from './token.ts';

/** A key of an issuer (RFC 7517) that signatures can be verified with. */
export interface PublicKey {
  readonly kid: string | undefined;
  readonly algorithm: Algorithm;
  /** Only what makes up the public key. */
  readonly jwk: JsonWebKey;
  /** Imported when it is first used. */
  imported?: CryptoKey;
}

/** `undefined` for what is none of ours: another kind, for another use, private, or weak. */
export function readPublicKey(value: unknown): PublicKey | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kty, kid, use, alg, key_ops: uses, crv, n, e, x, y, d, k } = value as JsonObject;
  if (d !== undefined || k !== undefined) return undefined;
  if (use !== undefined && use !== 'sig') return undefined;
  if (uses !== undefined && !(Array.isArray(uses) && uses.includes('verify'))) return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  const keyOf = (algorithm: Algorithm, jwk: JsonWebKey, names: readonly unknown[] = [algorithm]) =>
    alg === undefined || names.includes(alg) ? { kid, algorithm, jwk } : undefined;
  if (kty === 'RSA' && isText(n, rsaShortest, rsaLongest) && isText(e, 1, 8)) return keyOf('RS256', { kty, n, e });
  if (kty === 'EC' && crv === 'P-256' && isText(x, 43, 43) && isText(y, 43, 43))
    return keyOf('ES256', { kty, crv, x, y });
  if (kty === 'OKP' && crv === 'Ed25519' && isText(x, 43, 43)) return keyOf('EdDSA', { kty, crv, x }, edwards);
  return undefined;
}

/** The algorithm that a header names. RFC 9864 calls Ed25519 by its own name. */
export function toAlgorithm(alg: unknown): Algorithm | undefined {
  if (alg === 'RS256' || alg === 'ES256') return alg;
  return edwards.includes(alg as string) ? 'EdDSA' : undefined;
}

/** The key decides about the algorithm: a token that names another one is not looked at with it. */
export async function isSignedBy(key: PublicKey, { signed, signature }: Token): Promise<boolean> {
  const { name, hash, namedCurve } = parameters[key.algorithm];
  try {
    key.imported ??= await crypto.subtle.importKey(
      'jwk',
      key.jwk,
      { name, ...(hash && { hash }), ...(namedCurve && { namedCurve }) },
      false,
      ['verify'],
    );
    return await crypto.subtle.verify({ name, ...(hash && { hash }) }, key.imported, signature, signed);
  } catch {
    // A key that is no point of its curve, a signature of another length: platforms differ in what they throw.
    return false;
  }
}

const edwards: readonly string[] = ['EdDSA', 'Ed25519'];

/** Characters of base64url: 2,048 bits (NIST SP 800-131A, RFC 7518, 3.3) to 8,192, which take a hundredth of a second. */
const rsaShortest = 342;
const rsaLongest = 1_368;

const parameters: Readonly<Record<Algorithm, { name: string; hash?: string; namedCurve?: string }>> = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
};

function isText(value: unknown, shortest: number, longest: number): value is string {
  return (
    typeof value === 'string' && value.length >= shortest && value.length <= longest && /^[A-Za-z0-9_-]+$/.test(value)
  );
}

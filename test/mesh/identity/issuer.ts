/** An issuer of tokens with real keys, as the tests need one: whatever is wrong with a token can be asked for. */
export interface Issuer {
  readonly url: string;
  /** What its JWKS address answers. */
  jwks(): { readonly keys: readonly object[] };
  /** What its OpenID configuration answers. */
  configuration(): object;
  /** Signs with a key, the newest where none is named; `header` and `claims` over what is usual. */
  sign(claims?: object, options?: SignOptions): Promise<string>;
  /** A new key, which signs from now on; those before stay in the JWKS until they are taken back. */
  rotate(algorithm?: TestAlgorithm): Promise<TestKey>;
  takeBack(kid: string): void;
}

export interface SignOptions {
  readonly header?: object;
  readonly key?: TestKey;
}

export type TestAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

export interface TestKey {
  readonly kid: string;
  readonly algorithm: TestAlgorithm;
  readonly pair: CryptoKeyPair;
  readonly jwk: JsonWebKey;
}

export interface IssuerOptions {
  readonly url?: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly algorithm?: TestAlgorithm;
}

export async function createIssuer({
  url = 'https://login.example.com',
  now,
  algorithm = 'ES256',
}: IssuerOptions): Promise<Issuer> {
  const keys: TestKey[] = [];
  const issuer: Issuer = {
    url,
    jwks: () => ({ keys: keys.map(({ jwk, kid, algorithm: alg }) => ({ ...jwk, kid, alg, use: 'sig' })) }),
    configuration: () => ({ issuer: url, jwks_uri: `${url}/keys` }),
    async sign(claims = {}, { header = {}, key = keys.at(-1) } = {}) {
      if (key === undefined) throw new Error('the issuer has no key');
      const seconds = Math.floor(now() / 1_000);
      const parts = [
        { alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header },
        { iss: url, aud: 'tulle', sub: 'alice', iat: seconds, exp: seconds + 300, ...claims },
      ];
      const signed = parts.map((part) => toBase64Url(new TextEncoder().encode(JSON.stringify(part)))).join('.');
      return `${signed}.${toBase64Url(await signBytes(key, new TextEncoder().encode(signed)))}`;
    },
    async rotate(next = algorithm) {
      const key = await createKey(next, `${next.toLowerCase()}-${keys.length + 1}`);
      keys.push(key);
      return key;
    },
    takeBack(kid) {
      keys.splice(
        keys.findIndex((key) => key.kid === kid),
        1,
      );
    },
  };
  await issuer.rotate();
  return issuer;
}

export async function createKey(algorithm: TestAlgorithm, kid: string, modulusLength = 2_048): Promise<TestKey> {
  const pair = (await crypto.subtle.generateKey(toParameters(algorithm, modulusLength), true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const { kty, n, e, crv, x, y } = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey;
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  return { kid, algorithm, pair, jwk: Object.fromEntries(members) as unknown as JsonWebKey };
}

export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

/** A part of a token as it stands in it. */
export function encodePart(value: unknown): string {
  return toBase64Url(new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)));
}

async function signBytes({ algorithm, pair }: TestKey, bytes: Uint8Array): Promise<Uint8Array> {
  const parameters = {
    RS256: { name: 'RSASSA-PKCS1-v1_5' },
    ES256: { name: 'ECDSA', hash: 'SHA-256' },
    EdDSA: { name: 'Ed25519' },
  }[algorithm];
  return new Uint8Array(await crypto.subtle.sign(parameters, pair.privateKey, new Uint8Array(bytes)));
}

function toParameters(algorithm: TestAlgorithm, modulusLength: number) {
  return {
    RS256: {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    EdDSA: { name: 'Ed25519' },
  }[algorithm];
}

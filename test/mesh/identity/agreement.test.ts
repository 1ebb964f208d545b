import fc from 'fast-check';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createIdentities } from '../../../mesh/identity/identities.ts';
import { createKeySets } from '../../../mesh/identity/key-sets.ts';
import { createIssuer, createKey, type Issuer, type TestAlgorithm, type TestKey } from './issuer.ts';

/** Whatever is done to a token, it is let in by us only where the package `jose` lets it in as well. */
const rounds = Number(process.env['TULLE_PROPERTY_ROUNDS'] ?? 300);
const now = 1_700_000_000_000;

let issuer: Issuer;
let stranger: TestKey;
const keys: TestKey[] = [];

beforeAll(async () => {
  issuer = await createIssuer({ now: () => now });
  for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const) keys.push(await issuer.rotate(algorithm));
  stranger = await createKey('ES256', 'es256-1');
});

const odd = fc.oneof(
  fc.constantFrom<unknown>('none', 'HS256', 'RS256', 'ES256', 'EdDSA', 'Ed25519', 'tulle', 'es256-1', 'rs256-2', 'JWT'),
  fc.constantFrom<unknown>(null, true, 0, 1_700_000_060, 1_699_999_000, 1_700_001_000, ['tulle'], ['b64'], [], {}),
);
/** Half of the time nothing. */
const members = (...names: string[]): fc.Arbitrary<object> =>
  fc.oneof(fc.constant({}), fc.dictionary(fc.constantFrom(...names), odd, { maxKeys: 2 }));
const changes = fc.record({
  signer: fc.nat(3),
  header: members('alg', 'kid', 'typ', 'crit', 'jwk', 'b64'),
  claims: members('iss', 'aud', 'exp', 'nbf', 'iat', 'sub'),
  cut: fc.option(fc.record({ at: fc.nat(2_000), by: fc.constantFrom('', 'A', '_', '.', '=') }), { freq: 2 }),
});

describe('tokens', () => {
  it('are let in where jose lets them in, and nowhere else but in what is documented', async () => {
    const identities = createIdentities({
      source: {
        find: async (iss, audience) =>
          iss === issuer.url && audience === 'tulle'
            ? {
                tenant: 'default',
                name: 'login',
                version: 1,
                issuer: issuer.url,
                audiences: ['tulle'],
                jwks: `${issuer.url}/keys`,
                algorithms: ['RS256', 'ES256', 'EdDSA'],
                leewaySeconds: 30,
                subject: ['sub'],
                header: 'authorization',
                access: [{ claims: { iss: issuer.url }, role: 'viewer', buses: ['*'] }],
              }
            : undefined,
        hasTenant: async () => false,
      },
      keySets: createKeySets(
        {
          now: () => now,
          pause: async () => {},
          fetch: async () => Response.json(issuer.jwks()),
          waitUntil: () => {},
        },
        { allowPrivateTargets: false },
      ),
      runtime: { now: () => now },
    });
    const jwks = createLocalJWKSet(issuer.jwks() as JSONWebKeySet);
    let both = 0;
    let ours = 0;
    await fc.assert(
      fc.asyncProperty(changes, async ({ signer, header, claims, cut }) => {
        const signed = await issuer.sign(claims, { header, key: keys[signer] ?? stranger });
        const token = cut === null ? signed : signed.slice(0, cut.at) + cut.by + signed.slice(cut.at + 1);
        const [own, reference] = await Promise.all([
          isTaken(() => identities.authenticate(token, { header: 'authorization', newest: true })),
          isTaken(() =>
            jwtVerify(token, jwks, {
              issuer: issuer.url,
              audience: 'tulle',
              algorithms: ['RS256', 'ES256', 'EdDSA', 'Ed25519'] satisfies (TestAlgorithm | 'Ed25519')[],
              clockTolerance: 29.5,
              currentDate: new Date(now),
              requiredClaims: ['exp'],
            }),
          ),
        ]);
        if (own) expect(reference, token).toBe(true);
        if (own) both += 1;
        else if (reference) ours += 1;
      }),
      { numRuns: rounds },
    );
    console.log(`${rounds} tokens: ${both} let in by both, ${ours} by jose only`);
    expect(both).toBeGreaterThan(rounds / 20);
    // What jose lets in and we do not: other kinds (typ), an iat of the future, a key of another `alg` spelling.
    expect(ours).toBeLessThan(rounds / 5);
  });
});

async function isTaken(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    return false;
  }
}

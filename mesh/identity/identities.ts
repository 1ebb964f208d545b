import { TulleError } from '../../event/error.ts';
import type { Principal } from '../authentication.ts';
import type { Runtime } from '../ports/runtime.ts';
import { checkClaims, checkHeader, findGrant, nameOf, readAddressees, readClaim } from './claims.ts';
import type { KeySets } from './key-sets.ts';
import { isSignedBy, toAlgorithm } from './public-key.ts';
import type { CredentialHeader, IdentitySettings } from './settings.ts';
import { invalidToken, readToken, type Token } from './token.ts';

/** Lets in who has a token of an identity provider. */
export interface Identities {
  /**
   * `newest`: by the documents as they are at this moment; else they may be some seconds old.
   * @throws TulleError `authentication_required`, `permission_denied`, `credential_unavailable`
   */
  authenticate(
    text: string,
    options: { readonly header: CredentialHeader; readonly newest: boolean },
  ): Promise<Principal>;
}

/** Where identity providers are found. */
export interface IdentitySource {
  /** The one that a pair of issuer and audience belongs to. */
  find(issuer: string, audience: string, newest: boolean): Promise<IdentitySettings | undefined>;
  hasTenant(tenant: string, newest: boolean): Promise<boolean>;
}

export interface IdentitiesOptions {
  readonly source: IdentitySource;
  readonly keySets: KeySets;
  readonly runtime: Pick<Runtime, 'now'>;
}

export function createIdentities({ source, keySets, runtime }: IdentitiesOptions): Identities {
  // A declared cache, bounded; the oldest goes first. What is remembered is what stands in a token, and that its signature
  // is right; what it may do is looked up every time.
  const proven = new Map<string, Proof>();

  /** One for all audiences: a token that several providers could take would be let in as whoever is asked first. */
  async function findIdentity({ claims }: Pick<Token, 'claims'>, newest: boolean): Promise<IdentitySettings> {
    const { issuer, audiences } = readAddressees(claims);
    const found = await Promise.all(audiences.map((audience) => source.find(issuer, audience, newest)));
    const known = found.filter((identity) => identity !== undefined);
    const [identity] = known;
    if (identity === undefined) {
      const mend = 'Set up an identity provider with the iss and aud of the token.';
      throw invalidToken('Nobody has set up its issuer and audience.', mend);
    }
    if (known.every(({ tenant, name }) => tenant === identity.tenant && name === identity.name)) return identity;
    throw invalidToken('Its audiences belong to several identity providers.');
  }

  async function prove(text: string, identity: IdentitySettings): Promise<void> {
    const of = `${identity.tenant}/${identity.name}/${identity.version}`;
    const known = proven.get(text);
    if (known !== undefined && known.of === of && runtime.now() < known.until) return;
    const token = readToken(text);
    const { alg, kid } = token.header;
    const algorithm = toAlgorithm(alg);
    if (algorithm === undefined || !identity.algorithms.includes(algorithm)) {
      throw invalidToken('Its algorithm (alg) is not taken.');
    }
    if (kid !== undefined && typeof kid !== 'string') throw invalidToken('Its key (kid) is no text.');
    const key = await keySets.find(identity, { kid, algorithm });
    if (key === undefined) throw invalidToken('The issuer has no such key (kid).');
    if (!(await isSignedBy(key, token))) throw invalidToken('Its signature is wrong.');
    proven.delete(text);
    if (proven.size >= provenLimit) {
      const [oldest] = proven.keys();
      if (oldest !== undefined) proven.delete(oldest);
    }
    const { header, claims } = token;
    proven.set(text, { header, claims, of, until: runtime.now() + provenMs });
  }

  async function tenantOf(identity: IdentitySettings, token: Pick<Token, 'claims'>, newest: boolean): Promise<string> {
    const { tenant, tenantClaim } = identity;
    if (tenantClaim === undefined) return tenant;
    const named = readClaim(token.claims, tenantClaim);
    if (typeof named === 'string' && tenantName.test(named) && (await source.hasTenant(named, newest))) return named;
    throw new TulleError('permission_denied', 'The token names no tenant of this installation.', {
      mend: 'The tenant has to be there, and the identity provider to name it in the claim that was agreed.',
    });
  }

  return {
    async authenticate(text, { header, newest }) {
      const token = proven.get(text) ?? readToken(text);
      checkHeader(token.header);
      const identity = await findIdentity(token, newest);
      if (identity.header !== header) throw invalidToken(`It is taken in the header ${identity.header} only.`);
      // Before its signature: what is over is refused without asking anybody for keys.
      checkClaims(token.claims, runtime.now(), identity.leewaySeconds);
      await prove(text, identity);
      const tenant = await tenantOf(identity, token, newest);
      const grant = findGrant(identity.access, token.claims);
      if (grant === undefined) {
        throw new TulleError('permission_denied', 'The token is good, but nothing in it grants access here.', {
          mend: `Add to \`access\` of the identity provider ${identity.name} what its claims may do.`,
        });
      }
      return { tenant, keyId: nameOf(identity, token.claims), role: grant.role, buses: grant.buses };
    },
  };
}

interface Proof extends Pick<Token, 'header' | 'claims'> {
  /** The identity provider by which it was proven, with its version. */
  readonly of: string;
  readonly until: number;
}

/** Tokens take some kilobytes. */
const provenLimit = 500;
/** After this a key that the issuer has taken back does not count any more. */
const provenMs = 60_000;
const tenantName = /^[a-z0-9][a-z0-9-]{0,62}$/;

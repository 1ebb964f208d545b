import { TulleError } from '../../event/error.ts';
import { defaultTenant } from '../authentication.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { TargetPolicy } from '../sink.ts';
import type { Snapshot } from '../snapshot.ts';
import { type Authorize, createAuthorize, type ConnectionSupport } from './authorize.ts';
import { createTokens } from './tokens.ts';
import type { Vault, VaultPlace } from './vault.ts';

/** What a tenant's rules and functions may use of secrets; decrypted in memory only. */
export interface Credentials {
  /** The tenant's own secrets; behind them the platform's, for the tenant `default` only. */
  secretsOf(scope: CredentialScope): Secrets;
  authorizeOf(scope: CredentialScope): Authorize;
}

/** A bus's snapshot. */
export type CredentialScope = Pick<Snapshot, 'tenant' | 'secrets' | 'connections'>;

export interface CredentialsOptions {
  readonly vault: Vault;
  /** The platform's own. */
  readonly secrets: Secrets;
  readonly policy: TargetPolicy;
  readonly runtime: Pick<Runtime, 'now' | 'fetch' | 'pause'>;
  readonly support?: ConnectionSupport;
}

export function createCredentials(options: CredentialsOptions): Credentials {
  const { vault, secrets: platform, runtime, policy, support = {} } = options;
  // A declared cache, bounded: what was decrypted, by its ciphertext, which is another in every version.
  const opened = new Map<string, string>();
  const tokens = createTokens(runtime, policy);

  async function open(sealed: string, place: VaultPlace): Promise<string> {
    const key = `${place.tenant}/${place.kind}/${place.name}/${sealed}`;
    const known = opened.get(key);
    if (known !== undefined) return known;
    const text = await vault.open(sealed, place);
    if (opened.size >= openedLimit) {
      const [oldest] = opened.keys();
      if (oldest !== undefined) opened.delete(oldest);
    }
    opened.set(key, text);
    return text;
  }

  return {
    secretsOf: ({ tenant, secrets }) => ({
      async get(name) {
        const own = secrets?.find((secret) => secret.name === name);
        if (own !== undefined) return open(own.sealed, { tenant, kind: 'secret', name });
        return tenant === defaultTenant ? platform.get(name) : undefined;
      },
    }),
    authorizeOf: ({ tenant, connections }) =>
      createAuthorize({
        tenant,
        find(name) {
          const connection = connections?.find((candidate) => candidate.name === name);
          if (connection !== undefined) return connection;
          // Admission knows the connections of every rule: this one went, or has not arrived yet.
          throw new TulleError('credential_unavailable', `there is no connection ${name.slice(0, 64)} now`, {
            mend: 'Create the connection, or correct its name.',
          });
        },
        open: (sealed, name) => open(sealed, { tenant, kind: 'connection', name }),
        tokens,
        runtime,
        policy,
        support,
      }),
  };
}

const openedLimit = 512;

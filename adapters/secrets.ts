import type { Secrets } from '../mesh/ports/secrets.ts';

/**
 * Secrets of an environment: the secret `crm-oauth` is the variable `TULLE_SECRET_CRM_OAUTH`. The prefix keeps a target
 * from naming anything else that the environment holds, such as the operator's key.
 */
export function createEnvironmentSecrets(env: object): Secrets {
  return {
    async get(name) {
      if (!isSecretName(name)) return undefined;
      const variable = `TULLE_SECRET_${name.toUpperCase().replaceAll('-', '_')}`;
      const value: unknown = Object.hasOwn(env, variable) ? Reflect.get(env, variable) : undefined;
      return typeof value === 'string' ? value : undefined;
    },
  };
}

/** Without an underscore, so that two names never meet in one variable; without a dot or slash, so that it is a file. */
export function isSecretName(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(name);
}

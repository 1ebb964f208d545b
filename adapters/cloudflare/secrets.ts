import type { Secrets } from '../../mesh/ports.ts';

/**
 * Secrets of the Worker: the secret `crm-oauth` is what `wrangler secret put TULLE_SECRET_CRM_OAUTH` set. The prefix
 * keeps a target from naming anything else that the Worker holds, such as its admin key.
 */
export function createWorkerSecrets(env: object): Secrets {
  return {
    async get(name) {
      if (!secretName.test(name)) return undefined;
      const variable = `TULLE_SECRET_${name.toUpperCase().replaceAll('-', '_')}`;
      const value: unknown = Object.hasOwn(env, variable) ? Reflect.get(env, variable) : undefined;
      return typeof value === 'string' ? value : undefined;
    },
  };
}

/** Without an underscore, so that two names never meet in one variable. */
const secretName = /^[a-z0-9][a-z0-9-]{0,62}$/;

import type { Secrets } from '../../mesh/ports/secrets.ts';

/** Secrets from an object of names and values. For tests and simulation. */
export function createMemorySecrets(values: Readonly<Record<string, string>> = {}): Secrets {
  const secrets = new Map(Object.entries(values));
  return {
    async get(name) {
      return secrets.get(name);
    },
  };
}

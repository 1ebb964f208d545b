import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secrets } from '../../mesh/ports/secrets.ts';
import { createEnvironmentSecrets, isSecretName } from '../secrets.ts';

export interface NodeSecretsOptions {
  readonly env: object;
  /** A folder with one file a secret, named as the secret is: how Docker and Kubernetes hand secrets out. */
  readonly folder?: string | undefined;
}

/** A file is read again after this, so that a rotated secret comes into use without a restart. */
const FRESH_MS = 10_000;

/** Secrets from files, and where there is no such file from `TULLE_SECRET_…` of the environment. */
export function createNodeSecrets({ env, folder }: NodeSecretsOptions): Secrets {
  const environment = createEnvironmentSecrets(env);
  const files = new Map<string, { readonly value: Promise<string | undefined>; readonly readAt: number }>();
  if (folder === undefined) return environment;

  function fromFile(directory: string, name: string): Promise<string | undefined> {
    const known = files.get(name);
    if (known !== undefined && Date.now() - known.readAt < FRESH_MS) return known.value;
    const value = readSecret(join(directory, name));
    files.set(name, { value, readAt: Date.now() });
    return value;
  }

  return {
    async get(name) {
      if (!isSecretName(name)) return undefined;
      return (await fromFile(folder, name)) ?? environment.get(name);
    },
  };
}

async function readSecret(path: string): Promise<string | undefined> {
  try {
    // Editors end a file with a line break.
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

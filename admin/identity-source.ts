import type { IdentitySource } from '../mesh/identity/identities.ts';
import type { IdentitySettings } from '../mesh/identity/settings.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import { documentKeys } from './document-keys.ts';
import { hasPair, type Pair, pairKey } from './identities.ts';
import { type IdentityDocument, toIdentitySettings } from './resources/identity.ts';
import { isTenant } from './resources/tenant.ts';

/**
 * Identity providers among the documents, kept in the isolate for whoever can do with some that are seconds old: one is
 * used while it is read again behind the answer, as snapshots are.
 */
export function createIdentitySource(
  documents: Documents,
  runtime: Pick<Runtime, 'now' | 'waitUntil'>,
): IdentitySource {
  async function readIdentity(issuer: string, audience: string): Promise<IdentitySettings | undefined> {
    const pair = (await documents.get(await pairKey(issuer, audience)))?.value as Pair | undefined;
    if (pair === undefined) return undefined;
    const stored = await documents.get(documentKeys.identity(pair.tenant, pair.name));
    const identity = stored?.value as IdentityDocument | undefined;
    if (stored === undefined || identity === undefined || !hasPair(identity, { issuer, audience })) return undefined;
    return toIdentitySettings(identity, pair.tenant, stored.version);
  }

  async function readTenant(tenant: string): Promise<true | undefined> {
    return isTenant((await documents.get(documentKeys.tenant(tenant)))?.value) ? true : undefined;
  }

  const identities = createMemory<IdentitySettings>(runtime);
  const tenants = createMemory<true>(runtime);
  return {
    find: (issuer, audience, newest) =>
      identities.get(JSON.stringify([issuer, audience]), newest, () => readIdentity(issuer, audience)),
    hasTenant: async (tenant, newest) => (await tenants.get(tenant, newest, () => readTenant(tenant))) === true,
  };
}

interface Memory<Value> {
  get(key: string, newest: boolean, read: () => Promise<Value | undefined>): Promise<Value | undefined>;
}

const freshMs = 5_000;
/** What nobody has asked for in so long may be long gone, and is read before it is used. */
const staleMs = 60_000;
const absentMs = 1_000;
const entriesLimit = 1_000;

function createMemory<Value>(runtime: Pick<Runtime, 'now' | 'waitUntil'>): Memory<Value> {
  // Declared caches, bounded; the oldest goes first. Strangers can ask for what is absent, and must not push out the rest.
  const present = new Map<string, { readonly value: Value; readAt: number }>();
  const absent = new Map<string, number>();

  return {
    async get(key, newest, read) {
      async function load(): Promise<Value | undefined> {
        const value = await read();
        if (value === undefined) {
          present.delete(key);
          remember(absent, key, runtime.now());
        } else {
          absent.delete(key);
          remember(present, key, { value, readAt: runtime.now() });
        }
        return value;
      }

      if (newest) return load();
      const entry = present.get(key);
      if (entry === undefined) {
        const missingSince = absent.get(key);
        return missingSince !== undefined && runtime.now() - missingSince < absentMs ? undefined : load();
      }
      const age = runtime.now() - entry.readAt;
      if (age < freshMs) return entry.value;
      if (age >= staleMs) return load();
      entry.readAt = runtime.now();
      runtime.waitUntil(load());
      return entry.value;
    },
  };
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= entriesLimit) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

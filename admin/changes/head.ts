import { TulleError } from '../../event/error.ts';
import type { Documents } from '../../mesh/ports/documents.ts';
import { documentKeys } from '../document-keys.ts';

/** How far a tenant's changes have come. Each may lag behind after a crash, and is never ahead. */
export interface Head {
  /** Every change up to this is carried out. */
  readonly done: number;
  /** Every change up to this is in the snapshots. */
  readonly published: number;
  /** The marks that changes up to this left of what they deleted are gone. */
  readonly swept: number;
}

export async function readHead(documents: Documents, tenant: string): Promise<Head> {
  return toHead((await documents.get(documentKeys.head(tenant)))?.value);
}

/** Before a tenant's first change, so that whoever looks after crashes knows of the tenant. */
export async function ensureHead(documents: Documents, tenant: string): Promise<void> {
  const key = documentKeys.head(tenant);
  if ((await documents.get(key)) !== undefined) return;
  try {
    await documents.put(key, toHead(undefined), 0);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** Moves it forward, never back. */
export async function advanceHead(documents: Documents, tenant: string, to: Partial<Head>): Promise<void> {
  const key = documentKeys.head(tenant);
  for (;;) {
    const stored = await documents.get(key);
    const present = toHead(stored?.value);
    const head: Head = {
      done: Math.max(present.done, to.done ?? 0),
      published: Math.max(present.published, to.published ?? 0),
      swept: Math.max(present.swept, to.swept ?? 0),
    };
    if (JSON.stringify(head) === JSON.stringify(present)) return;
    try {
      await documents.put(key, head, stored?.version ?? 0);
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

function toHead(value: unknown): Head {
  const { done = 0, published = 0, swept = 0 } = (value ?? {}) as Partial<Head>;
  return { done, published, swept };
}

function isConflict(error: unknown): boolean {
  return TulleError.is(error) && error.code === 'version_conflict';
}

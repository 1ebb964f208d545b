import type { Documents } from '../mesh/ports/documents.ts';
import type { Erasure } from '../mesh/ports/erasure.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import type { ShardPlace } from '../mesh/ports/shard.ts';
import type { ChangeOrder } from './changes/changes.ts';
import type { Staging } from './changes/staging.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { deletePairs } from './identities.ts';
import type { Publisher } from './publisher.ts';
import { reportFailure } from './report.ts';
import { resources } from './resources-table.ts';
import type { BusDocument } from './resources/bus.ts';
import type { IdentityDocument } from './resources/identity.ts';
import type { FormerTenant } from './resources/tenant.ts';

/**
 * Takes a tenant away. One change shuts every door: with it go the keys, the identity providers and the buses, and so the
 * snapshots. Everything else goes in bounded steps, which whoever comes next takes up where a crash left them. What stays
 * is the history of changes, and the name, which no other tenant gets.
 */
export interface TenantRemoval {
  /** Makes the first change. */
  begin(order: ChangeOrder): Promise<void>;
  /** Takes steps, at most so many; answers whether nothing is left of it. */
  goOn(tenant: string, steps: number): Promise<boolean>;
  /** For the tick of a clock: goes on with what is under way. */
  tick(): Promise<void>;
}

export interface TenantRemovalOptions {
  /** As everybody reads them. */
  readonly documents: Documents;
  readonly publisher: Publisher;
  readonly runtime: Runtime;
  /** Absent where logs cannot be erased: what they have expires by itself. */
  readonly erasure?: Erasure | undefined;
}

/** What is left to do, beside the documents that are there. */
interface Removal {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** The buses that it had, with their numbers of shards. */
  readonly logs: readonly { readonly bus: string; readonly shards: number }[];
}

export function createTenantRemoval({ documents, publisher, runtime, erasure }: TenantRemovalOptions): TenantRemoval {
  /** What lets somebody in, and what is told to the hot path. */
  async function shutDoors(staging: Staging, tenant: string): Promise<void> {
    for await (const { key } of walkDocuments(staging, documentKeys.keys(tenant))) await staging.delete(key);
    for await (const { key, value } of walkDocuments(staging, documentKeys.identities(tenant))) {
      await deletePairs(staging, tenant, value as IdentityDocument);
      await staging.delete(key);
    }
    for await (const { key } of walkDocuments(staging, documentKeys.buses(tenant))) await staging.delete(key);
  }

  /** Removes documents, as many as one step may; answers whether there were any. */
  async function removeSome(tenant: string): Promise<boolean> {
    const order = { tenant, by: 'system', why: 'the tenant is deleted' };
    const { change } = await publisher.change(order, async (staging) => {
      // Once more: somebody who was let in before may have added some.
      await shutDoors(staging, tenant);
      let count = 0;
      for (const prefix of configurationOf(tenant)) {
        for await (const { key } of walkDocuments(staging, prefix)) {
          if (count === documentsAtOnce) return;
          await staging.delete(key);
          count += 1;
        }
      }
    });
    return change !== undefined;
  }

  async function forgetSome(tenant: string): Promise<boolean> {
    for (const prefix of othersOf(tenant)) {
      const page = await documents.list(prefix, { limit: 100 });
      for (const { key } of page.items) await documents.delete(key);
      if (page.items.length > 0) return true;
    }
    return false;
  }

  /** Answers what is left to erase. */
  async function eraseSome(tenant: string, logs: Removal['logs']): Promise<Removal['logs']> {
    if (erasure === undefined) return [];
    const places = logs.flatMap(({ bus, shards }) =>
      Array.from({ length: shards }, (_, shard): ShardPlace => ({ tenant, bus, shard })),
    );
    // From behind, so that what is left of a bus are its first shards.
    for (const place of places.slice(-shardsAtOnce)) await erasure.erase(place);
    const left = Map.groupBy(places.slice(0, -shardsAtOnce), ({ bus }) => bus);
    return Array.from(left, ([bus, { length: shards }]) => ({ bus, shards }));
  }

  async function step(tenant: string): Promise<'done' | 'more' | 'later'> {
    const stored = await documents.get(documentKeys.removal(tenant));
    if (stored === undefined) return 'done';
    const { since, logs } = stored.value as Removal;
    if (await removeSome(tenant)) return 'more';
    // Until then somebody may still publish by a snapshot of before.
    if (logs.length > 0 && runtime.now() - since < quietMs) return 'later';
    if (await forgetSome(tenant)) return 'more';
    const left = await eraseSome(tenant, logs);
    const order = { tenant, by: 'system', why: 'the tenant is deleted' };
    await publisher.change(order, async (staging) => {
      if (left.length > 0) {
        await staging.put(stored.key, { since, logs: left } satisfies Removal);
        return;
      }
      await staging.delete(stored.key);
      const deleted = new Date(runtime.now()).toISOString();
      await staging.put(documentKeys.tenant(tenant), { kind: 'tenant', name: tenant, deleted } satisfies FormerTenant);
    });
    return left.length > 0 ? 'more' : 'done';
  }

  async function goOn(tenant: string, steps: number): Promise<boolean> {
    for (let taken = 0; taken < steps; taken += 1) {
      const outcome = await step(tenant);
      if (outcome !== 'more') return outcome === 'done';
    }
    return false;
  }

  return {
    goOn,
    async begin(order) {
      const { tenant } = order;
      await publisher.change(order, async (staging) => {
        const logs: { bus: string; shards: number }[] = [];
        for await (const { value } of walkDocuments(staging, documentKeys.buses(tenant))) {
          const { name, shards } = value as BusDocument;
          logs.push({ bus: name, shards });
        }
        await shutDoors(staging, tenant);
        const deleting = new Date(runtime.now()).toISOString();
        await staging.put(documentKeys.tenant(tenant), {
          kind: 'tenant',
          name: tenant,
          deleting,
        } satisfies FormerTenant);
        await staging.put(documentKeys.removal(tenant), { since: runtime.now(), logs } satisfies Removal);
      });
    },
    async tick() {
      const page = await documents.list(documentKeys.removals, { limit: removalsAtOnce });
      for (const { key } of page.items) {
        try {
          await goOn(key.slice(documentKeys.removals.length), stepsOfTick);
        } catch (error) {
          // One that cannot be taken away does not keep the others from it; the next tick tries again.
          reportFailure(runtime, error);
        }
      }
    },
  };
}

/** Snapshots in isolates are used for a minute, and Workers KV is behind for another. */
const quietMs = 150_000;
/** An invocation of a Worker may make 1,000 queries to D1, and each of these takes some. */
const documentsAtOnce = 200;
const shardsAtOnce = 50;
const stepsOfTick = 2;
const removalsAtOnce = 5;

/** Every kind of configuration: what is added to the table goes with the tenant. */
function configurationOf(tenant: string): readonly string[] {
  return resources.map(({ kind }) => `${kind}/${tenant}/`);
}

/** What is no configuration, and no change tells of: what was learnt, and what tasks of connectors keep. */
function othersOf(tenant: string): readonly string[] {
  return ['discovered', 'task', 'quarantine'].map((kind) => `${kind}/${tenant}/`);
}

import { TulleError } from '../event/error.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import type { Snapshots } from '../mesh/ports/snapshots.ts';
import type { Snapshot } from '../mesh/snapshot.ts';
import type { Change, ChangeEntry } from './changes/change.ts';
import { type ChangeOrder, type Changes, type Committed, createChanges, type Settled } from './changes/changes.ts';
import { advanceHead } from './changes/head.ts';
import { createLiveDocuments } from './changes/live-documents.ts';
import type { Staging } from './changes/staging.ts';
import { sweepDeleted } from './changes/sweep.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { reportFailure } from './report.ts';
import { buildSnapshot, type SnapshotContent } from './snapshot-builder.ts';
import { readStoredSnapshot } from './snapshot-reader.ts';

export interface PublisherOptions {
  /** The store itself, with the marks of what was deleted. */
  readonly documents: Documents;
  readonly snapshots: Snapshots;
  readonly runtime: Runtime;
  /** Called with what is now published, `undefined` for a bus that is gone; the isolate drops its older copy. */
  readonly onPublished?: ((tenant: string, bus: string, snapshot: Snapshot | undefined) => void) | undefined;
}

/**
 * Keeps the snapshot of a bus equal to the documents it is made of. The documents are the truth: a snapshot is built
 * from all of them, between two changes, stored as a document with compare-and-set, then put where the hot path reads it.
 */
export interface Publisher {
  /**
   * Makes a change, as `Changes.commit`, and publishes every bus that has to know.
   * A crash at any point leaves behind a change that is not marked as published, which `repair` finds.
   */
  change<Result>(order: ChangeOrder, plan: (staging: Staging) => Promise<Result>): Promise<Committed<Result>>;
  /** Finishes and publishes what crashed halfway; for the tick of a clock. Answers how many changes that were. */
  repair(): Promise<number>;
  readonly changes: Changes;
}

export function createPublisher({ documents, snapshots, runtime, onPublished }: PublisherOptions): Publisher {
  const changes = createChanges(documents, runtime);
  const live = createLiveDocuments(documents);

  /** Stores the snapshot; answers whether that changed it. */
  async function store(tenant: string, bus: string, known: number): Promise<boolean> {
    const key = documentKeys.snapshot(tenant, bus);
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      if (attempt > 0) await runtime.pause(runtime.random() * attempt * 5);
      const { sequence } = await changes.settle(tenant, known);
      const present = await documents.get(key);
      const content = await buildSnapshot(live, tenant, bus);
      // Somebody began to carry out the next change: what was read may be a mixture.
      if ((await changes.read(tenant, sequence + 1)) !== undefined) continue;
      try {
        if (content === undefined) return present !== undefined && (await documents.delete(key, present.version));
        if (present !== undefined && isSame(present.value as SnapshotContent, content)) return false;
        await documents.put(key, { publishedAt: runtime.now(), ...content }, present?.version ?? 0);
        return true;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
    throw busy();
  }

  /** Brings the hot path's store to what the document says, however many publishers do so at once. */
  async function spread(tenant: string, bus: string): Promise<Snapshot | undefined> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const snapshot = await readStoredSnapshot(documents, tenant, bus);
      if (snapshot === undefined) await snapshots.delete(tenant, bus);
      else await snapshots.put(snapshot);
      // Read again after the write: the last writer to come leaves the newest version behind.
      const newest = await documents.get(documentKeys.snapshot(tenant, bus));
      if (newest?.version === snapshot?.version) return snapshot;
    }
    throw busy();
  }

  async function publish(tenant: string, bus: string, known: number, again: boolean): Promise<void> {
    const changed = await store(tenant, bus, known);
    if (!changed && !again) return;
    const snapshot = await spread(tenant, bus);
    onPublished?.(tenant, bus, snapshot);
  }

  /**
   * Publishes every bus that a change up to `sequence` touched. `own` is a change that was only just made; whoever made
   * the others may have stored their snapshots and crashed before they were spread.
   */
  async function publishUpTo(tenant: string, { sequence, published }: Settled, own?: Change): Promise<void> {
    const again = new Map<string, boolean>();
    for (let number = published + 1; number <= sequence; number += 1) {
      const change = number === own?.sequence ? own : await changes.read(tenant, number);
      for (const bus of await busesOf(tenant, change?.entries ?? [])) {
        again.set(bus, change !== own || again.get(bus) === true);
      }
    }
    const buses = [...again];
    for (let start = 0; start < buses.length; start += publishedAtOnce) {
      const some = buses.slice(start, start + publishedAtOnce);
      await Promise.all(some.map(([bus, repeat]) => publish(tenant, bus, sequence, repeat)));
    }
    await advanceHead(documents, tenant, { done: sequence, published: sequence });
  }

  /** Every bus has to learn of what belongs to the tenant. */
  async function busesOf(tenant: string, entries: readonly ChangeEntry[]): Promise<ReadonlySet<string>> {
    const buses = new Set<string>();
    for (const { key } of entries) {
      const [kind = '', , bus = ''] = key.split('/');
      if (perBus.has(kind)) buses.add(bus);
      else if (!besidesSnapshots.has(kind)) {
        const prefix = documentKeys.buses(tenant);
        for await (const stored of walkDocuments(live, prefix)) buses.add(stored.key.slice(prefix.length));
      }
    }
    return buses;
  }

  async function repairTenant(tenant: string): Promise<number> {
    const settled = await changes.settle(tenant);
    const { sequence, published } = settled;
    if (sequence > published) await publishUpTo(tenant, settled);
    await sweepDeleted(documents, changes, tenant, runtime.now());
    return sequence - published;
  }

  return {
    changes,
    async change(order, plan) {
      const committed = await changes.commit(order, plan);
      if (committed.published >= committed.sequence) return committed;
      try {
        await publishUpTo(order.tenant, committed, committed.change);
      } catch (error) {
        // The change is made and cannot be taken back: it is told as done, and `repair` publishes it.
        reportFailure(runtime, error);
      }
      return committed;
    },
    async repair() {
      let repaired = 0;
      for await (const { key } of walkDocuments(documents, documentKeys.allHeads)) {
        try {
          repaired += await repairTenant(key.slice(documentKeys.allHeads.length));
        } catch (error) {
          // One tenant that cannot be published does not keep the others from it; the next tick tries again.
          reportFailure(runtime, error);
        }
      }
      return repaired;
    },
  };
}

/** Documents whose key names the bus that they belong to. */
const perBus: ReadonlySet<string> = new Set(['bus', 'rule', 'archive']);
/** Documents that no snapshot holds. */
const besidesSnapshots: ReadonlySet<string> = new Set(['identity', 'audience', 'removal']);
/** Publishers that meet each cost one another a round; more than this at once is not ordinary use. */
const maxAttempts = 32;
/** Workers allow six connections at once. */
const publishedAtOnce = 5;

function isSame(stored: Partial<Snapshot>, content: SnapshotContent): boolean {
  const { publishedAt: _publishedAt, ...present } = stored;
  return JSON.stringify(present) === JSON.stringify(content);
}

function isConflict(error: unknown): boolean {
  return TulleError.is(error) && error.code === 'version_conflict';
}

function busy(): TulleError {
  return new TulleError('unavailable', 'Too many changes of this bus at the same time.', {
    mend: 'Send the request again in a moment.',
    retryAfter: 1,
  });
}

import { TulleError } from '../event/error.ts';
import type { Documents, Runtime, Snapshots } from '../mesh/ports.ts';
import type { Snapshot } from '../mesh/snapshot.ts';
import { documentKeys, walkDocuments } from './document-keys.ts';
import { reportFailure } from './report.ts';
import { buildSnapshot, type SnapshotContent } from './snapshot-builder.ts';
import { readStoredSnapshot } from './snapshot-reader.ts';

export interface PublisherOptions {
  readonly documents: Documents;
  readonly snapshots: Snapshots;
  readonly runtime: Runtime;
  /** Called with what is now published, `undefined` for a bus that is gone; the isolate drops its older copy. */
  readonly onPublished?: ((tenant: string, bus: string, snapshot: Snapshot | undefined) => void) | undefined;
}

/**
 * Keeps the snapshot of a bus equal to the documents it is made of. The documents are the truth: a snapshot is built
 * from all of them, stored as a document with compare-and-set, then put where the hot path reads it.
 */
export interface Publisher {
  /**
   * Runs `write`, which changes documents, and publishes every bus that has to know: `bus`, or all with `*`.
   * A crash at any point leaves a mark behind, which `repair` finds.
   */
  change<Result>(tenant: string, bus: string, write: () => Promise<Result>): Promise<Result>;
  /** Publishes what the documents say; writes nothing when that is published already. */
  publish(tenant: string, bus: string): Promise<Snapshot | undefined>;
  /** Publishes again what crashed halfway; for the tick of a clock. Answers how many changes that were. */
  repair(): Promise<number>;
}

export function createPublisher({ documents, snapshots, runtime, onPublished }: PublisherOptions): Publisher {
  /** Stores the snapshot; answers whether that changed it. */
  async function store(tenant: string, bus: string): Promise<boolean> {
    const key = documentKeys.snapshot(tenant, bus);
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      // Read before the resources: whoever wins the compare-and-set has seen every change that was published before.
      const present = await documents.get(key);
      const content = await buildSnapshot(documents, tenant, bus);
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

  async function publish(tenant: string, bus: string, again: boolean): Promise<Snapshot | undefined> {
    const changed = await store(tenant, bus);
    if (!changed && !again) return readStoredSnapshot(documents, tenant, bus);
    const snapshot = await spread(tenant, bus);
    onPublished?.(tenant, bus, snapshot);
    return snapshot;
  }

  async function publishAll(tenant: string, bus: string, again: boolean): Promise<void> {
    if (bus !== '*') {
      await publish(tenant, bus, again);
      return;
    }
    const prefix = documentKeys.buses(tenant);
    const buses: string[] = [];
    for await (const { key } of walkDocuments(documents, prefix)) buses.push(key.slice(prefix.length));
    for (let start = 0; start < buses.length; start += publishedAtOnce) {
      const some = buses.slice(start, start + publishedAtOnce);
      await Promise.all(some.map((name) => publish(tenant, name, again)));
    }
  }

  /** Each change owns its mark alone, so that no other change can take it away. */
  async function mark(tenant: string, bus: string): Promise<{ key: string; version: number }> {
    const first = Math.floor(runtime.random() * markSlots);
    for (let attempt = 0; attempt < markSlots; attempt += 1) {
      const key = documentKeys.unpublished(tenant, bus, (first + attempt) % markSlots);
      try {
        return { key, version: await documents.put(key, { at: runtime.now() }, 0) };
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
    throw busy();
  }

  async function unmark(mark: { key: string; version: number }): Promise<void> {
    try {
      await documents.delete(mark.key, mark.version);
    } catch (error) {
      // `repair` was faster, and the slot may belong to another change by now.
      if (!isConflict(error)) throw error;
    }
  }

  return {
    async change(tenant, bus, write) {
      const own = await mark(tenant, bus);
      let result;
      try {
        result = await write();
      } catch (error) {
        // A refusal wrote nothing. After any other failure nobody knows, so the mark stays.
        if (TulleError.is(error) && error.fault === 'user') await unmark(own);
        throw error;
      }
      try {
        await publishAll(tenant, bus, false);
        await unmark(own);
      } catch (error) {
        // The change is stored and cannot be taken back: it is told as done, and `repair` publishes it.
        reportFailure(runtime, error);
      }
      return result;
    },
    publish: (tenant, bus) => publish(tenant, bus, false),
    async repair() {
      let repaired = 0;
      for await (const { key, value, version } of walkDocuments(documents, documentKeys.allUnpublished)) {
        // Younger ones are most likely still at work.
        if (runtime.now() - (value as { at: number }).at < repairAfterMs) continue;
        const [, tenant = '', bus = ''] = key.split('/');
        try {
          await publishAll(tenant, bus, true);
          await unmark({ key, version });
          repaired += 1;
        } catch (error) {
          // One bus that cannot be published does not keep the others from it; the next tick tries again.
          reportFailure(runtime, error);
        }
      }
      return repaired;
    },
  };
}

/** Publishers that meet each cost one another a round; more than this at once is not ordinary use. */
const maxAttempts = 32;
/** Workers allow six connections at once. */
const publishedAtOnce = 5;
const markSlots = 16;
const repairAfterMs = 60_000;

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

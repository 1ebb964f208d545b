import { type CompiledSnapshot, compileSnapshot } from './compiled-snapshot.ts';
import type { Runtime } from './ports.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Compiled snapshots, kept in the isolate. Whoever has one never waits for storage: an old one is used while a newer
 * one is fetched behind the answer. Whoever has none waits once.
 */
export interface SnapshotSource {
  get(tenant: string, bus: string): Promise<CompiledSnapshot | undefined>;
  /** For what was matched elsewhere: this version or a later one, `undefined` when the bus is gone. */
  atLeast(tenant: string, bus: string, version: number): Promise<CompiledSnapshot | undefined>;
  /** The next `get` reads again. */
  drop(tenant: string, bus: string): void;
}

/** Reads where snapshots are kept; with `atLeast`, from where they are certain. */
export interface SnapshotReader {
  read(tenant: string, bus: string, options?: { atLeast?: number }): Promise<Snapshot | undefined>;
}

/** After this an entry is read again, in the background. */
const FRESH_MS = 5_000;
/** A bus that is not there is asked for again after this, by the one who asks. */
const ABSENT_MS = 1_000;
const MAX_ENTRIES = 1_000;

interface Entry {
  readonly compiled: CompiledSnapshot | undefined;
  readAt: number;
}

export function createSnapshotSource(reader: SnapshotReader, runtime: Runtime): SnapshotSource {
  const entries = new Map<string, Entry>();

  // No promise is shared between requests: Workers forbid waiting for another request's I/O.
  async function load(tenant: string, bus: string, atLeast?: number) {
    const key = `${tenant}/${bus}`;
    const snapshot = await reader.read(tenant, bus, atLeast === undefined ? {} : { atLeast });
    const present = entries.get(key)?.compiled;
    const known = present !== undefined && snapshot !== undefined && snapshot.version <= present.snapshot.version;
    const compiled = known ? present : snapshot && compileSnapshot(snapshot);
    entries.delete(key);
    entries.set(key, { compiled, readAt: runtime.now() });
    if (entries.size > MAX_ENTRIES) for (const oldest of entries.keys()) return (entries.delete(oldest), compiled);
    return compiled;
  }

  return {
    async get(tenant, bus) {
      const entry = entries.get(`${tenant}/${bus}`);
      if (entry === undefined) return load(tenant, bus);
      const age = runtime.now() - entry.readAt;
      if (entry.compiled === undefined) return age < ABSENT_MS ? undefined : load(tenant, bus);
      if (age >= FRESH_MS) {
        entry.readAt = runtime.now();
        runtime.waitUntil(load(tenant, bus));
      }
      return entry.compiled;
    },
    async atLeast(tenant, bus, version) {
      const compiled = await this.get(tenant, bus);
      if (compiled !== undefined && compiled.snapshot.version >= version) return compiled;
      return load(tenant, bus, version);
    },
    drop(tenant, bus) {
      entries.delete(`${tenant}/${bus}`);
    },
  };
}

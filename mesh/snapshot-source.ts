import { TulleError } from '../event/error.ts';
import { type CompiledSnapshot, compileSnapshot } from './compiled-snapshot.ts';
import type { Runtime } from './ports/runtime.ts';
import type { SchemaGate } from './schema-gate.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Compiled snapshots, kept in the isolate. Whoever has one never waits for storage: an old one is used while a newer
 * one is fetched behind the answer. Whoever has none waits once.
 */
export interface SnapshotSource {
  get(tenant: string, bus: string): Promise<CompiledSnapshot | undefined>;
  /** For what was matched elsewhere: this version or a later one, `undefined` when the bus is gone. */
  atLeast(tenant: string, bus: string, version: number): Promise<CompiledSnapshot | undefined>;
  /** As the documents have it at this moment. */
  newest(tenant: string, bus: string): Promise<CompiledSnapshot | undefined>;
  /** The next `get` reads again. */
  drop(tenant: string, bus: string): void;
}

/** Reads where snapshots are kept; with `atLeast`, from where they are certain. */
export interface SnapshotReader {
  read(tenant: string, bus: string, options?: { atLeast?: number }): Promise<Snapshot | undefined>;
}

/** `createSchemaGate`, at once or when it is loaded. */
export type OpenGate = (snapshot: Snapshot) => SchemaGate | undefined | Promise<SchemaGate | undefined>;

/** After this an entry is read again, in the background. */
const FRESH_MS = 5_000;
/** An entry that nobody has asked for in so long is not used before it was read again: rules may be long gone. */
const STALE_MS = 60_000;
/** A bus that is not there is asked for again after this, by the one who asks. */
const ABSENT_MS = 1_000;
const MAX_ENTRIES = 1_000;
/** No storage is asked for anything else that stands in an address: KV refuses keys of over 512 bytes. */
const busName = /^[a-z0-9][a-z0-9-]{0,62}$/;

interface Entry {
  readonly compiled: CompiledSnapshot;
  readAt: number;
}

/** `openGate` is asked for buses that look at schemas only, so that a platform which pays for what it loads need not have it. */
export function createSnapshotSource(reader: SnapshotReader, runtime: Runtime, openGate: OpenGate): SnapshotSource {
  const entries = new Map<string, Entry>();
  /** When a bus was last found missing. Apart from the entries: strangers can ask for any name, and must not evict them. */
  const absent = new Map<string, number>();

  // No promise is shared between requests: Workers forbid waiting for another request's I/O.
  async function load(tenant: string, bus: string, atLeast?: number): Promise<CompiledSnapshot | undefined> {
    const key = `${tenant}/${bus}`;
    const snapshot = await reader.read(tenant, bus, atLeast === undefined ? {} : { atLeast });
    if (snapshot === undefined) {
      entries.delete(key);
      remember(absent, key, runtime.now());
      return undefined;
    }
    const schemas = snapshot.settings.schemas === undefined ? undefined : await openGate(snapshot);
    const present = entries.get(key)?.compiled;
    const newer = present === undefined || snapshot.version > present.snapshot.version;
    const compiled = newer ? compileSnapshot(snapshot, schemas) : present;
    absent.delete(key);
    remember(entries, key, { compiled, readAt: runtime.now() });
    return compiled;
  }

  async function get(tenant: string, bus: string): Promise<CompiledSnapshot | undefined> {
    const key = `${tenant}/${bus}`;
    const entry = entries.get(key);
    if (entry === undefined) {
      if (!busName.test(bus)) return undefined;
      const missingSince = absent.get(key);
      if (missingSince !== undefined && runtime.now() - missingSince < ABSENT_MS) return undefined;
      return load(tenant, bus);
    }
    const age = runtime.now() - entry.readAt;
    if (age < FRESH_MS) return entry.compiled;
    if (age < STALE_MS) entry.readAt = runtime.now();
    const loading = load(tenant, bus);
    runtime.waitUntil(loading);
    // Better an old one than none, when storage fails.
    return age < STALE_MS ? entry.compiled : loading.catch(() => entry.compiled);
  }

  return {
    get,
    async atLeast(tenant, bus, version) {
      const known = await get(tenant, bus);
      if (known !== undefined && known.snapshot.version >= version) return known;
      const compiled = await load(tenant, bus, version);
      if (compiled === undefined || compiled.snapshot.version >= version) return compiled;
      throw new TulleError('unavailable', `version ${version} of the bus ${bus} is not to be had yet`);
    },
    async newest(tenant, bus) {
      return busName.test(bus) ? load(tenant, bus, Number.POSITIVE_INFINITY) : undefined;
    },
    drop(tenant, bus) {
      entries.delete(`${tenant}/${bus}`);
      absent.delete(`${tenant}/${bus}`);
    },
  };
}

/** Newest last; the oldest goes when there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_ENTRIES) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

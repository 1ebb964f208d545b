import { TulleError } from '../event/error.ts';
import { dataContentType, dataValue } from '../event/data.ts';
import type { Event } from '../event/event.ts';
import { isJsonMediaType } from '../event/attribute-formats.ts';
import { inferSchema, type InferredSchema, mergeInferred } from '../functions/schema/infer.ts';
import type { Discovery } from '../mesh/ingress.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import { documentKeys } from './document-keys.ts';

/** What was learnt of one type of events of a bus. No value of any event is in it. */
export interface DiscoveredDocument {
  readonly type: string;
  /** Events that were looked at, not all that came. */
  readonly samples: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly schema: InferredSchema;
}

/**
 * Infers schemas in the isolate and stores what is new behind the answer: at most one write a type and minute. What an
 * isolate has learnt since its last write goes with it.
 */
export function createDiscovery(documents: Documents, runtime: Runtime): Discovery {
  const learnt = new Map<string, Learnt>();

  function look(tenant: string, bus: string, event: Event): Learnt | undefined {
    const { type } = event.attributes;
    if (type.length > longestType || !isJson(event)) return undefined;
    const key = `${tenant}/${bus}/${type}`;
    let entry = learnt.get(key);
    if (entry === undefined) {
      if (learnt.size >= mostTypes) return undefined;
      entry = { tenant, bus, type, pending: undefined, samples: 0, writtenAt: -Infinity };
      learnt.set(key, entry);
    }
    if (entry.samples < mostSamples) {
      entry.samples += 1;
      entry.pending = inferSchema(entry.pending, dataValue(event));
    }
    return entry;
  }

  async function store(entry: Learnt): Promise<void> {
    const { tenant, bus, type, pending, samples } = entry;
    if (pending === undefined) return;
    entry.pending = undefined;
    entry.samples = 0;
    entry.writtenAt = runtime.now();
    const key = documentKeys.discoveredType(tenant, bus, await idOf(type));
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const present = await documents.get(key);
      const known = present?.value as DiscoveredDocument | undefined;
      if (known === undefined && (await isFull(tenant, bus))) return;
      const schema = mergeInferred(known?.schema, pending);
      // A write costs money: what is known already is not written again.
      if (known !== undefined && JSON.stringify(known.schema) === JSON.stringify(schema)) return;
      const now = new Date(runtime.now()).toISOString();
      const firstSeen = known?.firstSeen ?? now;
      const document = { type, samples: (known?.samples ?? 0) + samples, firstSeen, lastSeen: now, schema };
      try {
        await documents.put(key, document satisfies DiscoveredDocument, present?.version ?? 0);
        return;
      } catch (error) {
        if (!TulleError.is(error) || error.code !== 'version_conflict') throw error;
      }
    }
    // Another isolate is as busy with this type: what was learnt waits for the next minute.
    entry.pending = mergeInferred(entry.pending, pending);
  }

  async function isFull(tenant: string, bus: string): Promise<boolean> {
    const { items } = await documents.list(documentKeys.discovered(tenant, bus), { limit: mostTypesOfBus });
    return items.length >= mostTypesOfBus;
  }

  return {
    observe(tenant, bus, events) {
      const touched = new Set<Learnt>();
      for (const event of events) {
        const entry = look(tenant, bus, event);
        if (entry !== undefined) touched.add(entry);
      }
      for (const entry of touched) {
        if (runtime.now() - entry.writtenAt >= writeEveryMs) runtime.waitUntil(store(entry));
      }
    },
  };
}

interface Learnt {
  readonly tenant: string;
  readonly bus: string;
  readonly type: string;
  /** Since the last write. */
  pending: InferredSchema | undefined;
  samples: number;
  writtenAt: number;
}

const writeEveryMs = 60_000;
/** Of one type between two writes. */
const mostSamples = 100;
const longestType = 256;
/** In one isolate, of all buses. */
const mostTypes = 500;
export const mostTypesOfBus = 100;
const maxAttempts = 3;

function isJson(event: Event): boolean {
  return event.data?.member === 'data' && isJsonMediaType(dataContentType(event) ?? '');
}

/** Names of documents hold no free text. */
async function idOf(type: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(type));
  return Array.from(new Uint8Array(digest, 0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

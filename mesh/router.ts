import type { Event } from '../event/event.ts';
import type { CompiledSnapshot } from './compiled-snapshot.ts';
import { type DeliveryPlan, encodeEnvelope, type PlannedEvent, type Receipt } from './envelope.ts';

/** What becomes of one request's events: no I/O happens here. */
export interface Plan {
  /** How many rules matched, an event each. */
  readonly matched: readonly number[];
  /** What each shard has to take; an event that no rule matched is nowhere in it. */
  readonly messages: ReadonlyMap<number, readonly string[]>;
}

/** UTF-16 units in a message, unless a single event is larger. */
export const MESSAGE_LENGTH = 500_000;

/**
 * Matches every event against all rules of the bus and plans the deliveries. Events with a `partitionkey` go to the
 * shard of their key, all others of the request together to the shard that `random` (in [0, 1)) picks.
 */
export function route(compiled: CompiledSnapshot, events: readonly Event[], receipt: Receipt, random: number): Plan {
  const { tenant, bus, version, settings } = compiled.snapshot;
  const matched: number[] = [];
  const shards = new Map<number, PlannedEvent[]>();
  const anyShard = Math.floor(random * settings.shards);
  for (const [index, event] of events.entries()) {
    const rules = compiled.match(event);
    matched.push(rules.length);
    if (rules.length === 0) continue;
    const deliveries: readonly DeliveryPlan[] =
      rules.length === 1 && rules[0] !== undefined ? rules[0].deliveries : rules.flatMap((rule) => rule.deliveries);
    const key = event.attributes['partitionkey'];
    const shard = typeof key === 'string' && settings.shards > 1 ? hash(key) % settings.shards : anyShard;
    const planned = { event, receipt, index, deliveries };
    const sameShard = shards.get(shard);
    if (sameShard === undefined) shards.set(shard, [planned]);
    else sameShard.push(planned);
  }
  const messages = new Map<number, readonly string[]>();
  for (const [shard, planned] of shards) {
    messages.set(
      shard,
      toChunks(planned).map((chunk) => encodeEnvelope({ tenant, bus, version, attempts: 0, events: chunk })),
    );
  }
  return { matched, messages };
}

/** Splits by length, so that a message fits into a queue's row. */
export function toChunks(events: readonly PlannedEvent[]): PlannedEvent[][] {
  const chunks: PlannedEvent[][] = [];
  let chunk: PlannedEvent[] = [];
  let length = 0;
  for (const planned of events) {
    if (chunk.length > 0 && length + planned.event.json.length > MESSAGE_LENGTH) {
      chunks.push(chunk);
      chunk = [];
      length = 0;
    }
    chunk.push(planned);
    length += planned.event.json.length;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

/** FNV-1a, 32 bits: spreads keys over shards, the same on every platform. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

import type { Event } from '../event/event.ts';
import type { CompiledRule, CompiledSnapshot, Matched } from './compiled-snapshot.ts';
import { type DeliveryPlan, encodeEnvelope, type PlannedEvent, type Receipt } from './envelope.ts';
import { hash } from './hash.ts';
import { hasHome, type LaneMessage, targetOfLane } from './lane.ts';
import type { Entries } from './ports/queue.ts';
import type { ShardAddress } from './ports/shard.ts';
import type { EnvelopeCodec } from './recent-envelopes.ts';
import type { SecondQueue, Snapshot } from './snapshot.ts';

/** What becomes of one request's events: no I/O happens here. */
export interface Plan {
  /** How many rules matched, an event each. */
  readonly matched: readonly number[];
  /** What each shard has to take; an event that no rule matched is nowhere in it, unless it is kept. */
  readonly shards: ReadonlyMap<number, ShardPlan>;
}

export interface ShardPlan extends Entries {
  readonly laned: readonly LaneMessage[];
}

type Encode = EnvelopeCodec['encode'];

/** UTF-16 units in a message, unless a single event is larger. */
export const MESSAGE_LENGTH = 500_000;
/** Queues bills every 64 KB of a message as one, and takes 128. */
const QUEUES_MESSAGE_LENGTH = 60_000;

/**
 * Matches every event against all rules of the bus and plans the deliveries. Events with a `partitionkey` go to the
 * shard of their key, all others of the request together to the shard that `random` (in [0, 1)) picks. Deliveries that
 * wait in a target's lane go to the lane's shard: its rate is kept in one place.
 */
export function route(
  compiled: CompiledSnapshot,
  events: readonly Event[],
  receipt: Receipt,
  random: number,
  encode: Encode = encodeEnvelope,
): Plan {
  const { settings } = compiled.snapshot;
  const matched: number[] = [];
  const shards = new Map<number, Drafts>();
  const anyShard = Math.floor(random * settings.shards);
  for (const event of events) {
    const index = matched.length;
    const found = compiled.match(event);
    matched.push(found.rules.length);
    draft(shards, found, { event, receipt, index }, settings.shards, anyShard);
  }
  const plans = new Map<number, ShardPlan>();
  for (const [shard, drafts] of shards) {
    plans.set(shard, encodeDrafts(compiled.snapshot, drafts, settings.queue, encode));
  }
  return { matched, shards: plans };
}

/** Plans one event's deliveries. Without a `partitionkey` it goes to the shard `home`. */
export function draft(
  shards: Map<number, Drafts>,
  { rules, isKept, isRecorded }: Matched,
  about: Omit<PlannedEvent, 'deliveries'>,
  count: number,
  home: number,
): void {
  if (rules.length === 0 && !isKept && !isRecorded) return;
  const { event } = about;
  const key = event.attributes['partitionkey'];
  const shard = typeof key === 'string' && count > 1 ? hash(key) % count : home;
  const { direct, laned } = split(rules, event);
  const plan = (deliveries: readonly DeliveryPlan[]): PlannedEvent => ({ ...about, deliveries });
  if (direct.length > 0 || isKept || isRecorded) {
    const others = laned.length === 0 ? {} : { laned: laned.map(({ delivery }) => delivery) };
    const drafts = draftsOf(shards, shard);
    (isKept ? drafts.archived : drafts.direct).push({ ...plan(direct), ...others });
  }
  for (const { delivery, lane } of laned) {
    addLaned(draftsOf(shards, hasHome(lane) ? hash(targetOfLane(lane)) % count : shard), lane, plan([delivery]));
  }
}

/** What a shard is to take, before it is encoded. */
export interface Drafts {
  readonly direct: PlannedEvent[];
  readonly archived: PlannedEvent[];
  readonly laned: Map<string, PlannedEvent[]>;
}

export function toAddress({ snapshot, archiveSeconds }: CompiledSnapshot, shard: number): ShardAddress {
  const { tenant, bus, settings } = snapshot;
  const { retentionSeconds, queue } = settings;
  return {
    tenant,
    bus,
    shard,
    retentionSeconds,
    ...(archiveSeconds === undefined ? {} : { archiveSeconds }),
    ...(queue === undefined ? {} : { queue }),
  };
}

/** Splits by length, so that a message fits into a row of the log, or into the bus's queue. */
export function toChunks(events: readonly PlannedEvent[], queue?: SecondQueue): PlannedEvent[][] {
  const most = queue === undefined ? MESSAGE_LENGTH : QUEUES_MESSAGE_LENGTH;
  const chunks: PlannedEvent[][] = [];
  let chunk: PlannedEvent[] = [];
  let length = 0;
  for (const planned of events) {
    if (chunk.length > 0 && length + planned.event.json.length > most) {
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

/** The deliveries of an event, and those of them that have to wait in a lane. */
function split(
  rules: readonly CompiledRule[],
  event: Event,
): {
  readonly direct: readonly DeliveryPlan[];
  readonly laned: readonly { readonly delivery: DeliveryPlan; readonly lane: string }[];
} {
  const [only] = rules;
  if (rules.length === 1 && only?.laned.length === 0) return { direct: only.direct, laned: [] };
  const direct = rules.flatMap((rule) => rule.direct);
  const laned: { delivery: DeliveryPlan; lane: string }[] = [];
  for (const rule of rules) {
    for (const { delivery, laneOf } of rule.laned) {
      const lane = laneOf(event);
      if (lane === undefined) direct.push(delivery);
      else laned.push({ delivery, lane });
    }
  }
  return { direct, laned };
}

function draftsOf(shards: Map<number, Drafts>, shard: number): Drafts {
  let drafts = shards.get(shard);
  if (drafts === undefined) {
    drafts = createDrafts();
    shards.set(shard, drafts);
  }
  return drafts;
}

export function createDrafts(): Drafts {
  return { direct: [], archived: [], laned: new Map() };
}

export function addLaned({ laned }: Drafts, lane: string, planned: PlannedEvent): void {
  const known = laned.get(lane);
  if (known === undefined) laned.set(lane, [planned]);
  else known.push(planned);
}

export function encodeDrafts(
  { tenant, bus, version }: Pick<Snapshot, 'tenant' | 'bus' | 'version'>,
  { direct, archived, laned }: Drafts,
  queue?: SecondQueue,
  encode: Encode = encodeEnvelope,
): ShardPlan {
  const toMessages = (events: readonly PlannedEvent[], to?: SecondQueue): string[] =>
    toChunks(events, to).map((chunk) => encode({ tenant, bus, version, attempts: 0, events: chunk }));
  return {
    messages: toMessages(direct, queue),
    ...(archived.length === 0 ? {} : { archived: toMessages(archived) }),
    laned: Array.from(laned).flatMap(([lane, events]) => toMessages(events).map((body) => ({ lane, body }))),
  };
}

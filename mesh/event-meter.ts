import { TulleError } from '../event/error.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Keeps tenants to the events a second that their quota allows. A bucket a tenant in this isolate's memory: no storage is
 * asked, and several isolates allow so much each. A bucket holds what a second brings; a batch is taken whole as long as
 * there is anything in it, and what is missing then has to come in again first, so that over time no more gets through.
 */
export interface EventMeter {
  /** Before the body is read. @throws TulleError `too_many_requests` with `retryAfter` */
  check(of: Metered): void;
  /** @throws TulleError `too_many_requests` with `retryAfter` */
  take(of: Metered, events: number): void;
  /** What was let through and refused here in the last whole minute; `undefined` where nothing was counted. */
  usage(tenant: string): MeterUsage | undefined;
}

export type Metered = Pick<Snapshot, 'tenant' | 'eventsPerSecond'>;

export interface MeterUsage {
  readonly events: number;
  /** Requests, not events: what is refused is not read. */
  readonly refused: number;
}

export function createEventMeter(now: () => number): EventMeter {
  const buckets = new Map<string, Bucket>();

  function bucketOf(tenant: string, perSecond: number): Bucket {
    const at = now();
    let bucket = buckets.get(tenant);
    if (bucket === undefined) {
      if (buckets.size >= bucketsLimit) {
        const [oldest] = buckets.keys();
        if (oldest !== undefined) buckets.delete(oldest);
      }
      bucket = { level: perSecond, at, minute: toMinute(at), events: 0, refused: 0 };
      buckets.set(tenant, bucket);
    }
    // A clock that was set back brings nothing.
    bucket.level = Math.min(perSecond, bucket.level + (Math.max(0, at - bucket.at) * perSecond) / 1_000);
    bucket.at = at;
    if (bucket.minute !== toMinute(at)) {
      bucket.last = { events: bucket.events, refused: bucket.refused, minute: bucket.minute };
      bucket.minute = toMinute(at);
      bucket.events = 0;
      bucket.refused = 0;
    }
    return bucket;
  }

  function open({ tenant }: Metered, perSecond: number): Bucket {
    const bucket = bucketOf(tenant, perSecond);
    if (bucket.level > 0) return bucket;
    bucket.refused += 1;
    throw new TulleError('too_many_requests', `The tenant has used up its quota of ${perSecond} events a second.`, {
      mend: 'Send the request again after Retry-After; the operator of the installation sets the quota.',
      retryAfter: Math.max(1, Math.ceil(-bucket.level / perSecond)),
    });
  }

  return {
    check(of) {
      if (of.eventsPerSecond !== undefined) open(of, of.eventsPerSecond);
    },
    take(of, events) {
      if (of.eventsPerSecond === undefined) return;
      // Others may have emptied it while the body was read.
      const bucket = open(of, of.eventsPerSecond);
      bucket.level -= events;
      bucket.events += events;
    },
    usage(tenant) {
      const bucket = buckets.get(tenant);
      const { last, minute, events, refused } = bucket ?? {};
      const before = toMinute(now()) - 1;
      if (minute === before) return { events: events ?? 0, refused: refused ?? 0 };
      return last?.minute === before ? { events: last.events, refused: last.refused } : undefined;
    },
  };
}

interface Bucket {
  /** Events that may come now; below zero what has to come in again first. */
  level: number;
  at: number;
  minute: number;
  events: number;
  refused: number;
  last?: MeterUsage & { readonly minute: number };
}

const bucketsLimit = 1_000;

function toMinute(at: number): number {
  return Math.floor(at / 60_000);
}

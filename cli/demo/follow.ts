import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../api.ts';
import type { CloudEvent } from './github-events.ts';

/** What became of an event, from the mesh's history and from the receivers' side. */
export interface EventStory {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  /** How many rules matched. */
  readonly matched: number;
  readonly deliveries: readonly DeliveryStory[];
}

export interface DeliveryStory {
  readonly rule: string;
  readonly target: string;
  readonly status: DeliveryRecord['status'];
  readonly attempts: readonly { readonly status: string; readonly code?: number; readonly reason?: string }[];
  /** What the receiver saw, first attempt first. */
  readonly received: readonly ReceivedRequest[];
}

/** The parts of `GET /v1/buses/{bus}/deliveries` that are told here. */
interface DeliveryRecord {
  readonly at: number;
  readonly eventId: string;
  readonly rule: string;
  readonly target: string;
  readonly status: 'delivered' | 'retrying' | 'dead-lettered' | 'disabled' | 'filtered' | 'expired';
  readonly code?: number;
  readonly reason?: string;
}

/** The parts of `GET /demo/inbox` that are told here. */
interface ReceivedRequest {
  readonly at: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface Accepted {
  readonly events: readonly { readonly id: string; readonly matched: number }[];
}

/** The first events each in a request of its own, the others in one batch. Answers how many rules matched each. */
export async function publish(api: Api, events: readonly CloudEvent[]): Promise<Map<string, number>> {
  const single = events.slice(0, 4);
  const matched = new Map<string, number>();
  const accept = ({ events }: Accepted): void => {
    for (const event of events) matched.set(event.id, event.matched);
  };
  for (const event of single) {
    accept(await api.post<Accepted>('/v1/events', 'application/cloudevents+json', JSON.stringify(event)));
  }
  const batch = JSON.stringify(events.slice(single.length));
  accept(await api.post<Accepted>('/v1/events', 'application/cloudevents-batch+json', batch));
  return matched;
}

/**
 * Waits until every delivery came to its end, or the time is over, and tells the stories of the events.
 * `since` keeps runs apart: the events have the same ids every time.
 */
export async function follow(
  api: Api,
  events: readonly CloudEvent[],
  matched: ReadonlyMap<string, number>,
  { since, patienceMs }: { readonly since: number; readonly patienceMs: number },
): Promise<EventStory[]> {
  // Every rule of the demo has one target.
  const expected = [...matched.values()].reduce((sum, count) => sum + count, 0);
  const deadline = Date.now() + patienceMs;
  let records = await readRecords(api, since);
  while (records.filter(isEnd).length < expected && Date.now() < deadline) {
    await sleep(250);
    records = await readRecords(api, since);
  }
  const stories: EventStory[] = [];
  for (const { id, type, source } of events) {
    const deliveries: DeliveryStory[] = [];
    const own = Map.groupBy(
      records.filter(({ eventId }) => eventId === id),
      ({ rule, target }) => `${rule}/${target}`,
    );
    for (const attempts of own.values()) deliveries.push(await tell(api, attempts, since));
    stories.push({ id, type, source, matched: matched.get(id) ?? 0, deliveries });
  }
  return stories;
}

/** Oldest first. */
async function readRecords(api: Api, since: number): Promise<DeliveryRecord[]> {
  const { deliveries } = await api.get<{ deliveries: DeliveryRecord[] }>('/v1/buses/default/deliveries?limit=1000');
  return deliveries.filter(({ at }) => at >= since).reverse();
}

function isEnd({ status }: DeliveryRecord): boolean {
  return status !== 'retrying';
}

async function tell(api: Api, attempts: readonly DeliveryRecord[], since: number): Promise<DeliveryStory> {
  const last = attempts.find(isEnd) ?? attempts.at(-1);
  if (last === undefined) throw new Error('a group of records is never empty');
  const { eventId, rule, target, status } = last;
  // Targets of the demo are named after their receivers.
  const inbox = `/demo/inbox?receiver=${target}&event=${encodeURIComponent(eventId)}`;
  const { requests } = await api.get<{ requests: ReceivedRequest[] }>(inbox);
  return {
    rule,
    target,
    status,
    attempts: attempts.map(({ status, code, reason }) => ({
      status,
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
    })),
    received: requests.filter(({ at }) => Date.parse(at) >= since).reverse(),
  };
}

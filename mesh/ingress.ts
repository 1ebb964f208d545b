import { type ErrorItem, TulleError } from '../event/error.ts';
import type { Event } from '../event/event.ts';
import { type Authenticator, type KeyLookup, requireAccess } from './authentication.ts';
import type { EventMeter } from './event-meter.ts';
import { type ClaimedPlan, findDuplicates, routeOnce } from './deduplication.ts';
import type { Appended, Queue } from './ports/queue.ts';
import type { Runtime } from './ports/runtime.ts';
import type { Waits } from './ports/waits.ts';
import { cloudEventsProtocol } from './protocols/cloudevents.ts';
import type { Limits } from './protocols/protocol.ts';
import type { Receipt } from './envelope.ts';
import { type Plan, route, toAddress } from './router.ts';
import type { DeliveryStanding } from './publish/standings.ts';
import { createWait, readWaiting } from './publish/wait.ts';
import type { EnvelopeCodec } from './recent-envelopes.ts';
import { createMismatchReport } from './mismatch-report.ts';
import type { Faults } from './schema-gate.ts';
import type { SnapshotSource } from './snapshot-source.ts';

export interface IngressOptions {
  readonly snapshots: SnapshotSource;
  readonly queue: Queue;
  /** Where publishers may wait; absent: every one is answered when its events are durable. */
  readonly waits?: Waits;
  readonly authenticator: Authenticator;
  readonly limits: Limits;
  readonly runtime: Runtime;
  /** Asked only for a bus that does not exist, to tell a stranger (401) from a key holder's slip (404). */
  readonly findKey: KeyLookup;
  /** Told of events of buses with discovery, after they were accepted. */
  readonly discovery?: Discovery;
  /** Absent where another process dispatches: see `createRecentEnvelopes`. */
  readonly envelopes?: EnvelopeCodec | undefined;
  /** Keeps tenants to their quotas. */
  readonly meter?: EventMeter | undefined;
  readonly report?: (message: string, error: unknown) => void;
}

/** Learns the schemas of types from their events, behind the answers. */
export interface Discovery {
  observe(tenant: string, bus: string, events: readonly Event[]): void;
}

/** What the publisher is told: one entry an event, in the order sent. */
export interface Accepted {
  readonly accepted: number;
  readonly events: readonly AcceptedEvent[];
}

export interface AcceptedEvent {
  readonly id: string;
  readonly matched: number;
  /** Nothing was stored: the bus was given it before. On buses with `deduplication`. */
  readonly duplicate?: true;
  /** Where the event does not fit the schema of its type; on buses with `schemas: warn`. */
  readonly warnings?: readonly ErrorItem[];
  /** What became of its deliveries, for a publisher who waited. */
  readonly deliveries?: readonly DeliveryStanding[];
}

/**
 * Takes a request for a bus in; answers only when the queue has everything on disk: at once (202), or, where the publisher
 * prefers to wait, when its targets have it (200).
 */
export type Ingress = (request: Request, bus: string) => Promise<Response>;

const protocols = [cloudEventsProtocol];

export function createIngress(options: IngressOptions): Ingress {
  const { snapshots, queue, waits, authenticator, limits, runtime, findKey, discovery, meter } = options;
  const reportMismatch = createMismatchReport(runtime, options.report);
  const createReceipt = createReceipts(runtime);
  return async (request, bus) => {
    const principal = await authenticator.authenticate(
      request,
      async (tenant, keyId) => {
        const compiled = await snapshots.get(tenant, bus);
        if (compiled === undefined) return findKey(tenant, keyId);
        return compiled.snapshot.keys.find((key) => key.id === keyId);
      },
      { acceptQuery: true, acceptOlder: true },
    );
    requireAccess(principal, 'publish', bus);
    const compiled = await snapshots.get(principal.tenant, bus);
    if (compiled === undefined) {
      throw new TulleError('bus_not_found', `There is no bus ${bus}.`, {
        mend: `Create it with PUT /v1/admin/buses/${bus}, or publish to another bus.`,
      });
    }

    const protocol = protocols.find((candidate) => candidate.match(request)) ?? cloudEventsProtocol;
    meter?.check(compiled.snapshot);
    const { events, batch } = await protocol.decode(request, limits);
    meter?.take(compiled.snapshot, events.length);
    const faults = compiled.schemas?.review(events, { batch });
    const { deduplicationSeconds } = compiled.snapshot.settings;
    const receipt = createReceipt();
    const waiting = waits && readWaiting(request, { batch, receipt });
    const plan: Plan & Partial<ClaimedPlan> =
      deduplicationSeconds === undefined
        ? route(compiled, events, waiting?.receipt ?? receipt, runtime.random(), options.envelopes?.encode)
        : routeOnce(compiled, events, waiting?.receipt ?? receipt, deduplicationSeconds);
    const wait =
      waiting && createWait({ ...waiting, waits, runtime, tenant: principal.tenant, bus, shards: plan.shards });
    const appends = Array.from(plan.shards, ([shard, entries]) =>
      queue.append(toAddress(compiled, shard), wait?.with(entries) ?? entries),
    );
    const [only] = appends;
    let appended: readonly Appended[];
    try {
      appended = only !== undefined && appends.length === 1 ? [await only] : await Promise.all(appends);
    } catch (error) {
      wait?.close();
      throw error;
    }
    const duplicates = findDuplicates(plan, appended);
    if (compiled.snapshot.settings.discovery === true) discovery?.observe(principal.tenant, bus, events);
    if (faults !== undefined) reportMismatch(bus, faults);
    const answer = toAccepted(events, plan.matched, { faults, duplicates });
    return (await wait?.answer(answer)) ?? new Response(JSON.stringify(answer), acceptedInit);
  };
}

/** Of one event, in the answer. */
const mostWarnings = 5;
const acceptedInit = { status: 202, headers: { 'content-type': 'application/json' } };

function toAccepted(
  events: readonly Event[],
  matched: readonly number[],
  { faults, duplicates }: { faults: readonly Faults[] | undefined; duplicates: ReadonlySet<number> },
): Accepted {
  return {
    accepted: events.length,
    events: events.map((event, index) => {
      const warnings = faults?.[index]?.slice(0, mostWarnings);
      const { id } = event.attributes;
      return {
        id,
        matched: matched[index] ?? 0,
        ...(duplicates.has(index) ? { duplicate: true } : {}),
        ...(warnings === undefined ? {} : { warnings }),
      };
    }),
  };
}

/** Names requests in delivery ids: 104 random bits an isolate and a number; no dot (Standard Webhooks, `webhook-id`). */
export function createReceipts(runtime: Runtime): () => Receipt {
  let prefix: string | undefined;
  let requests = 0;
  const part = (): string => Math.floor(runtime.random() * 2 ** 52).toString(36);
  // Not before the first request: Workers have no random numbers at start-up.
  return () => ({
    id: `${(prefix ??= part() + part())}${(requests++).toString(36).padStart(4, '0')}`,
    at: runtime.now(),
  });
}

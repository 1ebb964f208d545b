import { type ErrorItem, TulleError } from '../event/error.ts';
import type { Event } from '../event/event.ts';
import { type Authenticator, type KeyLookup, requireAccess } from './authentication.ts';
import { type ClaimedPlan, findDuplicates, routeOnce } from './deduplication.ts';
import type { Queue, Runtime } from './ports.ts';
import { cloudEventsProtocol } from './protocols/cloudevents.ts';
import type { Limits } from './protocols/protocol.ts';
import type { Receipt } from './envelope.ts';
import { type Plan, route, toAddress } from './router.ts';
import { createMismatchReport } from './mismatch-report.ts';
import type { Faults } from './schema-gate.ts';
import type { SnapshotSource } from './snapshot-source.ts';

export interface IngressOptions {
  readonly snapshots: SnapshotSource;
  readonly queue: Queue;
  readonly authenticator: Authenticator;
  readonly limits: Limits;
  readonly runtime: Runtime;
  /** Asked only for a bus that does not exist, to tell a stranger (401) from a key holder's slip (404). */
  readonly findKey: KeyLookup;
  /** Told of events of buses with discovery, after they were accepted. */
  readonly discovery?: Discovery;
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
}

/** Takes a request for a bus in; answers 202 only when the queue has everything on disk. */
export type Ingress = (request: Request, bus: string) => Promise<Response>;

const protocols = [cloudEventsProtocol];

export function createIngress(options: IngressOptions): Ingress {
  const { snapshots, queue, authenticator, limits, runtime, findKey, discovery } = options;
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
      { acceptQuery: true },
    );
    requireAccess(principal, 'publisher', bus);
    const compiled = await snapshots.get(principal.tenant, bus);
    if (compiled === undefined) {
      throw new TulleError('bus_not_found', `There is no bus ${bus}.`, {
        mend: `Create it with PUT /v1/admin/buses/${bus}, or publish to another bus.`,
      });
    }

    const protocol = protocols.find((candidate) => candidate.match(request)) ?? cloudEventsProtocol;
    const { events, batch } = await protocol.decode(request, limits);
    const faults = compiled.schemas?.review(events, { batch });
    const { deduplicationSeconds } = compiled.snapshot.settings;
    const receipt = createReceipt();
    const plan: Plan & Partial<ClaimedPlan> =
      deduplicationSeconds === undefined
        ? route(compiled, events, receipt, runtime.random())
        : routeOnce(compiled, events, receipt, deduplicationSeconds);
    const appends = Array.from(plan.shards, ([shard, entries]) => queue.append(toAddress(compiled, shard), entries));
    const [only] = appends;
    const appended = only !== undefined && appends.length === 1 ? [await only] : await Promise.all(appends);
    const duplicates = findDuplicates(plan, appended);
    if (compiled.snapshot.settings.discovery === true) discovery?.observe(principal.tenant, bus, events);
    if (faults !== undefined) reportMismatch(bus, faults);
    return accepted(events, plan.matched, { faults, duplicates });
  };
}

/** Of one event, in the answer. */
const mostWarnings = 5;
const acceptedInit = { status: 202, headers: { 'content-type': 'application/json' } };

function accepted(
  events: readonly Event[],
  matched: readonly number[],
  { faults, duplicates }: { faults: readonly Faults[] | undefined; duplicates: ReadonlySet<number> },
): Response {
  const body: Accepted = {
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
  return new Response(JSON.stringify(body), acceptedInit);
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

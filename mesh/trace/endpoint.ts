import type { BusAccess, OpenBus } from '../bus-access.ts';
import { type BusPlace, type Positions, readEvents, readRecords } from '../history.ts';
import type { Ledger, Runtime } from '../ports.ts';
import type { KeptEvent } from './query.ts';
import { selectDeliveries, selectEvents, writeCursor } from './selection.ts';

export interface TraceEndpointOptions {
  readonly openBus: BusAccess;
  readonly ledger: Ledger;
  readonly runtime: Runtime;
}

/** What became of the events of a bus, over HTTP, for viewers; data is shown to admins only. */
export interface TraceEndpoint {
  /** What happened to deliveries, newest first. */
  deliveries(request: Request, bus: string): Promise<Response>;
  /** The events that are kept, newest first, without their data. */
  events(request: Request, bus: string): Promise<Response>;
}

export function createTraceEndpoint({ openBus, ledger, runtime }: TraceEndpointOptions): TraceEndpoint {
  return {
    async deliveries(request, bus) {
      const open = await openBus(request, bus, 'viewer');
      const { filter, ...selection } = selectDeliveries(request.url, runtime.now());
      // A dead letter has the event as it came in, before any step redacted it.
      const eventLength = open.principal.role === 'admin' ? eventsLength : 0;
      const page = await readRecords(ledger, placeOf(open), { filter, ...selection, eventLength });
      return answer({ deliveries: page.records, ...toCursor(filter.to, page.positions) });
    },

    async events(request, bus) {
      const open = await openBus(request, bus, 'viewer');
      const { filter, ...selection } = selectEvents(request.url, runtime.now());
      const page = await readEvents(ledger, placeOf(open), { filter, ...selection });
      return answer({ events: page.items.map(toItem), ...toCursor(filter.to, page.positions) });
    },
  };
}

/** UTF-16 units of events that one answer carries, all shards together: an RPC takes 32 MiB, a Worker has 128 MB. */
const eventsLength = 8_000_000;

function placeOf({ principal, compiled }: OpenBus): BusPlace {
  const { bus, settings } = compiled.snapshot;
  return { tenant: principal.tenant, bus, shards: settings.shards };
}

function toItem({ eventId, source, type, receipt, index, deliveries, laned = [], settled }: KeptEvent): object {
  return {
    id: eventId,
    source,
    type,
    receivedAt: receipt.at,
    request: receipt.id,
    index,
    deliveries: deliveries.length + laned.length,
    settled,
  };
}

function toCursor(to: number, positions: Positions | undefined): { readonly cursor?: string } {
  return positions === undefined ? {} : { cursor: writeCursor(to, positions) };
}

function answer(body: unknown): Response {
  return Response.json(body, { headers: { 'cache-control': 'no-store' } });
}

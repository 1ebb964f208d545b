import { TulleError } from '../../event/error.ts';
import { requireAccess } from '../authentication.ts';
import type { BusAccess, OpenBus } from '../bus-access.ts';
import { type BusPlace, type Positions, readEvents, readRecords } from '../history.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Runtime } from '../ports/runtime.ts';
import { isAllowed } from '../roles.ts';
import { readLanes } from '../targets.ts';
import { findEvents } from './find.ts';
import type { KeptEvent } from './query.ts';
import { selectDeliveries, selectEvent, selectEvents, writeCursor } from './selection.ts';
import { traceEvents, traceOthers } from './trace.ts';

export interface TraceEndpointOptions {
  readonly openBus: BusAccess;
  readonly ledger: Ledger;
  readonly runtime: Runtime;
}

/** What became of the events of a bus, over HTTP, for viewers; subscribers get the list of events. Data is for admins only. */
export interface TraceEndpoint {
  /** What happened to deliveries, newest first. */
  readonly deliveries: (request: Request, bus: string) => Promise<Response>;
  /** The events that are kept, newest first; with what they hold, and by it, for who may see data. */
  readonly events: (request: Request, bus: string) => Promise<Response>;
  /** All that is known of the events of one id. */
  readonly trace: (request: Request, bus: string, id: string) => Promise<Response>;
}

export function createTraceEndpoint({ openBus, ledger, runtime }: TraceEndpointOptions): TraceEndpoint {
  return {
    async deliveries(request, bus) {
      const open = await openBus(request, bus, 'read');
      const { filter, ...selection } = selectDeliveries(request.url, runtime.now());
      // A dead letter has the event as it came in, before any step redacted it.
      const eventLength = isAllowed(open.principal.role, 'disclose') ? eventsLength : 0;
      const page = await readRecords(ledger, placeOf(open), { filter, ...selection, eventLength });
      return answer({ deliveries: page.records, ...toCursor(filter.to, page.positions) });
    },

    async events(request, bus) {
      const open = await openBus(request, bus, 'subscribe');
      const { filter, data, rule, matches, ...selection } = selectEvents(request.url, runtime.now());
      const isRead = data || matches !== undefined;
      // Also who filters by data learns of it.
      if (isRead) requireAccess(open.principal, 'disclose', bus);
      const eventLength = isRead ? eventsLength : 0;
      const page = await readEvents(ledger, placeOf(open), { filter, ...selection, eventLength });
      const events = page.items
        .filter(
          (kept) => rule === undefined || [...kept.deliveries, ...(kept.laned ?? [])].some((one) => one.rule === rule),
        )
        .filter(({ event }) => matches === undefined || (event !== undefined && matches(event)))
        .map((kept) => withMember(toItem(kept), 'event', data ? kept.event : undefined));
      const rest = JSON.stringify(toCursor(filter.to, page.positions)).slice(1);
      const text = `{"events":[${events.join(',')}]${rest === '}' ? '' : ','}${rest}`;
      return new Response(text, { headers: { ...headers, 'content-type': 'application/json' } });
    },

    async trace(request, bus, id) {
      const open = await openBus(request, bus, 'read', { newest: true });
      const { filter, positions, rule } = selectEvent(request.url, id, runtime.now());
      const place = placeOf(open);
      const [findings, lanes] = await Promise.all([
        findEvents(ledger, place, { filter: { ...filter, id }, positions }),
        readLanes(ledger, place),
      ]);
      const { snapshot } = open.compiled;
      const withData = isAllowed(open.principal.role, 'disclose');
      const events = await traceEvents(findings, { snapshot, lanes, withData, rule });
      const others = traceOthers(findings);
      const { positions: next, incomplete } = findings;
      if (events.length === 0 && Object.keys(others).length === 0 && next === undefined) throw unknownEvent(id);
      const more = findings.events.slice(events.length).map(toItem);
      return answer({
        id,
        events,
        ...(more.length === 0 ? {} : { more }),
        ...others,
        ...(incomplete.length === 0 ? {} : { incomplete }),
        ...toCursor(filter.to, next),
      });
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

function unknownEvent(id: string): TulleError {
  return new TulleError('not_found', `No event of the id ${JSON.stringify(id.slice(0, 64))} is kept here.`, {
    place: 'id',
    mend: "It was published to another bus, refused, or is older than the bus's retention; or no rule matched it and the bus does not record all.",
  });
}

const headers = { 'cache-control': 'no-store' };

function answer(body: unknown): Response {
  return Response.json(body, { headers });
}

/** JSON with a member that goes as the text that it is: its numbers stay as they were written. */
function withMember(object: object, name: string, text: string | undefined): string {
  const json = JSON.stringify(object);
  return text === undefined ? json : `${json.slice(0, -1)},"${name}":${text}}`;
}

import { TulleError } from '../event/error.ts';
import type { Event } from '../event/event.ts';
import { type Authenticator, type KeyLookup, requireAccess } from './authentication.ts';
import type { Queue, Runtime } from './ports.ts';
import { cloudEventsProtocol } from './protocols/cloudevents.ts';
import type { Limits } from './protocols/protocol.ts';
import type { Receipt } from './envelope.ts';
import { route } from './router.ts';
import type { SnapshotSource } from './snapshot-source.ts';

export interface IngressOptions {
  readonly snapshots: SnapshotSource;
  readonly queue: Queue;
  readonly authenticator: Authenticator;
  readonly limits: Limits;
  readonly runtime: Runtime;
  /** Asked only for a bus that does not exist, to tell a stranger (401) from a key holder's slip (404). */
  readonly findKey: KeyLookup;
}

/** What the publisher is told: one entry an event, in the order sent. */
export interface Accepted {
  readonly accepted: number;
  readonly events: readonly { readonly id: string; readonly matched: number }[];
}

/** Takes a request for a bus in; answers 202 only when the queue has everything on disk. */
export type Ingress = (request: Request, bus: string) => Promise<Response>;

const protocols = [cloudEventsProtocol];

export function createIngress({ snapshots, queue, authenticator, limits, runtime, findKey }: IngressOptions): Ingress {
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
    const { events } = await protocol.decode(request, limits);
    const plan = route(compiled, events, createReceipt(), runtime.random());
    const { retentionSeconds } = compiled.snapshot.settings;
    const appends = Array.from(plan.messages, ([shard, messages]) =>
      queue.append({ tenant: principal.tenant, bus, shard, retentionSeconds }, messages),
    );
    if (appends.length === 1) await appends[0];
    else await Promise.all(appends);
    return accepted(events, plan.matched);
  };
}

const acceptedInit = { status: 202, headers: { 'content-type': 'application/json' } };

function accepted(events: readonly Event[], matched: readonly number[]): Response {
  const body: Accepted = {
    accepted: events.length,
    events: events.map((event, index) => ({ id: event.attributes.id, matched: matched[index] ?? 0 })),
  };
  return new Response(JSON.stringify(body), acceptedInit);
}

/** Names requests in delivery ids: 104 random bits an isolate and a number; no dot (Standard Webhooks, `webhook-id`). */
function createReceipts(runtime: Runtime): () => Receipt {
  let prefix: string | undefined;
  let requests = 0;
  const part = (): string => Math.floor(runtime.random() * 2 ** 52).toString(36);
  // Not before the first request: Workers have no random numbers at start-up.
  return () => ({
    id: `${(prefix ??= part() + part())}${(requests++).toString(36).padStart(4, '0')}`,
    at: runtime.now(),
  });
}

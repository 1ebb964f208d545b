import { type ConnectorsClient, createConnectorsClient } from './connectors.ts';
import type { CloudEvent } from './event.ts';
import { tail, type TailOptions } from './tail.ts';
import type { Query, Transport } from './transport.ts';
import { type ReasonOptions, toHeaders } from './write-options.ts';

/** Times are RFC 3339, or milliseconds since 1970. */
export interface EventFilter {
  readonly id?: string | undefined;
  readonly source?: string | undefined;
  readonly type?: string | undefined;
  /** That this rule took. */
  readonly rule?: string | undefined;
  /** That this filter of a rule matches; for keys that may see data. */
  readonly filter?: unknown;
  readonly from?: string | number | undefined;
  readonly to?: string | number | undefined;
}

export interface DeliveryFilter {
  readonly event?: string | undefined;
  readonly source?: string | undefined;
  readonly type?: string | undefined;
  readonly rule?: string | undefined;
  readonly target?: string | undefined;
  readonly status?: string | undefined;
  readonly from?: string | number | undefined;
  readonly to?: string | number | undefined;
}

export interface DeadLetterFilter {
  readonly rule?: string | undefined;
  readonly target?: string | undefined;
  readonly type?: string | undefined;
  readonly source?: string | undefined;
  readonly event?: string | undefined;
  readonly before?: string | number | undefined;
}

export interface KeptEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly request: string;
  readonly index: number;
  readonly deliveries: number;
  readonly settled: boolean;
  /** As it came in, where it was asked for with `data`. */
  readonly event?: CloudEvent;
}

export interface DeliveryRecord {
  readonly at: number;
  readonly eventId: string;
  readonly source: string;
  readonly type: string;
  readonly rule: string;
  readonly target: string;
  readonly status: string;
  readonly attempt: number;
  readonly code?: number;
  readonly latencyMs?: number;
  readonly reason?: string;
  readonly nextAt?: number;
}

export interface DeadLetter extends Omit<DeliveryRecord, 'status'> {
  readonly id: string;
}

export interface InspectedDeadLetter extends DeadLetter {
  readonly attempts: readonly DeliveryRecord[];
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** For admins. */
  readonly event?: CloudEvent;
}

/** All that is known of the events of one id. */
export interface Trace {
  readonly id: string;
  readonly events: readonly TracedEvent[];
  readonly deliveries?: readonly DeliveryRecord[];
  readonly waiting?: readonly Readonly<Record<string, unknown>>[];
  readonly incomplete?: readonly string[];
  readonly cursor?: string;
}

export interface TracedEvent extends Omit<KeptEvent, 'deliveries' | 'event'> {
  readonly matchedBy: number;
  readonly explainedBy: number;
  readonly repeated?: true;
  readonly event?: unknown;
  readonly rules: readonly TracedRule[];
  readonly rulesLeftOut?: number;
}

export interface TracedRule {
  readonly rule: string;
  readonly planned: boolean;
  readonly matches?: boolean;
  readonly failing?: {
    readonly path: string;
    readonly operator: string;
    readonly expected: unknown;
    readonly found: string;
    readonly note?: string;
  };
  readonly reason?: string;
  readonly steps?: readonly { readonly kind: string; readonly outcome?: string; readonly reason?: string }[];
  readonly deliveries?: readonly {
    readonly target: string;
    readonly state: string;
    readonly nextAt?: number;
    readonly attempts: readonly Omit<DeliveryRecord, 'eventId' | 'source' | 'type' | 'rule' | 'target'>[];
  }[];
}

export interface TargetStatus {
  readonly rule: string;
  readonly target: string;
  readonly enabled: boolean;
  readonly paused: boolean;
  readonly disabled?: { readonly reason: string; readonly at: string };
  readonly waiting: number;
  readonly breaker: string;
  readonly probeAt?: number;
  readonly share?: number;
}

export interface Books {
  readonly bus: string;
  readonly planned: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly disabled: number;
  readonly expired: number;
  readonly filtered: number;
  readonly quarantined: number;
  readonly pending: number;
  readonly balanced?: boolean;
  readonly targets: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface ReplayInput {
  readonly archive: string;
  readonly from: string | number;
  readonly to?: string | number;
  readonly filter?: unknown;
  readonly rules?: readonly string[];
  readonly perSecond?: number;
}

export interface Replay {
  readonly name: string;
  readonly archive: string;
  readonly state: 'running' | 'completed' | 'cancelled' | 'failed';
  readonly reason?: string;
  readonly from: string;
  readonly to: string;
  readonly startedAt: string;
  readonly startedBy: string;
  readonly endedAt?: string;
  readonly progress: {
    readonly read: number;
    readonly replayed: number;
    readonly deliveries: number;
    readonly position: string;
    readonly done: number;
  };
}

/** What a bus has kept, and what can be done with it. Lists are walked page by page while they are read, newest first. */
export interface BusClient {
  /** With `data` each comes with the event itself, for keys that may see data. */
  events(filter?: EventFilter & { readonly data?: boolean | undefined }): AsyncGenerator<KeptEvent>;
  /** Events as they come in, from now on. */
  tail(options?: TailOptions): AsyncGenerator<KeptEvent>;
  trace(
    id: string,
    options?: { readonly rule?: string | undefined; readonly source?: string | undefined },
  ): Promise<Trace>;
  deliveries(filter?: DeliveryFilter): AsyncGenerator<DeliveryRecord>;
  targets(): Promise<readonly TargetStatus[]>;
  books(): Promise<Books>;
  readonly connectors: ConnectorsClient;
  readonly deadLetters: {
    list(filter?: DeadLetterFilter): AsyncGenerator<DeadLetter>;
    get(id: string): Promise<InspectedDeadLetter>;
    /** As it is, or edited. */
    redrive(id: string, event?: unknown, options?: ReasonOptions): Promise<void>;
    delete(id: string, options?: ReasonOptions): Promise<void>;
    /** All that match, the oldest first; each yield is one step of up to 500. */
    redriveAll(
      filter?: DeadLetterFilter,
      options?: ReasonOptions,
    ): AsyncGenerator<{ readonly redriven: number; readonly skipped: number }>;
    purgeAll(filter?: DeadLetterFilter, options?: ReasonOptions): AsyncGenerator<{ readonly purged: number }>;
  };
  readonly replays: {
    list(): Promise<readonly Replay[]>;
    get(name: string): Promise<Replay>;
    start(name: string, input: ReplayInput, options?: ReasonOptions): Promise<Replay>;
    cancel(name: string, options?: ReasonOptions): Promise<Replay>;
    delete(name: string, options?: ReasonOptions): Promise<void>;
  };
}

export function createBusClient(transport: Transport, bus: string): BusClient {
  const base = `/v1/buses/${encodeURIComponent(bus)}`;

  async function* pages<Page>(
    method: string,
    path: string,
    filter: Query,
    options?: ReasonOptions,
  ): AsyncGenerator<Page> {
    const headers = toHeaders(options);
    let cursor: string | undefined;
    do {
      const page = await transport.json<Page & { cursor?: string }>({
        method,
        path,
        headers,
        query: { ...filter, cursor },
      });
      yield page as Awaited<Page>;
      ({ cursor } = page);
    } while (cursor !== undefined);
  }

  async function* walk<Item>(name: string, path: string, filter: object): AsyncGenerator<Item> {
    const query = { limit: 100, ...filter };
    for await (const page of pages<Readonly<Record<string, Item[]>>>('GET', path, query)) yield* page[name] ?? [];
  }

  const events: BusClient['events'] = ({ filter, data, ...named } = {}) =>
    walk<KeptEvent>('events', `${base}/events`, {
      ...named,
      ...(filter === undefined ? {} : { filter: JSON.stringify(filter) }),
      ...(data === undefined ? {} : { data: String(data) }),
    });

  const letters = `${base}/dead-letters`;
  const replay = (name: string): string => `${base}/replays/${encodeURIComponent(name)}`;
  return {
    events,
    tail: (options) => tail(events, options),
    trace: (id, options = {}) =>
      transport.json({ method: 'GET', path: `${base}/events/${encodeURIComponent(id)}`, query: { ...options } }),
    deliveries: (filter = {}) => walk<DeliveryRecord>('deliveries', `${base}/deliveries`, filter),
    async targets() {
      const { targets } = await transport.json<{ targets: TargetStatus[] }>({ method: 'GET', path: `${base}/targets` });
      return targets;
    },
    connectors: createConnectorsClient(transport, bus),
    books: () => transport.json({ method: 'GET', path: `${base}/books` }),
    deadLetters: {
      list: (filter = {}) => walk<DeadLetter>('deadLetters', letters, filter),
      get: (id) => transport.json({ method: 'GET', path: `${letters}/${encodeURIComponent(id)}` }),
      async redrive(id, event, options) {
        await transport.send({
          method: 'POST',
          path: `${letters}/${encodeURIComponent(id)}/redrive`,
          headers: { ...(event === undefined ? {} : json), ...toHeaders(options) },
          body: event === undefined ? undefined : JSON.stringify({ event }),
        });
      },
      async delete(id, options) {
        const path = `${letters}/${encodeURIComponent(id)}`;
        await transport.send({ method: 'DELETE', path, headers: toHeaders(options) });
      },
      redriveAll: (filter = {}, options) => pages('POST', `${letters}:redrive`, { limit: 500, ...filter }, options),
      purgeAll: (filter = {}, options) => pages('POST', `${letters}:purge`, { limit: 500, ...filter }, options),
    },
    replays: {
      async list() {
        const { replays } = await transport.json<{ replays: Replay[] }>({ method: 'GET', path: `${base}/replays` });
        return replays;
      },
      get: (name) => transport.json({ method: 'GET', path: replay(name) }),
      start: (name, input, options) =>
        transport.json({
          method: 'PUT',
          path: replay(name),
          headers: { ...json, ...toHeaders(options) },
          body: JSON.stringify(input),
        }),
      cancel: (name, options) =>
        transport.json({
          method: 'POST',
          path: `${replay(name)}/cancel`,
          headers: toHeaders(options),
          // A second one changes nothing.
          idempotent: true,
        }),
      async delete(name, options) {
        await transport.send({ method: 'DELETE', path: replay(name), headers: toHeaders(options) });
      },
    },
  };
}

const json = { 'content-type': 'application/json' };

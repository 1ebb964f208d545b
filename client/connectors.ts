import type { Transport } from './transport.ts';
import { type ReasonOptions, toHeaders } from './write-options.ts';

/** One task of a connector: how far it is, and why it is as it is. */
export interface ConnectorTask {
  /** Such as `0-of-4`. */
  readonly partition: string;
  readonly source: string;
  readonly state: 'created' | 'assigned' | 'running' | 'paused' | 'failing' | 'completed' | 'deleted';
  readonly reason: string;
  /** Times are RFC 3339. */
  readonly since: string;
  readonly worker?: string;
  readonly phase: 'full' | 'incremental';
  readonly position?: object;
  readonly dueAt: string;
  /** Pulls that failed in a row. */
  readonly failures: number;
  readonly storedAt?: string;
  readonly lag?: { readonly records?: number; readonly seconds?: number };
  readonly totals: {
    readonly pulls: number;
    readonly records: number;
    readonly quarantined: number;
    readonly failures: number;
  };
  readonly transitions: readonly { readonly at: string; readonly state: string; readonly reason: string }[];
}

export interface RestartInput {
  /** From the start where it is absent. */
  readonly position?: object;
  readonly phase?: 'full' | 'incremental';
  /** Only this task. */
  readonly partition?: number;
}

/** A record that could not become an event. */
export interface QuarantinedRecord {
  readonly id: string;
  readonly at: string;
  readonly partition: number;
  readonly reason: string;
  /** JSON text. */
  readonly record: string;
}

/** See `VerifyPage`: a row that is not the same at both ends. */
export interface Difference {
  /** The key in the source, or the one in the target of what is extra. */
  readonly key: string;
  readonly kind: 'missing' | 'different' | 'extra' | 'unusable';
  readonly columns?: readonly string[];
  readonly reason?: string;
}

export interface VerifyInput {
  readonly rule: string;
  readonly target: string;
  /** Whose keys are gone through; default `source`. */
  readonly side?: 'source' | 'target';
  readonly after?: string | undefined;
  /** 1–1,000, default 500. */
  readonly limit?: number;
  /** Instead of a page: only these keys. */
  readonly keys?: readonly string[];
}

export interface VerifyPage {
  readonly checked: number;
  readonly differences: readonly Difference[];
  /** What is extra in the target cannot be told: its keys are others. */
  readonly keysDiffer?: true;
  readonly next?: string;
}

/** The connectors of a bus, at work; their documents are the admin's. */
export interface ConnectorsClient {
  tasks(connector: string): Promise<readonly ConnectorTask[]>;
  pause(connector: string, options?: ReasonOptions): Promise<readonly ConnectorTask[]>;
  resume(connector: string, options?: ReasonOptions): Promise<readonly ConnectorTask[]>;
  /** At once, whatever the schedule says. */
  run(connector: string, options?: ReasonOptions): Promise<readonly ConnectorTask[]>;
  restart(connector: string, input?: RestartInput, options?: ReasonOptions): Promise<readonly ConnectorTask[]>;
  /** A page of what is not the same at both ends. */
  verify(connector: string, input: VerifyInput): Promise<VerifyPage>;
  quarantine(connector: string): AsyncGenerator<QuarantinedRecord>;
  /** Throws a record that was set aside away. */
  discard(connector: string, id: string, options?: ReasonOptions): Promise<void>;
}

export function createConnectorsClient(transport: Transport, bus: string): ConnectorsClient {
  const pathOf = (connector: string, part: string): string =>
    `/v1/admin/buses/${encodeURIComponent(bus)}/connectors/${encodeURIComponent(connector)}/${part}`;

  async function control(
    connector: string,
    what: string,
    options?: ReasonOptions,
    input?: object,
  ): Promise<readonly ConnectorTask[]> {
    const { items } = await transport.json<{ items: ConnectorTask[] }>({
      method: 'POST',
      path: pathOf(connector, what),
      headers: { ...(input === undefined ? {} : json), ...toHeaders(options) },
      body: input === undefined ? undefined : JSON.stringify(input),
    });
    return items;
  }

  return {
    async tasks(connector) {
      const path = pathOf(connector, 'tasks');
      const { items } = await transport.json<{ items: ConnectorTask[] }>({ method: 'GET', path });
      return items;
    },
    pause: (connector, options) => control(connector, 'pause', options),
    resume: (connector, options) => control(connector, 'resume', options),
    run: (connector, options) => control(connector, 'run', options),
    restart: (connector, input = {}, options) => control(connector, 'restart', options, input),
    verify: (connector, input) =>
      transport.json<VerifyPage>({
        method: 'POST',
        path: pathOf(connector, 'verify'),
        headers: json,
        body: JSON.stringify(input),
      }),
    async *quarantine(connector) {
      let cursor: string | undefined;
      do {
        const page = await transport.json<{ items: QuarantinedRecord[]; next?: string }>({
          method: 'GET',
          path: pathOf(connector, 'quarantine'),
          query: { limit: 100, cursor },
        });
        yield* page.items;
        cursor = page.next;
      } while (cursor !== undefined);
    },
    async discard(connector, id, options) {
      const path = pathOf(connector, `quarantine/${encodeURIComponent(id)}`);
      await transport.send({ method: 'DELETE', path, headers: toHeaders(options) });
    },
  };
}

const json = { 'content-type': 'application/json' };

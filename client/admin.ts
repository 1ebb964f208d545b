import {
  type Change,
  type ChangeSet,
  type ChangeSetOutcome,
  type ChangeSummary,
  type ConfigurationDocument,
  type DocumentVersion,
  type Noun,
  nouns,
  type Place,
  type Versioned,
} from './configuration.ts';
import { createKeysClient, type KeysClient } from './keys.ts';
import type { RuleTest, RuleTestInput } from './rule-test.ts';
import { createTenantsClient, type TenantsClient, type Usage } from './tenants.ts';
import type { Query, Transport, TransportRequest } from './transport.ts';
import { versionOf } from './version-of.ts';
import { walk } from './walk.ts';
import { type ReasonOptions, toHeaders, type WriteOptions } from './write-options.ts';

export interface BusStatus {
  readonly bus: string;
  readonly rules: number;
  readonly version: number;
  readonly liveVersion?: number;
  readonly live: boolean;
  readonly ageSeconds?: number;
}

export interface TargetPlace {
  readonly bus?: string | undefined;
  readonly rule: string;
  readonly target: string;
}

export interface TargetPause {
  readonly rule: string;
  readonly target: string;
  readonly paused: boolean;
}

/** The control plane. Lists are walked page by page while they are read. */
export interface AdminClient {
  list(noun: Noun, bus?: string): AsyncGenerator<Versioned>;
  get(noun: Noun, place: Place): Promise<Versioned>;
  put(noun: Noun, place: Place, document: ConfigurationDocument, options?: WriteOptions): Promise<Versioned>;
  delete(noun: Noun, place: Place, options?: WriteOptions): Promise<void>;
  /** Every version of one document, newest first. */
  history(noun: Noun, place: Place): AsyncGenerator<DocumentVersion>;
  /** Many documents as one change, or none of them. */
  change(set: ChangeSet): Promise<ChangeSetOutcome>;
  /** What rules of a bus make of events, and what would be sent; text is sent as it is. */
  testRules(bus: string, input: RuleTestInput | string): Promise<RuleTest>;
  /** Newest first. */
  changes(): AsyncGenerator<ChangeSummary>;
  readChange(change: number): Promise<Change>;
  status(): AsyncGenerator<BusStatus>;
  /** Of the key's own tenant; takes a key of every bus. */
  usage(): Promise<Usage>;
  /** What is planned for it waits in its lane, in order. */
  pauseTarget(place: TargetPlace, options?: ReasonOptions): Promise<TargetPause>;
  resumeTarget(place: TargetPlace, options?: ReasonOptions): Promise<TargetPause>;
  readonly keys: KeysClient;
  readonly tenants: TenantsClient;
}

export function createAdminClient(transport: Transport): AdminClient {
  async function versioned(request: TransportRequest): Promise<Versioned> {
    const response = await transport.send(request);
    return { version: versionOf(response), document: (await response.json()) as ConfigurationDocument };
  }

  function controlTarget(verb: string, { bus, rule, target }: TargetPlace, options?: ReasonOptions) {
    const path = `${itemPath('rules', { bus, name: rule })}/targets/${encodeURIComponent(target)}/${verb}`;
    // Twice is as once.
    return transport.json<TargetPause>({ method: 'POST', path, headers: toHeaders(options), idempotent: true });
  }

  return {
    list: (noun, bus) => walk<Versioned>(transport, listPath(noun, bus)),
    get: (noun, place) => versioned({ method: 'GET', path: itemPath(noun, place) }),
    put: (noun, place, document, options) =>
      versioned({
        method: 'PUT',
        path: itemPath(noun, place),
        headers: { ...json, ...toHeaders(options) },
        body: JSON.stringify(document),
      }),
    async delete(noun, place, options) {
      await transport.send({ method: 'DELETE', path: itemPath(noun, place), headers: toHeaders(options) });
    },
    history: (noun, place) => walk<DocumentVersion>(transport, `${itemPath(noun, place)}/history`),
    change: (set) =>
      transport.json<ChangeSetOutcome>({
        method: 'POST',
        path: '/v1/admin/changes',
        headers: json,
        body: JSON.stringify(set),
        idempotent: set.dryRun === true,
        timeoutMs: changeSetTimeoutMs,
      }),
    testRules: (bus, input) =>
      transport.json<RuleTest>({
        method: 'POST',
        path: `${listPath('rules', bus)}:test`,
        headers: json,
        body: typeof input === 'string' ? input : JSON.stringify(input),
        idempotent: true,
      }),
    changes: () => walk<ChangeSummary>(transport, '/v1/admin/changes'),
    readChange: (change) => transport.json<Change>({ method: 'GET', path: `/v1/admin/changes/${change}` }),
    status: () => walk<BusStatus>(transport, '/v1/admin/status'),
    async usage() {
      const query: Query = { limit: 1 };
      const { usage } = await transport.json<{ usage: Usage }>({ method: 'GET', path: '/v1/admin/status', query });
      return usage;
    },
    pauseTarget: (place, options) => controlTarget('pause', place, options),
    resumeTarget: (place, options) => controlTarget('resume', place, options),
    keys: createKeysClient(transport),
    tenants: createTenantsClient(transport),
  };
}

const json = { 'content-type': 'application/json' };
/** Thousands of documents are compiled and written. */
const changeSetTimeoutMs = 120_000;

function listPath(noun: Noun, bus = 'default'): string {
  return nouns[noun].ofBus ? `/v1/admin/buses/${encodeURIComponent(bus)}/${noun}` : `/v1/admin/${noun}`;
}

function itemPath(noun: Noun, { name, bus }: Place): string {
  return `${listPath(noun, bus)}/${encodeURIComponent(name)}`;
}

import type { RuleTest, RuleTestInput } from './rule-test.ts';
import type { Query, Transport, TransportRequest } from './transport.ts';

/** What can be configured, by the word of the address. Rules and archives are of a bus, all others of the tenant. */
export const nouns = {
  buses: { kind: 'bus', ofBus: false },
  rules: { kind: 'rule', ofBus: true },
  archives: { kind: 'archive', ofBus: true },
  connectors: { kind: 'connector', ofBus: true },
  connections: { kind: 'connection', ofBus: false },
  functions: { kind: 'function', ofBus: false },
  schemas: { kind: 'schema', ofBus: false },
  secrets: { kind: 'secret', ofBus: false },
  identities: { kind: 'identity', ofBus: false },
} as const;

export type Noun = keyof typeof nouns;

/** A document of configuration: its members are those of the reference of its kind. */
export interface ConfigurationDocument {
  readonly kind?: string;
  readonly name?: string;
  readonly bus?: string;
  readonly [member: string]: unknown;
}

export interface Place {
  readonly name: string;
  /** Of rules, archives and connectors. */
  readonly bus?: string | undefined;
}

export interface Versioned {
  readonly version: number;
  readonly document: ConfigurationDocument;
}

export interface WriteOptions {
  /** Only where it is at this version; 0: only where it is not there. Otherwise `version_conflict`. */
  readonly version?: number | undefined;
  /** Why, for the history. */
  readonly why?: string | undefined;
}

export interface Address {
  readonly kind: string;
  readonly name: string;
  readonly bus?: string;
}

/** One edit of a change set. */
export type Edit = { readonly version?: number } & (
  | { readonly put: ConfigurationDocument }
  | { readonly delete: Address }
  | { readonly restore: Address; readonly to: number }
);

export interface ChangeSet {
  readonly edits: readonly Edit[];
  readonly why?: string | undefined;
  readonly dryRun?: boolean;
}

export interface EditOutcome extends Address {
  readonly action: 'created' | 'changed' | 'deleted' | 'unchanged';
  /** Of a dry run the version that is there now (0 for none), else the one that it has got. */
  readonly version?: number;
  readonly before?: ConfigurationDocument;
  readonly after?: ConfigurationDocument;
}

export interface ChangeSetOutcome {
  readonly dryRun: boolean;
  /** Its number; absent where nothing changed. */
  readonly change?: number;
  readonly at?: string;
  readonly by?: string;
  readonly edits: readonly EditOutcome[];
  /** What is allowed, and most likely not meant. */
  readonly warnings?: readonly Warning[];
}

export interface Warning {
  readonly code: string;
  readonly message: string;
  /** A JSON Pointer into the request. */
  readonly place: string;
  readonly mend: string;
}

export interface Operation {
  readonly action: string;
  readonly bus: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A change in the history. */
export interface ChangeSummary {
  readonly change: number;
  readonly at: string;
  readonly by: string;
  readonly why?: string;
  /** What was done beside, or instead of, changing documents: a redrive, a replay, a pause. */
  readonly operation?: Operation;
  readonly entries: readonly (Address & { readonly action: string })[];
  readonly previousHash: string;
  readonly hash: string;
}

export interface Change extends Omit<ChangeSummary, 'entries'> {
  /** The hash is that of what is stored. */
  readonly intact: boolean;
  readonly entries: readonly (Address & {
    readonly action: string;
    readonly before?: ConfigurationDocument;
    readonly after?: ConfigurationDocument;
    /** The change before that wrote this document; 0 for none. */
    readonly previous: number;
  })[];
}

export interface DocumentVersion {
  readonly version: number;
  readonly at: string;
  readonly by: string;
  readonly why?: string;
  /** Absent where it was deleted. */
  readonly document?: ConfigurationDocument;
}

export interface KeyInput {
  readonly role: string;
  readonly buses: readonly string[];
  readonly expires?: string;
  readonly description?: string;
}

export interface KeyView extends KeyInput {
  readonly id: string;
  readonly created: string;
}

/** What a tenant may have; what is left out is bounded by the limits of every installation only. */
export interface Quotas {
  readonly eventsPerSecond?: number;
  readonly buses?: number;
  readonly rules?: number;
  readonly targets?: number;
  readonly keys?: number;
  readonly storedDays?: number;
}

export interface TenantDocument {
  readonly name: string;
  readonly description?: string;
  readonly quotas?: Quotas;
  /** Since when it is being deleted. */
  readonly deleting?: string;
  /** When nothing was left of it. */
  readonly deleted?: string;
}

export interface VersionedTenant {
  readonly version: number;
  readonly document: TenantDocument;
}

/** What there is, and of what may be how much. Of events a mean a second, in the process that answers. */
export type Usage = Readonly<
  Record<keyof Quotas, { readonly used?: number; readonly most?: number; readonly refused?: number }>
>;

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
  pauseTarget(place: TargetPlace, options?: Pick<WriteOptions, 'why'>): Promise<TargetPause>;
  resumeTarget(place: TargetPlace, options?: Pick<WriteOptions, 'why'>): Promise<TargetPause>;
  readonly keys: {
    list(): AsyncGenerator<{ readonly version: number; readonly document: KeyView }>;
    /** `key` is shown here and never again. */
    create(input: KeyInput): Promise<KeyView & { readonly key: string }>;
    /** A new secret; the one of before is valid for the overlap, `0s` to `30d`. */
    rotate(id: string, input?: { readonly overlap?: string }): Promise<KeyView & { readonly key: string }>;
    revoke(id: string): Promise<void>;
  };
  /** For the operator's own key. */
  readonly tenants: {
    list(): AsyncGenerator<VersionedTenant>;
    get(name: string): Promise<VersionedTenant>;
    put(name: string, document: TenantDocument, options?: WriteOptions): Promise<VersionedTenant>;
    /** `done`: nothing is left of it; else the rest goes in the next minutes. */
    delete(name: string, options?: WriteOptions): Promise<{ readonly done: boolean }>;
    usage(name: string): Promise<Usage>;
    createKey(name: string, input: KeyInput): Promise<KeyView & { readonly key: string }>;
  };
}

export function createAdminClient(transport: Transport): AdminClient {
  async function* walk<Item>(path: string): AsyncGenerator<Item> {
    let cursor: string | undefined;
    do {
      const query: Query = { limit: 100, cursor };
      const page = await transport.json<{ items: Item[]; next?: string }>({ method: 'GET', path, query });
      yield* page.items;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  async function versioned(request: TransportRequest): Promise<Versioned> {
    const response = await transport.send(request);
    const version = Number(/\d+/.exec(response.headers.get('etag') ?? '')?.[0] ?? 0);
    return { version, document: await response.json<ConfigurationDocument>() };
  }

  async function versionedTenant(request: TransportRequest): Promise<VersionedTenant> {
    const { version, document } = await versioned(request);
    return { version, document: document as unknown as TenantDocument };
  }

  function controlTarget(verb: string, { bus, rule, target }: TargetPlace, options?: WriteOptions) {
    const path = `${itemPath('rules', { bus, name: rule })}/targets/${encodeURIComponent(target)}/${verb}`;
    // Twice is as once.
    return transport.json<TargetPause>({ method: 'POST', path, headers: toHeaders(options), idempotent: true });
  }

  return {
    list: (noun, bus) => walk<Versioned>(listPath(noun, bus)),
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
    history: (noun, place) => walk<DocumentVersion>(`${itemPath(noun, place)}/history`),
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
    changes: () => walk<ChangeSummary>('/v1/admin/changes'),
    readChange: (change) => transport.json<Change>({ method: 'GET', path: `/v1/admin/changes/${change}` }),
    status: () => walk<BusStatus>('/v1/admin/status'),
    async usage() {
      const query: Query = { limit: 1 };
      const { usage } = await transport.json<{ usage: Usage }>({ method: 'GET', path: '/v1/admin/status', query });
      return usage;
    },
    pauseTarget: (place, options) => controlTarget('pause', place, options),
    resumeTarget: (place, options) => controlTarget('resume', place, options),
    keys: {
      list: () => walk('/v1/admin/keys'),
      create: (input) =>
        transport.json({ method: 'POST', path: '/v1/admin/keys', headers: json, body: JSON.stringify(input) }),
      rotate: (id, input = {}) =>
        transport.json({
          method: 'POST',
          path: `/v1/admin/keys/${encodeURIComponent(id)}/rotate`,
          headers: json,
          body: JSON.stringify(input),
        }),
      async revoke(id) {
        await transport.send({ method: 'DELETE', path: `/v1/admin/keys/${encodeURIComponent(id)}` });
      },
    },
    tenants: {
      list: () => walk('/v1/admin/tenants'),
      get: (name) => versionedTenant({ method: 'GET', path: tenantPath(name) }),
      put: (name, document, options) =>
        versionedTenant({
          method: 'PUT',
          path: tenantPath(name),
          headers: { ...json, ...toHeaders(options) },
          body: JSON.stringify(document),
        }),
      async delete(name, options) {
        const headers = toHeaders(options);
        const { status } = await transport.send({
          method: 'DELETE',
          path: tenantPath(name),
          headers,
          query: { confirm: name },
        });
        return { done: status === 204 };
      },
      usage: (name) => transport.json({ method: 'GET', path: `${tenantPath(name)}/usage` }),
      createKey: (name, input) =>
        transport.json({
          method: 'POST',
          path: `${tenantPath(name)}/keys`,
          headers: json,
          body: JSON.stringify(input),
        }),
    },
  };
}

const json = { 'content-type': 'application/json' };
/** Thousands of documents are compiled and written. */
const changeSetTimeoutMs = 120_000;

function tenantPath(name: string): string {
  return `/v1/admin/tenants/${encodeURIComponent(name)}`;
}

function listPath(noun: Noun, bus = 'default'): string {
  return nouns[noun].ofBus ? `/v1/admin/buses/${encodeURIComponent(bus)}/${noun}` : `/v1/admin/${noun}`;
}

function itemPath(noun: Noun, { name, bus }: Place): string {
  return `${listPath(noun, bus)}/${encodeURIComponent(name)}`;
}

function toHeaders({ version, why }: WriteOptions = {}): Record<string, string> {
  return {
    ...(version === undefined ? {} : version === 0 ? { 'if-none-match': '*' } : { 'if-match': `"${version}"` }),
    ...(why === undefined ? {} : { 'change-reason': toHeaderText(why) }),
  };
}

/** Headers hold bytes: the text goes as UTF-8, in one line. */
function toHeaderText(text: string): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return Array.from(new TextEncoder().encode(line), (byte) => String.fromCharCode(byte)).join('');
}

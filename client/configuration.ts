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

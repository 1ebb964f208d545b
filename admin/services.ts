import type { Principal } from '../mesh/authentication.ts';
import type { ConnectionSupport } from '../mesh/connections/authorize.ts';
import type { Vault } from '../mesh/connections/vault.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import type { Ledger } from '../mesh/ports/ledger.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import type { Secrets } from '../mesh/ports/secrets.ts';
import type { Snapshots } from '../mesh/ports/snapshots.ts';
import type { PlatformName, Source } from '../mesh/connector/source.ts';
import type { Verify } from '../mesh/connector/verify.ts';
import type { EventMeter } from '../mesh/event-meter.ts';
import type { FunctionSupport } from '../mesh/functions/support.ts';
import type { SecondQueue } from '../mesh/snapshot.ts';
import type { AdmissionOptions } from './admission.ts';
import type { Publisher } from './publisher.ts';
import type { TenantRemoval } from './tenant-removal.ts';

/** What the admin's handlers work with. */
export interface Services extends AdmissionOptions {
  readonly documents: Documents;
  readonly snapshots: Snapshots;
  readonly publisher: Publisher;
  readonly runtime: Runtime;
  readonly functions: FunctionSupport;
  /** Seals secrets. */
  readonly vault: Vault;
  readonly connections: ConnectionSupport;
  /** What connectors can pull from, here and elsewhere. */
  readonly sources: readonly Source[];
  readonly platform: PlatformName;
  /** Compares both ends of a synchronisation; absent where nothing can be. */
  readonly verify?: Verify | undefined;
  /** Whether the queue keeps archives. */
  readonly archives: boolean;
  readonly removal: TenantRemoval;
  /** What tenants with a quota have published here. */
  readonly meter?: Pick<EventMeter, 'usage'> | undefined;
  /** The queues that a bus may choose here, beside the log. */
  readonly queues: readonly SecondQueue[];
  /** Has the events that rules are tried on; absent where nothing is kept. */
  readonly ledger?: Ledger | undefined;
  /** The platform's own. */
  readonly secrets: Secrets;
}

/** One authenticated request. */
export interface Call {
  readonly request: Request;
  readonly principal: Principal;
  /** The parts of the address that are names, as sent. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

export type Handler = (call: Call) => Promise<Response>;

/** Handlers of one address by method. */
export type Methods = Readonly<Partial<Record<'GET' | 'PUT' | 'POST' | 'DELETE', Handler>>>;

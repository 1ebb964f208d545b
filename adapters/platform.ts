import type { ConnectionSupport } from '../mesh/connections/authorize.ts';
import type { MasterKeys } from '../mesh/connections/vault.ts';
import type { PlatformName, Source } from '../mesh/connector/source.ts';
import type { Verify } from '../mesh/connector/verify.ts';
import type { FunctionSupport } from '../mesh/functions/support.ts';
import type { DeadLetters } from '../mesh/ports/dead-letters.ts';
import type { Documents } from '../mesh/ports/documents.ts';
import type { Erasure } from '../mesh/ports/erasure.ts';
import type { Ledger } from '../mesh/ports/ledger.ts';
import type { Queue } from '../mesh/ports/queue.ts';
import type { Replays } from '../mesh/ports/replays.ts';
import type { Runtime } from '../mesh/ports/runtime.ts';
import type { Secrets } from '../mesh/ports/secrets.ts';
import type { Snapshots } from '../mesh/ports/snapshots.ts';
import type { Sockets } from '../mesh/ports/sockets.ts';
import type { Waits } from '../mesh/ports/waits.ts';
import type { InstallationRole, Sink } from '../mesh/sink.ts';
import type { SecondQueue } from '../mesh/snapshot.ts';
import type { VerificationOptions } from './verification.ts';

/** What a platform brings. */
export interface Platform {
  readonly documents: Documents;
  readonly snapshots: Snapshots;
  readonly secrets: Secrets;
  readonly queue: Queue;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters;
  /** Absent where the queue keeps no archives. */
  readonly replays?: Replays;
  /** Absent where logs cannot be erased: what is in them expires. */
  readonly erasure?: Erasure;
  /** Without it every publisher is answered when its events are durable. */
  readonly waits?: Waits;
  readonly runtime: Runtime;
  /** The operator's own key; without it the doors stay shut. */
  readonly adminKey?: string | undefined;
  readonly allowPrivateTargets: boolean;
  /** See `TargetPolicy`. */
  readonly role?: InstallationRole;
  /** What secrets are encrypted with; without it none can be stored. */
  readonly masterKeys?: MasterKeys;
  /** What the platform has for connections beside HTTP. */
  readonly connectionSupport?: ConnectionSupport;
  /** The functions in the bundle, and where else this platform can run some; nothing where it is absent. */
  readonly functions?: FunctionSupport;
  /** What connectors can pull from here, and elsewhere. */
  readonly sources?: readonly Source[];
  /** What connectors can pull on this platform, but not in this process: another one has the drivers. */
  readonly sourcesBeside?: readonly Source[];
  readonly name?: PlatformName;
  readonly sockets?: Sockets;
  /** Where sources and sinks can be asked what they have: the others need not carry it. */
  readonly verification?: (options: VerificationOptions) => Verify;
  /** See `Limits`: the platform's HTTP server ends every body at its declared length. */
  readonly exactLength: boolean;
  /** The queues that a bus may choose, beside the log. */
  readonly queues?: readonly SecondQueue[];
  /** See `DispatcherOptions`. */
  readonly connections?: number;
  /** What targets may go to here, beside the sinks that every platform has. */
  readonly sinks?: readonly Sink[];
  /** What is accepted here is dispatched here, most of it at once. */
  readonly dispatchesHere?: true;
  readonly report: (message: string, error: unknown) => void;
}

/** What publishing needs of it. */
export type FrontPlatform = Pick<
  Platform,
  | 'documents'
  | 'snapshots'
  | 'queue'
  | 'waits'
  | 'runtime'
  | 'adminKey'
  | 'allowPrivateTargets'
  | 'exactLength'
  | 'dispatchesHere'
  | 'report'
>;

import type { Event } from '../event/event.ts';
import type { Authorize } from './connections/authorize.ts';
import type { PlatformName, WantedKeys } from './connector/source.ts';
import type { Runtime } from './ports/runtime.ts';
import type { Secrets } from './ports/secrets.ts';
import type { Sockets } from './ports/sockets.ts';

/**
 * A sink hands events to one kind of system. One file a sink, one `defineSink` call.
 * `deliver` never throws for what the other side did: it answers one result an event.
 */
export interface Sink<Options = unknown> {
  /** The key that names it in a target: `{ name, http: { … } }`. */
  readonly kind: string;
  readonly description: string;
  /** JSON Schema (2020-12) of the options; unknown keys are refused. */
  readonly schema: object;
  /** Where it can run; default every platform. */
  readonly platforms?: readonly PlatformName[];
  /** Options as somebody would write them: its page shows them, and a test has them taken as they stand. */
  readonly example?: Options;
  /** For its page, in Markdown: what can be relied on, and what cannot, beside what every sink keeps. */
  readonly guarantees?: string;
  /** What the schema cannot say; throws TulleError `target_invalid` with the place. */
  check?(options: Options, policy: TargetPolicy): void;
  /** The most events that one `deliver` call takes for these options. */
  batchSize(options: Options): number;
  deliver(deliveries: readonly Delivery[], options: Options, context: SinkContext): Promise<readonly AttemptResult[]>;
  /** For a system that can be asked what it has. */
  readonly inspect?: SinkInspection<Options>;
  /** Lets go of the connections that it keeps between deliveries; called when the process ends. */
  close?(): Promise<void>;
}

/** Compares what is there with what events have asked for. Rejects with TulleError where it cannot. */
export interface SinkInspection<Options> {
  /** One comparison an event. */
  compare(deliveries: readonly Delivery[], options: Options, context: SinkContext): Promise<readonly Comparison[]>;
  /** The keys that are there, in their order. */
  keys(wanted: WantedKeys, options: Options, context: SinkContext): Promise<readonly string[]>;
}

/** `same` and `absent` are as they should be: the row is there, and is not. */
export interface Comparison {
  readonly key: string;
  readonly kind: 'same' | 'absent' | 'missing' | 'different' | 'extra' | 'unusable';
  /** What is different. */
  readonly columns?: readonly string[];
  /** Why nothing can be compared. */
  readonly reason?: string;
}

export interface Delivery {
  readonly event: Event;
  /** The same for every attempt, without a dot: Standard Webhooks' `webhook-id`. */
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
}

export interface SinkContext {
  readonly runtime: Runtime;
  readonly secrets: Secrets;
  /** For drivers that connect by themselves. */
  readonly sockets?: Sockets | undefined;
  /** Gives a request the credentials of the connection that the options name as `connection`. */
  readonly authorize?: Authorize;
  readonly policy: TargetPolicy;
  /** How long an attempt may take where the target's options do not say: the retry preset's. */
  readonly timeoutSeconds?: number;
  /** A request whose connection breaks at once is sent once more within the attempt, as some presets have it. */
  readonly resend?: true;
}

/** What the operator of this installation allows of targets. */
export interface TargetPolicy {
  /** Targets on private and loopback addresses: for development only. */
  readonly allowPrivateTargets: boolean;
  /** The installation's own credentials at AWS; absent where it has none. */
  readonly role?: InstallationRole | undefined;
}

/** Credentials that belong to the operator: they are used for what is on the operator's list, and for nothing else. */
export interface InstallationRole {
  /** Whether they may be used for a resource, by its ARN. */
  allows(arn: string): boolean;
  keys(): Promise<AccessKeys>;
  /** Where S3 is, if not at Amazon: emulators. */
  readonly s3Endpoint?: string | undefined;
}

export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export type AttemptResult =
  | {
      readonly ok: true;
      readonly code?: number;
      readonly latencyMs: number;
      /** What the target answered, to be published on the bus that the event came from. */
      readonly reply?: readonly Event[];
    }
  | {
      readonly ok: false;
      readonly failure: 'response' | 'timeout' | 'network' | 'refused';
      readonly code?: number;
      /** What the answer's `Retry-After` asks for, in milliseconds from now. */
      readonly retryAfterMs?: number;
      /** The answer's `Retry-After` is negative: some targets ask in this way for no retry at all. */
      readonly refusesRetry?: true;
      readonly latencyMs: number;
      readonly reason: string;
    };

export function defineSink<Options>(sink: Sink<Options>): Sink<Options> {
  return sink;
}

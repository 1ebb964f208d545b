import type { ConfigurationDocument, Warning } from './configuration.ts';
import type { TracedRule } from './history.ts';

/** What rules are to be tried on: exactly one of `event`, `events` and `last`. */
export interface RuleTestInput {
  /** The name of a rule of the bus, or a rule itself; absent for all rules of the bus. */
  readonly rule?: string | ConfigurationDocument | undefined;
  readonly event?: unknown;
  readonly events?: readonly unknown[];
  /** So many of the events that the bus keeps, newest first. */
  readonly last?: number | undefined;
  /** `run`: functions may reach the network. */
  readonly functions?: 'run' | 'skip';
}

/** What rules would make of events; nothing was sent, stored or counted. */
export interface RuleTest {
  readonly bus: string;
  readonly version: number;
  readonly events: readonly TestedEvent[];
  readonly eventsLeftOut?: number;
  /** What would be sent; targets name them by their place in here. */
  readonly requests: readonly TestedRequest[];
  readonly deliveriesLeftOut?: number;
  /** Of the rule that was sent along. */
  readonly warnings?: readonly Warning[];
}

export interface TestedEvent {
  readonly event: number;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Of one that is kept: milliseconds since 1970. */
  readonly receivedAt?: number;
  /** Why the bus would not accept it. */
  readonly refused?: { readonly code: string; readonly detail: string };
  readonly rules: readonly TestedRule[];
  readonly rulesLeftOut?: number;
}

export interface TestedRule extends Pick<TracedRule, 'rule' | 'failing' | 'reason'> {
  readonly matches: boolean;
  readonly enabled?: false;
  readonly predicates?: readonly {
    readonly path: string;
    readonly operator: string;
    readonly expected: unknown;
    readonly actual?: unknown;
    readonly matched: boolean;
    readonly note?: string;
  }[];
  /** Where the filter takes the event. */
  readonly outcome?: 'sent' | 'filtered' | 'failed' | 'unknown' | 'leftOut';
  readonly steps?: readonly {
    readonly step: number;
    readonly kind: string;
    readonly outcome?: string;
    readonly touched?: readonly string[];
    readonly reason?: string;
    readonly input?: readonly unknown[];
    readonly output?: readonly unknown[];
  }[];
  readonly emits?: readonly {
    readonly bus?: string;
    readonly id: string;
    readonly source: string;
    readonly type: string;
  }[];
  readonly targets?: readonly {
    readonly target: string;
    readonly held?: string;
    readonly requests?: readonly number[];
  }[];
}

export interface TestedRequest {
  readonly rule: string;
  readonly target: string;
  readonly kind: string;
  readonly events: readonly { readonly event: number; readonly part?: number }[];
  readonly refused?: string;
  /** Secrets that are not stored. */
  readonly missing?: readonly string[];
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: string;
  readonly body?: string;
  readonly encoding?: 'base64';
  readonly bytes?: number;
}

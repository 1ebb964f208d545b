/** A case of `tulle test`: events, and what rules are expected to make of them. */
export interface RuleCase {
  /** The file that it stands in. */
  readonly file: string;
  readonly name: string;
  readonly bus: string;
  /** JSON texts. */
  readonly events: readonly string[];
  /** When they come in (RFC 3339); now, where it is not said. */
  readonly at?: string;
  readonly functions: 'run' | 'skip';
  readonly expect: Expectation;
}

export interface Expectation {
  /** Exactly these rules take some of the events, in any order. */
  readonly rules?: readonly string[];
  /** Exactly these requests would be sent, in any order. */
  readonly sent?: readonly ExpectedRequest[];
  /** Of exactly these rules the steps leave nothing. */
  readonly filtered?: readonly string[];
  /** The steps of exactly these rules fail. */
  readonly failed?: readonly string[];
  /** Whether the bus refuses some of the events, for the schemas of their types. */
  readonly refused?: boolean;
}

/** What is not said of a request does not matter. */
export interface ExpectedRequest {
  readonly rule?: string;
  readonly target?: string;
  readonly method?: string;
  readonly url?: string;
  /** These among others, whatever the case of their names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: string;
  /** Exactly this: text, or what the text says as JSON. */
  readonly body?: unknown;
  /** The body is JSON that has this among other things. */
  readonly contains?: unknown;
}

export const caseMembers = ['name', 'bus', 'event', 'events', 'at', 'functions', 'expect'] as const;
export const expectationMembers = ['rules', 'sent', 'filtered', 'failed', 'refused'] as const;
export const requestMembers = [
  'rule',
  'target',
  'method',
  'url',
  'headers',
  'content',
  'body',
  'contains',
] as const satisfies readonly (keyof ExpectedRequest)[];

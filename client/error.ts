/** One of several faults, as the member `errors` of a problem document has them. */
export interface ProblemItem {
  readonly code?: string;
  readonly detail?: string;
  /** A JSON Pointer into the document that was sent, a header or a parameter. */
  readonly place?: string;
  readonly mend?: string;
}

/** What Tulle answers when it refuses: problem details (RFC 9457) with members of its own. */
export interface Problem extends ProblemItem {
  readonly title?: string;
  readonly status?: number;
  readonly errors?: readonly ProblemItem[];
}

/** A request that was refused, or not answered. */
export class TulleRequestError extends Error {
  /** `PUT /v1/admin/buses/orders` */
  readonly request: string;
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** Stable, such as `version_conflict`; `unreachable` without an answer, `unknown` where it was no problem document. */
  readonly code: string;
  readonly place: string | undefined;
  /** What to do about it. */
  readonly mend: string | undefined;
  readonly errors: readonly ProblemItem[];
  /** The whole problem document: some have more members, as `deliveries`. */
  readonly problem: Readonly<Record<string, unknown>>;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(
    request: string,
    status: number,
    problem: Problem,
    { retryAfter, cause }: { readonly retryAfter?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(
      problem.detail ?? problem.title ?? `${request} was answered ${status}.`,
      cause === undefined ? {} : { cause },
    );
    this.name = 'TulleRequestError';
    this.request = request;
    this.status = status;
    this.code = problem.code ?? (status === 0 ? 'unreachable' : 'unknown');
    this.place = problem.place;
    this.mend = problem.mend;
    this.errors = problem.errors ?? [];
    this.problem = { ...problem };
    this.retryAfter = retryAfter;
  }
}

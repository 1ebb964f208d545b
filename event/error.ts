/**
 * Every way in which Tulle refuses or fails, by stable code. `status` is the HTTP status that an API answers with,
 * `fault` says who has to act: `user` changes the request or the configuration, `system` is ours or the platform's.
 * Codes are part of the public interface: they are added, never renamed.
 */
export const errorCodes = {
  // The request as a whole
  authentication_required: { status: 401, fault: 'user', title: 'No valid credential was sent' },
  permission_denied: { status: 403, fault: 'user', title: 'The credential does not allow this' },
  not_found: { status: 404, fault: 'user', title: 'There is nothing at this address' },
  bus_not_found: { status: 404, fault: 'user', title: 'There is no such bus' },
  method_not_allowed: { status: 405, fault: 'user', title: 'The address does not take this method' },
  version_conflict: { status: 409, fault: 'user', title: 'The document was changed by somebody else' },
  in_use: { status: 409, fault: 'user', title: 'Something else still needs this' },
  limit_reached: { status: 409, fault: 'user', title: 'There are as many of these as there may be' },
  too_large: { status: 413, fault: 'user', title: 'The request is larger than the limit' },
  media_type_unsupported: { status: 415, fault: 'user', title: 'The content type or encoding is not supported' },
  too_many_requests: { status: 429, fault: 'user', title: 'Too many requests' },
  // What was sent
  json_invalid: { status: 400, fault: 'user', title: 'The text is not valid JSON' },
  event_invalid: { status: 400, fault: 'user', title: 'The event is not a valid CloudEvent' },
  batch_invalid: { status: 400, fault: 'user', title: 'At least one event of the batch is not valid' },
  resource_invalid: { status: 400, fault: 'user', title: 'The resource does not fit its schema' },
  filter_invalid: { status: 400, fault: 'user', title: 'The filter cannot be compiled' },
  step_invalid: { status: 400, fault: 'user', title: 'The step cannot be compiled' },
  target_invalid: { status: 400, fault: 'user', title: 'The target cannot be used' },
  schema_invalid: { status: 400, fault: 'user', title: 'The JSON Schema cannot be used' },
  schema_incompatible: { status: 409, fault: 'user', title: 'The schema does not go with the versions before it' },
  schema_mismatch: { status: 422, fault: 'user', title: 'The event does not fit the schema of its type' },
  request_invalid: { status: 400, fault: 'user', title: 'The request is not valid' },
  // While an event is on its way
  step_failed: { status: 422, fault: 'user', title: 'A step of the rule failed on this event' },
  fuel_exhausted: { status: 422, fault: 'user', title: 'The expression needed more than it may use' },
  function_unavailable: {
    status: 503,
    fault: 'user',
    title: 'A function could not be reached; a later attempt may succeed',
  },
  credential_unavailable: {
    status: 503,
    fault: 'user',
    title: 'A secret or a token could not be had; a later attempt may succeed',
  },
  // To a publisher who waits for a reply
  reply_missing: { status: 502, fault: 'user', title: 'No target replied' },
  reply_late: { status: 504, fault: 'user', title: 'No target replied in time' },
  // Ours
  unavailable: { status: 503, fault: 'system', title: 'The service cannot take this now' },
  internal: { status: 500, fault: 'system', title: 'Something failed on our side' },
} as const satisfies Record<string, { status: number; fault: 'user' | 'system'; title: string }>;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorDetails {
  /** Where: a JSON Pointer, a header name, or `expression:column`. */
  place?: string;
  /** What the reader can do about it, as a sentence. */
  mend?: string;
  /** One entry a faulty item, where several things are wrong at once. */
  errors?: readonly ErrorItem[];
  /** Seconds after which a retry makes sense (`Retry-After`). */
  retryAfter?: number;
  cause?: unknown;
}

export interface ErrorItem {
  code: ErrorCode;
  detail: string;
  place?: string;
  mend?: string;
}

/** The one error class. `message` is the detail for the reader; it never carries secrets or event data. */
export class TulleError extends Error {
  readonly code: ErrorCode;
  readonly place: string | undefined;
  readonly mend: string | undefined;
  readonly errors: readonly ErrorItem[] | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TulleError';
    this.code = code;
    this.place = details.place;
    this.mend = details.mend;
    this.errors = details.errors;
    this.retryAfter = details.retryAfter;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  get fault(): 'user' | 'system' {
    return errorCodes[this.code].fault;
  }

  /** By name, because `instanceof` fails across bundles and RPC. */
  static is(value: unknown): value is TulleError {
    return value instanceof Error && value.name === 'TulleError' && 'code' in value;
  }

  toItem(): ErrorItem {
    return {
      code: this.code,
      detail: this.message,
      ...(this.place === undefined ? {} : { place: this.place }),
      ...(this.mend === undefined ? {} : { mend: this.mend }),
    };
  }
}

import { errorCodes, TulleError, type ErrorItem } from '../event/error.ts';

/** The body of every refusal: RFC 9457 problem details with the members that `TulleError` adds. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly place?: string;
  readonly mend?: string;
  readonly errors?: readonly ErrorItem[];
}

/**
 * The one way from an error to an HTTP answer. Anything that is not a `TulleError`, and `internal` itself, is answered
 * without its message: it may hold data or secrets, and belongs in the log.
 * `headers` is for what the error cannot know, such as `Allow` of a 405.
 */
export function toProblemResponse(error: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  const problem = toProblem(error);
  const answer = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  // RFC 9110, 15.5.2: a 401 says how to authenticate.
  if (problem.status === 401) answer.set('www-authenticate', 'Bearer realm="tulle"');
  if (TulleError.is(error) && error.retryAfter !== undefined) {
    answer.set('retry-after', String(Math.max(0, Math.ceil(error.retryAfter))));
  }
  for (const [name, value] of Object.entries(headers)) answer.set(name, value);
  return new Response(JSON.stringify(problem), { status: problem.status, headers: answer });
}

export function toProblem(error: unknown): Problem {
  // Field by field: an error that came over RPC has lost its methods.
  const known = TulleError.is(error) && Object.hasOwn(errorCodes, error.code) && error.code !== 'internal';
  const code = known ? error.code : 'internal';
  const { status, title } = errorCodes[code];
  return {
    type: `urn:tulle:error:${code}`,
    title,
    status,
    code,
    ...(known ? { detail: error.message } : {}),
    ...(known && error.place !== undefined ? { place: error.place } : {}),
    ...(known && error.mend !== undefined ? { mend: error.mend } : {}),
    ...(known && error.errors !== undefined ? { errors: error.errors } : {}),
  };
}

/** Whether somebody on our side has to look at it: such an error goes to the log as well. */
export function isSystemFault(error: unknown): boolean {
  return toProblem(error).status >= 500;
}

import { TulleError } from '../../event/error.ts';
import { type AuthorizedRequest, isUnauthorized, type OutgoingRequest } from '../../mesh/connections/authorize.ts';
import { requireHttps } from '../../mesh/connections/https.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import { post } from '../../mesh/delivery/post.ts';
import { excerptWithout, responseLimit } from '../../mesh/delivery/response.ts';
import { parseRetryAfter } from '../../mesh/delivery/retry-after.ts';
import type { PostAnswer, Runtime } from '../../mesh/ports/runtime.ts';
import type { AttemptResult, SinkContext } from '../../mesh/sink.ts';

/** What an answer says: systems that answer 200 to everything say the rest in the body. */
export type Verdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** The status of HTTP that stands for it, by which the retry preset decides; default the answer's. */
      readonly code?: number;
      /** How long the system asks to be left alone, where the header does not say. */
      readonly retryAfterMs?: number;
      /** What went wrong, in the system's words. */
      readonly said: string;
    };

export interface Sending {
  readonly context: SinkContext;
  /** The name of a connection, whose credentials the request is given. */
  readonly connection?: string | undefined;
  /** Default the retry preset's. */
  readonly timeoutSeconds?: number | undefined;
  /** What no message may repeat. */
  readonly hidden?: readonly string[];
  /** What is read of an answer, in bytes; default 16,384. */
  readonly answerBytes?: number;
  /** Default by the status alone. */
  readonly read?: (answer: PostAnswer) => Verdict;
}

/** One POST of an attempt to an address that targets may have, over https where it has credentials. */
export async function sendRequest(outgoing: OutgoingRequest, sending: Sending): Promise<AttemptResult> {
  const { context, connection } = sending;
  const { runtime, policy } = context;
  const startedAt = runtime.now();
  let request: AuthorizedRequest = { ...outgoing, hidden: [] };
  try {
    const url = checkTargetUrl(outgoing.url, policy);
    if (connection !== undefined || sending.hidden !== undefined) requireHttps(url, policy);
    if (connection !== undefined) request = await authorize(outgoing, connection, context);
  } catch (error) {
    return toRefusal(error, runtime.now() - startedAt);
  }
  const result = await ask(request, sending);
  if (!result.ok && isUnauthorized(result.code) && request.renew !== undefined) {
    try {
      return await ask(await request.renew(), sending);
    } catch (error) {
      return toRefusal(error, runtime.now() - startedAt);
    }
  }
  // Such a connection was often a stale one of the pool.
  const isStale = !result.ok && result.failure === 'network' && result.latencyMs < 1_000;
  return isStale && context.resend ? ask(request, sending) : result;
}

async function ask(request: AuthorizedRequest, sending: Sending): Promise<AttemptResult> {
  const { context, timeoutSeconds, answerBytes = responseLimit, read = readStatus } = sending;
  const runtime = request.fetch === undefined ? context.runtime : withFetch(context.runtime, request.fetch);
  const { url, headers, body } = request;
  const hidden = [...request.hidden, ...(sending.hidden ?? [])];
  const timeoutMs = (timeoutSeconds ?? context.timeoutSeconds ?? 15) * 1000;
  const startedAt = runtime.now();
  let answer: PostAnswer;
  try {
    answer = await post(runtime, { url, headers, body, timeoutMs, answerBytes });
  } catch (error) {
    return toSilence(error, hidden, runtime.now() - startedAt);
  }
  const latencyMs = runtime.now() - startedAt;
  const verdict = read(answer);
  if (verdict.ok) return { ok: true, code: answer.status, latencyMs };
  const { code = answer.status } = verdict;
  const retryAfterMs = verdict.retryAfterMs ?? parseRetryAfter(answer.retryAfter, runtime.now());
  const said = excerptWithout(verdict.said, hidden);
  return {
    ok: false,
    failure: 'response',
    code,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    latencyMs,
    reason: said === '' ? `the target answered ${answer.status}` : `the target answered ${answer.status}: ${said}`,
  };
}

/** A redirect is no success: it is not followed. */
export function readStatus({ status, text }: PostAnswer): Verdict {
  return status >= 200 && status < 300 ? { ok: true } : { ok: false, said: text };
}

/** What we may not or cannot send; anything but our own refusals is a fault of ours and goes up. */
export function toRefusal(error: unknown, latencyMs: number): AttemptResult {
  if (!TulleError.is(error)) throw error;
  // As if the target had not answered: whoever mends the connection mends every event that waits.
  const failure = error.code === 'credential_unavailable' ? 'network' : 'refused';
  return { ok: false, failure, latencyMs, reason: error.message };
}

/** No answer came. */
export function toSilence(error: unknown, hidden: readonly string[], latencyMs: number): AttemptResult {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return { ok: false, failure: 'timeout', latencyMs, reason: error.message };
  }
  return { ok: false, failure: 'network', latencyMs, reason: networkReason(error, hidden) };
}

export async function authorize(
  request: OutgoingRequest,
  connection: string,
  context: SinkContext,
): Promise<AuthorizedRequest> {
  if (context.authorize !== undefined) return context.authorize(connection, request);
  throw new TulleError('credential_unavailable', 'there are no connections here');
}

/** Without the platform's short way, which knows no other `fetch`. */
export function withFetch({ post: _post, ...runtime }: Runtime, fetch: Runtime['fetch']): Runtime {
  return { ...runtime, fetch };
}

/** Node hides what happened in the cause, and with several addresses says it as a code only; Workers say it at once. */
function networkReason(error: unknown, hidden: readonly string[]): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const message = cause instanceof Error ? cause.message : '';
  return `the request failed: ${excerptWithout(message || code, hidden) || 'no reason was given'}`;
}

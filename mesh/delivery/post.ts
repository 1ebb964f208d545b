import type { PostAnswer, PostRequest, Runtime } from '../ports/runtime.ts';
import { readResponse } from './response.ts';

/** One POST and the start of its answer: the platform's own short way where it has one, else by `fetch`. */
export function post(runtime: Runtime, request: PostRequest): Promise<PostAnswer> {
  if (runtime.post !== undefined) return runtime.post(request);
  return postByFetch(runtime, request, (response) => readStart(response, request.answerBytes));
}

/** One POST by `fetch`, for whoever needs more of the answer than its start; rejects as `Runtime.post` does. */
export async function postByFetch<Answer>(
  runtime: Pick<Runtime, 'fetch'>,
  { url, headers, body, timeoutMs }: Omit<PostRequest, 'answerBytes'>,
  read: (response: Response) => Promise<Answer>,
): Promise<Answer> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  try {
    return await read(
      await runtime.fetch(
        new Request(url, { method: 'POST', headers, body, redirect: 'manual', signal: abort.signal }),
      ),
    );
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    throw new DOMException(`no answer within ${timeoutMs / 1000} s`, 'TimeoutError');
  } finally {
    clearTimeout(timer);
  }
}

export async function readStart(response: Response, answerBytes: number): Promise<PostAnswer> {
  // Also of a success: a body that nobody reads keeps its connection. The status is the target's word; a body that
  // breaks off or drips on until the timeout does not take it back, so an acknowledged event is not sent again.
  const text = response.body ? await readResponse(response, answerBytes).catch(() => '') : '';
  return { status: response.status, retryAfter: response.headers.get('retry-after') ?? undefined, text };
}

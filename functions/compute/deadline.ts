import { TulleError } from '../../event/error.ts';

/**
 * Runs `work` with a signal that is aborted when the time is over; then the promise rejects with TulleError
 * `function_unavailable`, whether `work` heeds the signal or not.
 */
export async function withDeadline<Result>(
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController();
  const { signal } = abort;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const late = new TulleError('function_unavailable', `it was not done within ${timeoutMs / 1000} s`);
      abort.abort(late);
      reject(late);
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(signal), deadline]);
  } catch (error) {
    // What fails because of the abort has its own words for it.
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

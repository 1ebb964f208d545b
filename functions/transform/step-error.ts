import { TulleError } from '../../event/error.ts';

/** The same error as seen from further out: another code and message, and a longer place. */
export function relocate(
  error: TulleError,
  code: 'step_invalid' | 'step_failed' | 'fuel_exhausted' | 'function_unavailable' | 'credential_unavailable',
  message: string,
  place: string,
): TulleError {
  const { mend, retryAfter } = error;
  return new TulleError(code, message, {
    place: place + (error.place ?? ''),
    cause: error,
    ...(mend === undefined ? {} : { mend }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

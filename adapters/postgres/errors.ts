import { TulleError } from '../../event/error.ts';

/** The database is not to be reached, or does not take writes now; nothing is wrong with what it was asked. */
export function isOutage(error: unknown): boolean {
  if (TulleError.is(error)) return error.code === 'unavailable';
  if (!(error instanceof Error)) return false;
  const state = stateOf(error);
  // The driver's own errors have no state: a connection that broke, a time that is over.
  if (state === undefined) return !(error instanceof TypeError || error instanceof RangeError);
  return outages.some((start) => state.startsWith(start));
}

/** Two transactions met at the same rows; once more, and they may not. */
export function isConflict(error: unknown): boolean {
  const state = stateOf(error);
  return state === '40001' || state === '40P01' || state === '55P03';
}

export function unavailable(cause: unknown): TulleError {
  if (TulleError.is(cause)) return cause;
  return new TulleError('unavailable', 'The database cannot be reached.', {
    mend: 'Send the request again in a moment.',
    retryAfter: 1,
    cause,
  });
}

/** What no waiting will mend: a wrong password, a database that does not exist, a host name that is none. */
export function isRefusal(error: unknown): boolean {
  const cause = TulleError.is(error) ? error.cause : error;
  const state = stateOf(cause) ?? '';
  return state.startsWith('28') || state === '3D000' || state === '42501';
}

/**
 * Classes of SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html): connections, resources, an operator or a
 * crash, the system; and what a server says that has become a standby, and one that took too long.
 */
const outages = ['08', '53', '57P', '58', '25006', '57014', '25P03'];

function stateOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

import { TulleError } from '../../event/error.ts';

/**
 * What a handler throws when a later attempt may succeed: `throw retryLater('the bank is closed', { afterSeconds: 60 })`.
 * The event is tried again as its target's retry policy says, after at least that time. Anything else that is thrown
 * ends the event's delivery.
 */
export function retryLater(message: string, options: { readonly afterSeconds?: number; cause?: unknown } = {}): Error {
  const { afterSeconds, cause } = options;
  return new TulleError('function_unavailable', message, {
    ...(afterSeconds === undefined ? {} : { retryAfter: afterSeconds }),
    cause,
  });
}

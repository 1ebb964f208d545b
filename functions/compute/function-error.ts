import { TulleError } from '../../event/error.ts';
import type { FunctionContext } from './define-function.ts';

/**
 * What a caller learns of a failed call: the function's name and a short message. Our own failures, and what was thrown
 * with `retryLater`, are worth another attempt; the stack of anything else goes to the log.
 */
export function toFunctionError(name: string, error: unknown, log: FunctionContext['log']): TulleError {
  if (TulleError.is(error)) {
    const { code, place, mend, retryAfter } = error;
    const passing = code === 'function_unavailable' || code === 'credential_unavailable';
    const again = passing || error.fault === 'system';
    return new TulleError(
      again ? 'function_unavailable' : 'step_failed',
      `The function ${name}: ${toLine(error.message)}`,
      {
        cause: error,
        ...(place === undefined || again ? {} : { place }),
        ...(mend === undefined ? {} : { mend }),
        ...(retryAfter === undefined ? {} : { retryAfter }),
      },
    );
  }
  const { message, stack } = readThrown(error);
  log.error('the function failed', stack === undefined ? {} : { stack: stack.slice(0, stackLimit) });
  return new TulleError('step_failed', `The function ${name} failed: ${toLine(message) || 'it gave no reason'}`, {
    mend: 'Correct the function, or the event; throw retryLater(…) where another attempt may succeed.',
    cause: error,
  });
}

const messageLimit = 512;
const stackLimit = 2_000;

/** Anything may be thrown: an error whose message is an object, or that fails when it is read. */
function readThrown(thrown: unknown): { readonly message: string; readonly stack?: string } {
  if (typeof thrown === 'string') return { message: thrown };
  try {
    if (!(thrown instanceof Error)) return { message: '' };
    const { message, stack }: { readonly message: unknown; readonly stack?: unknown } = thrown;
    return {
      message: typeof message === 'string' ? message : '',
      ...(typeof stack === 'string' ? { stack } : {}),
    };
  } catch {
    return { message: '' };
  }
}

/** One line of bounded length, without control characters. */
function toLine(text: string): string {
  const line = text
    .slice(0, 4 * messageLimit)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return line.slice(0, messageLimit).toWellFormed();
}

import { TulleError } from '../../event/error.ts';
import { readBody } from './body.ts';

/**
 * For what takes no body: many clients send `{}` all the same, and that is as good as none. What says something would not
 * be looked at; a purge with its filter there would take everything.
 * @throws TulleError `request_invalid`
 */
export async function requireNoBody(request: Request, mend = 'Leave the body out, or send {}.'): Promise<void> {
  if (await isEmpty(request)) return;
  throw new TulleError('request_invalid', 'This takes no body.', { place: 'body', mend });
}

async function isEmpty(request: Request): Promise<boolean> {
  try {
    const bytes = (await readBody(request, mostBytes)) ?? new Uint8Array();
    return /^\s*(?:\{\s*\}\s*)?$/.test(new TextDecoder().decode(bytes));
  } catch (error) {
    // Whatever else is wrong with it: it should not be there.
    if (TulleError.is(error) && error.fault === 'user') return false;
    throw error;
  }
}

/** Of an empty object with some space in it. */
const mostBytes = 64;

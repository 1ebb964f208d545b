import { TulleError } from '../event/error.ts';
import type { ChangeOrder } from './changes/changes.ts';
import type { Call } from './services.ts';

/** Who asks for a change, and why: the header `Change-Reason`, where the body has no place for it. */
export function orderOf({ principal, request }: Pick<Call, 'principal' | 'request'>, why?: string): ChangeOrder {
  const header = request.headers.get('change-reason') ?? undefined;
  const reason = why ?? header;
  if (reason !== undefined && (reason.length > reasonMaxLength || !reason.isWellFormed())) {
    throw new TulleError('request_invalid', `The reason is longer than ${reasonMaxLength} characters, or no text.`, {
      place: why === undefined ? 'change-reason' : '/why',
      mend: 'Say it in a sentence, and refer to the rest.',
    });
  }
  return { tenant: principal.tenant, by: principal.keyId, ...(reason === undefined ? {} : { why: reason }) };
}

const reasonMaxLength = 1_024;

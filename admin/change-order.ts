import { TulleError } from '../event/error.ts';
import type { Principal } from '../mesh/authentication.ts';
import type { ChangeOrder } from './changes/changes.ts';

/** Who asks for a change, and why: the header `Change-Reason`, where the body has no place for it. */
export function orderOf(
  {
    principal,
    request,
  }: {
    readonly principal: Pick<Principal, 'tenant' | 'keyId'>;
    readonly request: Pick<Request, 'headers'>;
  },
  why?: string,
): ChangeOrder {
  const header = decode(request.headers.get('change-reason') ?? undefined);
  const reason = why ?? header;
  if (reason !== undefined && (reason.length > reasonMaxLength || !reason.isWellFormed())) {
    throw new TulleError('request_invalid', `The reason is longer than ${reasonMaxLength} characters, or no text.`, {
      place: why === undefined ? 'change-reason' : '/why',
      mend: 'Say it in a sentence, and refer to the rest.',
    });
  }
  return { tenant: principal.tenant, by: principal.keyId, ...(reason === undefined ? {} : { why: reason }) };
}

/** Some platforms hand a header's bytes out as characters: where they are UTF-8, they are meant as that. */
function decode(header: string | undefined): string | undefined {
  if (header === undefined || !/[\x80-\xff]/.test(header) || /[^\0-\xff]/.test(header)) return header;
  try {
    const bytes = Uint8Array.from(header, (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return header;
  }
}

const reasonMaxLength = 1_024;

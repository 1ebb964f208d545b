import { TulleError } from '../event/error.ts';

/** What a request demands of the present state (RFC 9110, 13.1). */
export type Precondition =
  | { readonly kind: 'none' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'version'; readonly version: number };

/** @throws TulleError `request_invalid` */
export function readPrecondition(headers: Headers): Precondition {
  const ifMatch = headers.get('if-match')?.trim();
  const ifNoneMatch = headers.get('if-none-match')?.trim();
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw new TulleError('request_invalid', 'If-Match and If-None-Match exclude each other.', {
      place: 'if-none-match',
      mend: 'Send one of them.',
    });
  }
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch === '*') return { kind: 'absent' };
    throw new TulleError('request_invalid', 'If-None-Match takes * only.', {
      place: 'if-none-match',
      mend: 'Send `If-None-Match: *` to create, or leave it out.',
    });
  }
  if (ifMatch === undefined) return { kind: 'none' };
  if (ifMatch === '*') return { kind: 'present' };
  const version = /^"([1-9][0-9]{0,14})"$/.exec(ifMatch)?.[1];
  if (version === undefined) {
    throw new TulleError('request_invalid', 'If-Match is not the ETag of a version.', {
      place: 'if-match',
      mend: 'Send the ETag as it was answered, such as `If-Match: "3"`.',
    });
  }
  return { kind: 'version', version: Number(version) };
}

/** `version` is 0 where there is nothing. @throws TulleError `version_conflict` */
export function requirePrecondition(precondition: Precondition, version: number): void {
  const holds =
    precondition.kind === 'none' ||
    (precondition.kind === 'absent' && version === 0) ||
    (precondition.kind === 'present' && version !== 0) ||
    (precondition.kind === 'version' && version === precondition.version);
  if (holds) return;
  const found = version === 0 ? 'It does not exist.' : `It is at version ${version}.`;
  throw new TulleError('version_conflict', `The present state is not the one that was expected. ${found}`, {
    place: precondition.kind === 'absent' ? 'if-none-match' : 'if-match',
    mend: 'Read it again, apply the change to what is there now, and send it with the new ETag.',
  });
}

export function toETag(version: number): string {
  return `"${version}"`;
}

import { TulleError } from '../../event/error.ts';
import { endOfText, newScan, scanJson } from '../../event/json-scan.ts';
import { decodeText, readBody } from './body.ts';

/** The most that the body of such a request takes. */
export const bodyMaxBytes = 262_144;
/** Names come back in the places of faults. */
const nameMaxLength = 512;

/**
 * Reads the body of a request about a resource as JSON, bounded in size and depth; a member that is named twice is a slip, not a choice.
 * @throws TulleError `media_type_unsupported`, `too_large`, `request_invalid` or `json_invalid`
 */
export async function readJson(request: Request, maxBytes: number = bodyMaxBytes): Promise<unknown> {
  return parseJsonBody(await readJsonText(request, maxBytes));
}

/**
 * The same where every member may be missing: no body is as good as `{}`, whatever it is announced as.
 * @throws as `readJson`
 */
export async function readOptionalJson(request: Request): Promise<unknown> {
  const bytes = await readBody(request, bodyMaxBytes);
  if (bytes === undefined || bytes.length === 0) return {};
  requireJson(request.headers);
  return parseJsonBody(decodeText(bytes));
}

/** The same as text, for whoever keeps a part of it as it was written: `parseJsonBody` then checks the rest. */
export async function readJsonText(request: Request, maxBytes: number): Promise<string> {
  requireJson(request.headers);
  const bytes = await readBody(request, maxBytes);
  return decodeText(bytes ?? new Uint8Array());
}

/** @throws TulleError `json_invalid` */
export function parseJsonBody(text: string): unknown {
  const scan = newScan();
  scanJson(text, 0, scan);
  endOfText(text, scan.end);
  if (scan.duplicateKeys) {
    throw new TulleError('json_invalid', 'An object of the body names a member twice.', {
      mend: 'Keep the one that is meant.',
    });
  }
  const value: unknown = JSON.parse(text);
  refuseHostileNames(value, '');
  return value;
}

function requireJson(headers: Headers): void {
  const [mediaType = ''] = (headers.get('content-type') ?? '').split(';');
  if (!/^application\/([a-z0-9.!#$&^_-]+\+)?json$/i.test(mediaType.trim())) {
    throw new TulleError('media_type_unsupported', 'The body is not announced as JSON.', {
      place: 'content-type',
      mend: 'Send the header `Content-Type: application/json`.',
    });
  }
}

/** `__proto__` never reaches code that builds objects; a name of broken Unicode has no JSON Pointer. */
function refuseHostileNames(value: unknown, place: string): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__' || name.length > nameMaxLength || !name.isWellFormed()) {
      throw new TulleError('json_invalid', 'The body has a member whose name is not allowed.', {
        place: place === '' ? '/' : place,
        mend: `Remove names of over ${nameMaxLength} characters, with unpaired surrogates, and __proto__.`,
      });
    }
    refuseHostileNames(member, `${place}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }
}

import { TulleError } from '../../event/error.ts';
import { endOfText, newScan, scanJson } from '../../event/json-scan.ts';
import { parseJson } from '../../event/parse-json.ts';

/** A JSON Web Token (RFC 7519) in its compact form, taken apart. Nothing of it is proven. */
export interface Token {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** What is signed. */
  readonly signed: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Real ones take one to six thousand characters; Node takes 16 KB of headers. */
export const tokenMaxLength = 12_288;

/** Whether a credential is one, and not an API key. */
export function isToken(text: string): boolean {
  return shape.test(text);
}

/** @throws TulleError `authentication_required` */
export function readToken(text: string): Token {
  const [, header = '', claims = '', signature = ''] = (text.length <= tokenMaxLength && shape.exec(text)) || [];
  if (header === '') throw invalidToken('It is none, or too long.');
  return {
    header: readObject(header),
    claims: readObject(claims),
    signed: new Uint8Array(encoder.encode(`${header}.${claims}`)),
    signature: fromBase64Url(signature),
  };
}

/** Says nothing of what was sent. */
export function invalidToken(why: string, mend = 'Send a new token of the identity provider.'): TulleError {
  return new TulleError('authentication_required', `The token is not valid here. ${why}`, {
    place: 'authorization',
    mend,
  });
}

const shape = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A member that stands twice may be read in two ways (RFC 7515, 4; RFC 7519, 4): such a token is none. */
function readObject(part: string): JsonObject {
  let value: unknown;
  try {
    const text = decoder.decode(fromBase64Url(part));
    const scan = newScan();
    scanJson(text, 0, scan);
    endOfText(text, scan.end);
    value = scan.duplicateKeys ? undefined : parseJson(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalidToken('A part of it is no JSON object.');
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 4 === 1) throw invalidToken('A part of it is no base64url.');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

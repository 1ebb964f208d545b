import { TulleError } from '../../event/error.ts';
import type { RequestSignature } from './settings.ts';

/**
 * The headers that sign a request as a connection says: one signature for each secret, so that a receiver can change
 * from the former to the new one while both are in use.
 */
export async function signRequest(
  signature: RequestSignature,
  secrets: readonly string[],
  body: string | Uint8Array | null,
  nowMs: number,
): Promise<Record<string, string>> {
  const { header, format, timestampHeader, separator } = signature;
  const timestamp = String(signature.timestamp === 'seconds' ? Math.floor(nowMs / 1000) : nowMs);
  const content = signedContent(signature.content, timestamp, body ?? '');
  const signed: string[] = [];
  for (const secret of secrets) {
    const text = encode(await hmac(signature, secret, content), signature.encoding);
    // By function: a replacement text would give meaning to `$`.
    signed.push(format.replaceAll('{timestamp}', () => timestamp).replaceAll('{signature}', () => text));
  }
  const headers: Record<string, string> = { [header.toLowerCase()]: signed.join(separator) };
  if (timestampHeader !== undefined) headers[timestampHeader.toLowerCase()] = timestamp;
  return headers;
}

/** The bytes of a key. @throws TulleError `resource_invalid` where the text is not in that encoding */
export function decodeSecret(secret: string, encoding: RequestSignature['secretEncoding']): Uint8Array<ArrayBuffer> {
  if (encoding === 'text') return new Uint8Array(encoder.encode(secret));
  if (encoding === 'hex' && /^([\da-f]{2})+$/i.test(secret)) {
    const pairs: readonly string[] = secret.match(/../g) ?? [];
    return new Uint8Array(pairs.map((pair) => Number.parseInt(pair, 16)));
  }
  if (encoding === 'base64' && /^[A-Za-z0-9+/]+={0,2}$/.test(secret) && secret.replace(/=+$/, '').length % 4 !== 1) {
    return Uint8Array.from(atob(secret), (character) => character.charCodeAt(0));
  }
  throw new TulleError('resource_invalid', `The secret is not ${encoding}.`, {
    mend: 'Correct the secret, or what secretEncoding says of it.',
  });
}

const hashes = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const;
const encoder = new TextEncoder();

async function hmac(
  signature: RequestSignature,
  secret: string,
  content: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const bytes = decodeSecret(secret, signature.secretEncoding);
  const algorithm = { name: 'HMAC', hash: hashes[signature.algorithm] };
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, content));
}

/** The body goes in as the bytes that are sent. */
function signedContent(template: string, timestamp: string, body: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof body === 'string' ? encoder.encode(body) : body;
  const parts = template.replaceAll('{timestamp}', timestamp).split('{body}');
  const texts = parts.map((part) => encoder.encode(part));
  const length = texts.reduce((sum, text) => sum + text.length, 0) + bytes.length * (parts.length - 1);
  const content = new Uint8Array(length);
  let at = 0;
  for (const [index, text] of texts.entries()) {
    if (index > 0) {
      content.set(bytes, at);
      at += bytes.length;
    }
    content.set(text, at);
    at += text.length;
  }
  return content;
}

function encode(bytes: Uint8Array, encoding: 'hex' | 'base64'): string {
  if (encoding === 'base64') return btoa(String.fromCharCode(...bytes));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

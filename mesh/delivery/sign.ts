import { TulleError } from '../../event/error.ts';

export interface WebhookHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/**
 * Signs a request as Standard Webhooks 1.0 says, over `id.timestamp.body`: `v1,` + base64 HMAC-SHA256 with a secret that
 * is `whsec_` + base64 of 24–64 bytes, `v1a,` + base64 Ed25519 with one that is `whsk_` + base64 of the private key (its
 * seed, or the seed and the public key). Several secrets, separated by spaces, give a signature each, so that a receiver
 * can change from the old to the new one while both are in use.
 * @throws TulleError `target_invalid` when the id or a secret cannot be used.
 */
export async function signWebhook(
  secret: string,
  id: string,
  timestampSeconds: number,
  body: string | Uint8Array,
): Promise<WebhookHeaders> {
  // A dot in the id would let `a.1` + `2.x` be read again as `a` + `1.2.x` under the same signature.
  if (!/^[\w:+/=~-]{1,256}$/.test(id)) {
    throw new TulleError('target_invalid', 'A webhook id is 1–256 characters and has neither dots nor spaces');
  }
  const content = signedContent(`${id}.${timestampSeconds}.`, body);
  const secrets = secret.split(/\s+/).filter((part) => part !== '');
  if (secrets.length === 0 || secrets.length > 8) throw secretError('It holds no secret, or more than 8');
  const signatures: string[] = [];
  for (const one of secrets) {
    const key = await keyFor(one);
    const signature = await crypto.subtle.sign(key.algorithm.name, key, content);
    const version = key.algorithm.name === 'HMAC' ? 'v1' : 'v1a';
    signatures.push(`${version},${toBase64(new Uint8Array(signature))}`);
  }
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signatures.join(' '),
  };
}

// A declared cache: importing a key costs more than signing with it. Bounded, first in first out.
const keys = new Map<string, Promise<CryptoKey>>();
const keysLimit = 256;

function keyFor(secret: string): Promise<CryptoKey> {
  const known = keys.get(secret);
  if (known) return known;
  const key = importKey(secret);
  const oldest = keys.keys().next();
  if (keys.size >= keysLimit && !oldest.done) keys.delete(oldest.value);
  keys.set(secret, key);
  return key;
}

function importKey(secret: string): Promise<CryptoKey> {
  const { subtle } = crypto;
  if (!secret.startsWith('whsk_')) {
    const bytes = decode(secret.startsWith('whsec_') ? secret.slice(6) : secret);
    if (bytes.length < 24 || bytes.length > 64) throw secretError('It is shorter than 24 or longer than 64 bytes');
    return subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  }
  const bytes = decode(secret.slice(5));
  if (bytes.length !== 32 && bytes.length !== 64) throw secretError('It is no Ed25519 key');
  const pkcs8 = Uint8Array.of(...ed25519Header, ...bytes.subarray(0, 32));
  return subtle.importKey('pkcs8', pkcs8, { name: 'Ed25519' }, false, ['sign']);
}

/** What comes before the 32 bytes of the seed in PKCS #8 (RFC 8410 §7). */
const ed25519Header = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

function decode(base64: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw secretError('It is not base64');
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw secretError('It is not base64', cause);
  }
}

function secretError(why: string, cause?: unknown): TulleError {
  return new TulleError('target_invalid', `The signing secret cannot be used. ${why}`, {
    mend: 'Store `whsec_` followed by the base64 of 24 to 64 random bytes, or `whsk_` followed by an Ed25519 key.',
    ...(cause === undefined ? {} : { cause }),
  });
}

const encoder = new TextEncoder();

function signedContent(prefix: string, body: string | Uint8Array): Uint8Array {
  if (typeof body === 'string') return encoder.encode(prefix + body);
  const head = encoder.encode(prefix);
  const content = new Uint8Array(head.length + body.length);
  content.set(head);
  content.set(body, head.length);
  return content;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

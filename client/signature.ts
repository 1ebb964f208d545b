/** Standard Webhooks (https://www.standardwebhooks.com): `v1` by a shared secret, `v1a` by a public key. */

export interface SignedMessage {
  /** As it came over the wire: text that was parsed and written again has another signature. */
  readonly body: string | Uint8Array;
  /** Those of the request: `webhook-id`, `webhook-timestamp`, `webhook-signature`. */
  readonly headers: Headers | Readonly<Record<string, string | string[] | undefined>>;
}

export interface VerifyOptions {
  /** `whsec_…`, or `whpk_…` for signatures by a private key; several while one is replaced. */
  readonly secrets: string | readonly string[];
  /** How far the timestamp may be off, in seconds; 300. */
  readonly tolerance?: number;
  /** Milliseconds since 1970. */
  readonly now?: number;
}

export class SignatureError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SignatureError';
  }
}

/**
 * Verifies a webhook that Tulle sent, or anybody who signs by Standard Webhooks.
 * @returns its id, by which a repetition is known, and when it was signed
 * @throws SignatureError
 */
export async function verifySignature(
  { body, headers }: SignedMessage,
  { secrets, tolerance = 300, now = Date.now() }: VerifyOptions,
): Promise<{ readonly id: string; readonly signedAt: Date }> {
  const id = readHeader(headers, 'webhook-id');
  const timestamp = readHeader(headers, 'webhook-timestamp');
  if (!/^\d{1,12}$/.test(timestamp)) throw new SignatureError('webhook-timestamp is no number of seconds.');
  if (Math.abs(now / 1_000 - Number(timestamp)) > tolerance) {
    throw new SignatureError(`webhook-timestamp is more than ${tolerance} seconds off.`);
  }
  const signatures = readHeader(headers, 'webhook-signature').split(' ').slice(0, mostSignatures);
  const content = toContent(id, timestamp, body);
  for (const secret of typeof secrets === 'string' ? [secrets] : secrets) {
    const key = await readSecret(secret, 'verify');
    for (const signature of signatures) {
      const [version, base64 = ''] = signature.split(',', 2);
      if (version !== key.version) continue;
      const bytes = tryBase64(base64);
      // Takes the same time whatever differs.
      if (bytes !== undefined && (await crypto.subtle.verify(key.algorithm, key.key, bytes, content))) {
        return { id, signedAt: new Date(Number(timestamp) * 1_000) };
      }
    }
  }
  throw new SignatureError('No signature fits.');
}

/** The headers of a webhook: what a test of your receiver sends. `secret` is `whsec_…`. */
export async function signMessage(
  body: string | Uint8Array,
  { id, secret, now = Date.now() }: { readonly id: string; readonly secret: string; readonly now?: number },
): Promise<Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>>> {
  const timestamp = String(Math.floor(now / 1_000));
  const { version, algorithm, key } = await readSecret(secret, 'sign');
  const signature = await crypto.subtle.sign(algorithm, key, toContent(id, timestamp, body));
  const base64 = btoa(String.fromCharCode(...new Uint8Array(signature)));
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `${version},${base64}` };
}

/** A sender that replaces its secret signs twice; the rest is somebody who wants us to be busy. */
const mostSignatures = 16;

async function readSecret(
  secret: string,
  usage: 'sign' | 'verify',
): Promise<{ readonly version: string; readonly algorithm: string; readonly key: CryptoKey }> {
  const [prefix = '', rest] = /^(whsec_|whpk_)?(.+)$/s.exec(secret.trim())?.slice(1) ?? [];
  const bytes = tryBase64(rest ?? '');
  if (bytes === undefined || bytes.length === 0) throw new SignatureError('The secret is no base64 after whsec_.');
  if (prefix === 'whpk_') {
    if (usage === 'sign') throw new SignatureError('A public key only verifies.');
    const key = await crypto.subtle.importKey('raw', bytes, 'Ed25519', false, ['verify']);
    return { version: 'v1a', algorithm: 'Ed25519', key };
  }
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [usage]);
  return { version: 'v1', algorithm: 'HMAC', key };
}

function toContent(id: string, timestamp: string, body: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const content = new Uint8Array(head.length + bytes.length);
  content.set(head);
  content.set(bytes, head.length);
  return content;
}

function readHeader(headers: SignedMessage['headers'], name: string): string {
  const value =
    headers instanceof Headers
      ? headers.get(name)
      : Object.entries(headers).find(([known]) => known.toLowerCase() === name)?.[1];
  if (typeof value !== 'string' || value === '') throw new SignatureError(`The header ${name} is missing.`);
  return value;
}

function tryBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  } catch {
    return undefined;
  }
}

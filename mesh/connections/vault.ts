import { TulleError } from '../../event/error.ts';

/**
 * Seals secrets for storage: AES-256-GCM under the installation's master key, with the secret's own place as additional
 * data, so that a ciphertext opens nowhere else. The text is `v1.<id of the key>.<iv>.<ciphertext>`, base64url.
 *
 * Both reject with TulleError `credential_unavailable` where there is no key for it, or the text was changed or moved.
 */
export interface Vault {
  seal(text: string, place: VaultPlace): Promise<string>;
  open(sealed: string, place: VaultPlace): Promise<string>;
  /** Whether it is sealed under the key that seals now, and not under a previous one. */
  isCurrent(sealed: string): Promise<boolean>;
  /** Whether there are previous keys, under which something may still be sealed. */
  readonly isRotating: boolean;
}

/** Whose secret it is. */
export interface VaultPlace {
  readonly tenant: string;
  readonly kind: 'connection' | 'secret';
  readonly name: string;
}

export interface MasterKeys {
  /** `TULLE_MASTER_KEY`: the base64 of 32 random bytes. */
  readonly current?: string | undefined;
  /** `TULLE_MASTER_KEY_PREVIOUS`: former ones, separated by spaces; they open, and seal nothing. */
  readonly previous?: string | undefined;
}

export function createVault({ current, previous = '' }: MasterKeys): Vault {
  let ring: Ring | undefined;

  // The keys, not their promise: Workers forbid one request to wait for another's.
  async function load(): Promise<Ring> {
    if (ring !== undefined) return ring;
    const sealing = isBlank(current) ? undefined : await importKey(current, 'TULLE_MASTER_KEY');
    const opening = new Map<string, CryptoKey>();
    for (const text of previous.split(/\s+/).filter((part) => part !== '')) {
      const former = await importKey(text, 'TULLE_MASTER_KEY_PREVIOUS');
      opening.set(former.id, former.key);
    }
    if (sealing !== undefined) opening.set(sealing.id, sealing.key);
    ring = { ...(sealing === undefined ? {} : { sealing }), opening };
    return ring;
  }

  return {
    isRotating: previous.trim() !== '',

    async seal(text, place) {
      const { sealing } = await load();
      if (sealing === undefined) throw missingKey();
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
      const bytes = await crypto.subtle.encrypt(cipher(iv, sealing.id, place), sealing.key, encoder.encode(text));
      return ['v1', sealing.id, toBase64Url(iv), toBase64Url(new Uint8Array(bytes))].join('.');
    },

    async open(sealed, place) {
      const [version, id = '', iv = '', bytes = '', ...more] = sealed.split('.');
      if (version !== 'v1' || more.length > 0) throw damaged(place);
      const { opening } = await load();
      const key = opening.get(id);
      if (key === undefined) throw opening.size === 0 ? missingKey() : unknownKey(place);
      try {
        const text = await crypto.subtle.decrypt(cipher(fromBase64(iv), id, place), key, fromBase64(bytes));
        return decoder.decode(text);
      } catch (cause) {
        throw damaged(place, cause);
      }
    },

    async isCurrent(sealed) {
      const { sealing } = await load();
      return sealing !== undefined && sealed.split('.')[1] === sealing.id;
    },
  };
}

/** @throws TulleError `credential_unavailable` when a text is no master key: for platforms that look at their start. */
export function checkMasterKeys({ current, previous = '' }: MasterKeys): void {
  if (!isBlank(current)) decodeKey(current, 'TULLE_MASTER_KEY');
  for (const text of previous.split(/\s+/)) if (text !== '') decodeKey(text, 'TULLE_MASTER_KEY_PREVIOUS');
}

interface Ring {
  readonly sealing?: { readonly id: string; readonly key: CryptoKey };
  readonly opening: ReadonlyMap<string, CryptoKey>;
}

/** 96 bits, drawn for each text (NIST SP 800-38D, 8.2.2): good for 2³² texts under one key. */
const ivBytes = 12;
const keyBytes = 32;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function cipher(iv: Uint8Array<ArrayBuffer>, keyId: string, { tenant, kind, name }: VaultPlace) {
  return { name: 'AES-GCM', iv, additionalData: encoder.encode(['tulle', 'v1', keyId, tenant, kind, name].join('\n')) };
}

async function importKey(text: string, variable: string): Promise<{ id: string; key: CryptoKey }> {
  const bytes = decodeKey(text, variable);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
  return { id: Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(''), key };
}

function decodeKey(text: string, variable: string): Uint8Array<ArrayBuffer> {
  const isBase64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(text.trim());
  const bytes = isBase64 ? fromBase64(text.trim().replace(/=$/, '')) : undefined;
  if (bytes?.length === keyBytes) return bytes;
  throw new TulleError('credential_unavailable', `${variable} is not the base64 of 32 bytes.`, {
    place: variable,
    mend: `Set it to what ${makeKey} prints.`,
  });
}

function isBlank(text: string | undefined): text is undefined | '' {
  return text === undefined || text.trim() === '';
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const standard = text.replaceAll('-', '+').replaceAll('_', '/');
  return Uint8Array.from(atob(standard), (character) => character.charCodeAt(0));
}

function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

const makeKey = '`openssl rand -base64 32`';

function missingKey(): TulleError {
  return unavailable(
    'This installation has no master key to encrypt secrets with.',
    `Set the secret TULLE_MASTER_KEY to what ${makeKey} prints.`,
  );
}

function unknownKey({ kind, name }: VaultPlace): TulleError {
  return unavailable(
    `The ${kind} ${name} was encrypted under a master key that is not here.`,
    'Set TULLE_MASTER_KEY_PREVIOUS to the former master key, or send the secret again.',
  );
}

function damaged({ kind, name }: VaultPlace, cause?: unknown): TulleError {
  const mend = 'Send the secret again.';
  return unavailable(`What is stored of the ${kind} ${name} cannot be decrypted.`, mend, cause);
}

function unavailable(message: string, mend: string, cause?: unknown): TulleError {
  return new TulleError('credential_unavailable', message, { mend, ...(cause === undefined ? {} : { cause }) });
}

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { TulleError } from '../../event/error.ts';
import type { StepContext } from './define-transformer.ts';

/** The HMAC-SHA-256 of a text's UTF-8 bytes under a secret: 32 bytes. */
export type Mac = (text: string) => Uint8Array;

/**
 * A step's key. Takes the secret afresh for every event, because it may be changed, and keeps what was made of the last.
 * The promise rejects with TulleError `step_failed` when there is no such secret, or too short a one.
 * @param place of the secret's name in the spec
 */
export function secretKey(name: string, place: string): (context: StepContext) => Promise<Mac> {
  let last: { readonly secret: string; readonly mac: Mac } | undefined;
  return async ({ secret: find }) => {
    const secret = await find?.(name);
    if (secret === undefined) {
      throw new TulleError('step_failed', `There is no secret ${name}`, { place, mend: 'Set a secret of that name.' });
    }
    if (last?.secret !== secret) last = { secret, mac: macOf(secret, name, place) };
    return last.mac;
  };
}

/** 128 bits, when they are random: a shorter key can be found by trying, and with it every value that was hashed. */
const shortestSecret = 16;

function macOf(secret: string, name: string, place: string): Mac {
  const key = utf8ToBytes(secret);
  if (key.length < shortestSecret) {
    throw new TulleError('step_failed', `The secret ${name} has fewer than ${shortestSecret} bytes`, {
      place,
      mend: 'Set it to something random, such as what `openssl rand -hex 32` writes.',
    });
  }
  // What the key alone decides is computed once.
  const keyed = hmac.create(sha256, key);
  return (text) => keyed.clone().update(utf8ToBytes(text)).digest();
}

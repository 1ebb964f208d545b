import { TulleError } from '../event/error.ts';
import type { Vault, VaultPlace } from '../mesh/connections/vault.ts';
import { faultOf, throwFaults } from './validation.ts';

/**
 * The ciphertext to store for a secret that was sent, or for one that stays. The same secret keeps its ciphertext, so
 * that a repeated request changes nothing; one that is sealed under a previous master key is sealed anew.
 * @throws TulleError `resource_invalid` at `place` where none was sent and none is stored, `credential_unavailable`
 * where it cannot be encrypted
 */
export async function sealSecret(
  vault: Vault,
  owner: VaultPlace,
  { sent, stored, place }: { readonly sent?: string | undefined; readonly stored?: string | undefined; place: string },
): Promise<{ readonly sealed: string; readonly changed: boolean }> {
  if (stored === undefined) {
    if (sent !== undefined) return { sealed: await vault.seal(sent, owner), changed: true };
    throwFaults([faultOf(place, `${place.slice(place.lastIndexOf('/') + 1)} is missing.`, 'Send the secret.')]);
  }
  const present = stored === undefined ? undefined : await openStored(vault, owner, stored, sent === undefined);
  const text = sent ?? present ?? '';
  if (stored !== undefined && text === present && (await vault.isCurrent(stored))) {
    return { sealed: stored, changed: false };
  }
  return { sealed: await vault.seal(text, owner), changed: text !== present };
}

/** One that cannot be opened any more can still be replaced. */
async function openStored(
  vault: Vault,
  owner: VaultPlace,
  stored: string,
  needed: boolean,
): Promise<string | undefined> {
  try {
    return await vault.open(stored, owner);
  } catch (error) {
    if (needed || !TulleError.is(error)) throw error;
    return undefined;
  }
}

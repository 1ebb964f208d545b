import { createDecipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkMasterKeys, createVault } from '../../../mesh/connections/vault.ts';

const keyOf = (letter: string): string => btoa(letter.repeat(32));
const place = { tenant: 'acme', kind: 'connection', name: 'crm' } as const;

describe('the vault', () => {
  it('opens what it sealed, in every script', async () => {
    const vault = createVault({ current: keyOf('a') });
    for (const text of ['x', 'pässwörd 🔑', 'y'.repeat(4_096), '']) {
      expect(await vault.open(await vault.seal(text, place), place)).toBe(text);
    }
  });

  it('seals the same text differently each time, and names nothing but the key', async () => {
    const vault = createVault({ current: keyOf('a') });
    const sealed = await Promise.all(Array.from({ length: 50 }, () => vault.seal('the-secret', place)));
    expect(new Set(sealed).size).toBe(50);
    expect(new Set(sealed.map((text) => text.split('.').slice(0, 2).join('.'))).size).toBe(1);
    for (const text of sealed) expect(text).not.toContain(btoa('the-secret'));
  });

  it('is AES-256-GCM with the place as additional data', async () => {
    const sealed = await createVault({ current: keyOf('a') }).seal('the-secret', place);
    const [version, id = '', iv = '', bytes = ''] = sealed.split('.');
    const whole = Buffer.from(bytes, 'base64url');
    const cipher = createDecipheriv('aes-256-gcm', Buffer.from('a'.repeat(32)), Buffer.from(iv, 'base64url'));
    cipher.setAAD(Buffer.from(`tulle\nv1\n${id}\nacme\nconnection\ncrm`));
    cipher.setAuthTag(whole.subarray(-16));
    expect(cipher.update(whole.subarray(0, -16)).toString() + cipher.final().toString()).toBe('the-secret');
    expect([version, Buffer.from(iv, 'base64url').length]).toEqual(['v1', 12]);
  });

  it.each([
    ['another tenant', { ...place, tenant: 'other' }],
    ['another name', { ...place, name: 'billing' }],
    ['another kind', { ...place, kind: 'secret' as const }],
  ])('does not open a ciphertext that was moved to %s', async (_name, elsewhere) => {
    const vault = createVault({ current: keyOf('a') });
    const sealed = await vault.seal('the-secret', place);
    await expect(vault.open(sealed, elsewhere)).rejects.toMatchObject({ code: 'credential_unavailable' });
  });

  it('does not open a ciphertext of which anything was changed', async () => {
    const vault = createVault({ current: keyOf('a') });
    const sealed = await vault.seal('the-secret', place);
    for (let index = 0; index < sealed.length; index += 1) {
      // The last letter of base64 has bits that mean nothing.
      if (index === sealed.length - 1 || sealed.charAt(index + 1) === '.') continue;
      const other = sealed.charAt(index) === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
      await expect(vault.open(changed, place), changed).rejects.toMatchObject({ code: 'credential_unavailable' });
    }
    for (const text of ['', 'v1', 'v1...', `${sealed}.x`, sealed.slice(0, -9), 'the-secret', `v2${sealed.slice(2)}`]) {
      await expect(vault.open(text, place)).rejects.toMatchObject({ code: 'credential_unavailable' });
    }
  });

  it('says what to do where the master key is another one', async () => {
    const sealed = await createVault({ current: keyOf('a') }).seal('the-secret', place);
    const failure = await createVault({ current: keyOf('b') })
      .open(sealed, place)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: 'The connection crm was encrypted under a master key that is not here.',
      mend: expect.stringContaining('TULLE_MASTER_KEY_PREVIOUS'),
    });
  });

  it('opens under former keys, and seals under the new one', async () => {
    const [first, second] = await Promise.all(
      ['a', 'b'].map((letter) => createVault({ current: keyOf(letter) }).seal(`of-${letter}`, place)),
    );
    const vault = createVault({ current: keyOf('c'), previous: `${keyOf('a')} ${keyOf('b')}` });
    expect(await vault.open(first ?? '', place)).toBe('of-a');
    expect(await vault.open(second ?? '', place)).toBe('of-b');
    expect(await vault.isCurrent(first ?? '')).toBe(false);
    const sealed = await vault.seal('new', place);
    expect(await vault.isCurrent(sealed)).toBe(true);
    expect(await createVault({ current: keyOf('c') }).open(sealed, place)).toBe('new');
  });

  it.each([undefined, '', '  '])('seals nothing without a key: %j', async (current) => {
    const vault = createVault({ current });
    await expect(vault.seal('the-secret', place)).rejects.toMatchObject({
      code: 'credential_unavailable',
      mend: expect.stringContaining('openssl rand -base64 32'),
    });
  });

  it.each(['short', btoa('a'.repeat(31)), btoa('a'.repeat(33)), 'a'.repeat(32), `${keyOf('a')}=`])(
    'refuses a key that is not 32 bytes, without repeating it: %j',
    async (current) => {
      const failure: unknown = await createVault({ current })
        .seal('x', place)
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'credential_unavailable', place: 'TULLE_MASTER_KEY' });
      expect(String(failure)).not.toContain(current);
      expect(() => checkMasterKeys({ current })).toThrow('TULLE_MASTER_KEY is not the base64 of 32 bytes.');
      expect(() => checkMasterKeys({ current: keyOf('a'), previous: `${keyOf('b')} ${current}` })).toThrow('PREVIOUS');
    },
  );

  it('takes the key as base64url and without padding as well', async () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index));
    const sealed = await createVault({ current: bytes.toString('base64') }).seal('x', place);
    expect(await createVault({ current: bytes.toString('base64url') }).open(sealed, place)).toBe('x');
    expect(() => checkMasterKeys({ current: `${bytes.toString('base64')}\n` })).not.toThrow();
  });
});

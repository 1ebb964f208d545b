import { expect, it } from 'vitest';
import { signRequest } from '../../../mesh/connections/request-signature.ts';
import { createVault } from '../../../mesh/connections/vault.ts';

const place = { tenant: 'acme', kind: 'connection', name: 'crm' } as const;

it('seals and opens on Workers, and opens what was sealed on Node', async () => {
  const vault = createVault({ current: btoa('a'.repeat(32)) });
  expect(await vault.open(await vault.seal('pässwörd 🔑', place), place)).toBe('pässwörd 🔑');
  const fromNode = 'v1.3ba3f5f43b926026.SaKyc_Wz6S17kB_f.LSCB6HtsdoLJM3CG7FHZfwSEBjxYZAROQHg';
  expect(await vault.open(fromNode, place)).toBe('the-secret');
  await expect(vault.open(fromNode, { ...place, tenant: 'other' })).rejects.toThrow('cannot be decrypted');
});

it('signs requests on Workers with every algorithm', async () => {
  const settings = { header: 'x-signature', content: '{timestamp}.{body}', format: '{signature}', separator: ',' };
  const lengths = [];
  for (const algorithm of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
    const more = { algorithm, encoding: 'hex', secretEncoding: 'text', timestamp: 'seconds' } as const;
    const headers = await signRequest({ ...settings, ...more }, ['key'], '{}', 1_700_000_000_000);
    lengths.push(headers['x-signature']?.length);
  }
  expect(lengths).toEqual([40, 64, 96, 128]);
});

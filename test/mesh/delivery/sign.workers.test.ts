import { expect, it } from 'vitest';
import { signWebhook } from '../../../mesh/delivery/sign.ts';

it('signs on Workers as everywhere, with shared secrets and with Ed25519', async () => {
  const secret = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;
  const key = `whsk_${btoa('0123456789abcdef0123456789abcdef')}`;
  const headers = await signWebhook(`${secret} ${key}`, 'msg_1', 1_700_000_000, '{}');
  expect(headers['webhook-signature'].split(' ')).toEqual([
    'v1,2c4VI0bO4Wd5svqP2unEA9pCk0dTAXr/elrHCJ+/efk=',
    'v1a,hwrO7ulG6sBuWhOkoTPWWCj+NBfZtGDudPIo3lKX3yhSAzeyP6Lm7c9CLIa6Il+23m88OPJh+LCOIX4HV+PEAA==',
  ]);
});

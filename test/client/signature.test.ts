import { generateKeyPairSync, sign } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { signMessage, verifySignature } from '../../client/signature.ts';

const secret = `whsec_${btoa('a secret of twenty-four bytes')}`;
const other = `whsec_${btoa('another one of so many bytes')}`;
const body = '{"name":"Zoë"}';

describe('signatures', () => {
  it('are those of the library of Standard Webhooks, both ways', async () => {
    const headers = await signMessage(body, { id: 'msg_1', secret });
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    const now = new Date();
    const theirs = {
      'webhook-id': 'msg_2',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign('msg_2', now, body),
    };
    await expect(verifySignature({ body, headers: theirs }, { secrets: [other, secret] })).resolves.toMatchObject({
      id: 'msg_2',
    });
    const asHeaders = new Headers(theirs);
    const bytes = new TextEncoder().encode(body);
    await expect(verifySignature({ body: bytes, headers: asHeaders }, { secrets: secret })).resolves.toBeDefined();
  });

  it('are taken where one of several fits, and refused where none does', async () => {
    const old = await signMessage(body, { id: 'm', secret: other });
    const both = await signMessage(body, { id: 'm', secret });
    const signature = `v2,eA== ${old['webhook-signature']} ${both['webhook-signature']}`;
    const headers = { ...both, 'Webhook-Signature': signature, 'webhook-signature': undefined };
    await expect(verifySignature({ body, headers }, { secrets: secret })).rejects.toThrow('is missing');
    const whole = { ...both, 'webhook-signature': signature };
    await expect(verifySignature({ body, headers: whole }, { secrets: secret })).resolves.toMatchObject({ id: 'm' });
    for (const changed of [
      { body: `${body} `, headers: whole },
      { body, headers: { ...whole, 'webhook-id': 'n' } },
      { body, headers: { ...both, 'webhook-signature': 'v1,%%%' } },
      { body, headers: { ...both, 'webhook-signature': both['webhook-signature'].replace('v1,', 'v1a,') } },
    ]) {
      await expect(verifySignature(changed, { secrets: secret })).rejects.toThrow('No signature fits.');
    }
  });

  it('are refused when they are old, or from the future', async () => {
    const headers = await signMessage(body, { id: 'm', secret, now: 1_000_000_000 });
    const at = (now: number) => verifySignature({ body, headers }, { secrets: secret, now });
    await expect(at(1_000_300_000)).resolves.toMatchObject({ signedAt: new Date(1_000_000_000) });
    await expect(at(1_000_301_000)).rejects.toThrow('300 seconds off');
    await expect(at(999_699_000)).rejects.toThrow('300 seconds off');
  });

  it('by a private key are verified with the public one', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = sign(null, Buffer.from(`m.${timestamp}.${body}`), privateKey).toString('base64');
    const headers = { 'webhook-id': 'm', 'webhook-timestamp': timestamp, 'webhook-signature': `v1a,${signature}` };
    const secrets = [secret, `whpk_${raw.toString('base64')}`];
    await expect(verifySignature({ body, headers }, { secrets })).resolves.toMatchObject({ id: 'm' });
    await expect(verifySignature({ body: '{}', headers }, { secrets })).rejects.toThrow('No signature fits.');
  });
});

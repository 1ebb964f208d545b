import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { signWebhook } from '../../../mesh/delivery/sign.ts';

const secret = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`;
const other = `whsec_${btoa('another-secret-of-32-bytes-long!')}`;
const now = () => Math.floor(Date.now() / 1000);

describe('signWebhook', () => {
  it('signs what an independent library verifies', async () => {
    const body = '{"name":"Zoë 😀"}';
    const headers = await signWebhook(secret, 'msg_1', now(), body);
    expect(new Webhook(secret).verify(body, { ...headers })).toEqual({ name: 'Zoë 😀' });
    expect(() => new Webhook(secret).verify(`${body} `, { ...headers })).toThrow();
    expect(() => new Webhook(other).verify(body, { ...headers })).toThrow();
  });

  it('signs bytes as they are, also such as are no text', async () => {
    const bytes = Uint8Array.from([0, 255, 128, 10]);
    const headers = await signWebhook(secret, 'msg_2', now(), bytes);
    const verified = new Webhook(secret).verify(Buffer.from('{}'), {
      ...(await signWebhook(secret, 'msg_2', now(), new TextEncoder().encode('{}'))),
    });
    expect(verified).toEqual({});
    expect(headers).not.toEqual(await signWebhook(secret, 'msg_2', now(), Uint8Array.from([0, 255, 128, 11])));
  });

  it('signs with every secret, so that a receiver can change over', async () => {
    const headers = await signWebhook(`${secret} ${other}`, 'msg_3', now(), '{}');
    expect(headers['webhook-signature'].split(' ')).toHaveLength(2);
    expect(new Webhook(secret).verify('{}', { ...headers })).toEqual({});
    expect(new Webhook(other).verify('{}', { ...headers })).toEqual({});
  });

  it('signs with Ed25519 where the key is a private one, beside others', async () => {
    const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
    const { d = '' } = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey;
    const seed = Buffer.from(d, 'base64url');
    const publicKey = Buffer.from(await crypto.subtle.exportKey('raw', pair.publicKey));
    const key = `whsk_${Buffer.concat([seed, publicKey]).toString('base64')}`;
    const headers = await signWebhook(`${secret} ${key}`, 'msg_1', 1_700_000_000, '{}');
    const [shared = '', signature = ''] = headers['webhook-signature'].split(' ');
    expect(shared).toMatch(/^v1,/);
    expect(signature).toMatch(/^v1a,/);
    const content = new TextEncoder().encode('msg_1.1700000000.{}');
    const bytes = Buffer.from(signature.slice(4), 'base64');
    expect(await crypto.subtle.verify('Ed25519', pair.publicKey, bytes, content)).toBe(true);
    const seedOnly = await signWebhook(`whsk_${seed.toString('base64')}`, 'msg_1', 1_700_000_000, '{}');
    expect(seedOnly['webhook-signature']).toBe(signature);
  });

  it.each(['', 'a.b', 'a b', 'a\nb', 'é', 'x'.repeat(257)])('refuses the id %j', async (id) => {
    await expect(signWebhook(secret, id, now(), '{}')).rejects.toThrow(TulleError);
  });

  it.each([
    '',
    ' ',
    'whsec_',
    'whsec_!!!!',
    `whsec_${btoa('short')}`,
    `whsec_${btoa('x'.repeat(65))}`,
    'whsk_',
    `whsk_${btoa('x'.repeat(33))}`,
  ])('refuses the secret %j and does not repeat it', async (bad) => {
    const error = await signWebhook(bad, 'msg_4', now(), '{}').catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'target_invalid' });
    if (bad.trim().length > 6) expect(String(error)).not.toContain(bad.slice(6));
  });

  it('stays right when more secrets are used than are kept', async () => {
    const body = '{}';
    for (let i = 0; i < 300; i += 1) {
      const each = `whsec_${btoa(`secret number ${String(i).padStart(20, '0')}`)}`;
      const headers = await signWebhook(each, 'msg_5', now(), body);
      expect(new Webhook(each).verify(body, { ...headers })).toEqual({});
    }
  });
});

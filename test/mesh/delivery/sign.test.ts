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

  it.each(['', 'a.b', 'a b', 'a\nb', 'é', 'x'.repeat(257)])('refuses the id %j', async (id) => {
    await expect(signWebhook(secret, id, now(), '{}')).rejects.toThrow(TulleError);
  });

  it.each(['', ' ', 'whsec_', 'whsec_!!!!', `whsec_${btoa('short')}`, `whsec_${btoa('x'.repeat(65))}`])(
    'refuses the secret %j and does not repeat it',
    async (bad) => {
      const error = await signWebhook(bad, 'msg_4', now(), '{}').catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: 'target_invalid' });
      if (bad.trim().length > 6) expect(String(error)).not.toContain(bad.slice(6));
    },
  );

  it('stays right when more secrets are used than are kept', async () => {
    const body = '{}';
    for (let i = 0; i < 300; i += 1) {
      const each = `whsec_${btoa(`secret number ${String(i).padStart(20, '0')}`)}`;
      const headers = await signWebhook(each, 'msg_5', now(), body);
      expect(new Webhook(each).verify(body, { ...headers })).toEqual({});
    }
  });
});

import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../mesh/delivery/address.ts';
import { checkTargetUrl } from '../../../mesh/delivery/guard.ts';
import { signWebhook } from '../../../mesh/delivery/sign.ts';
import { failureOf, newEvent, runToOne } from './context.ts';

describe('inside workerd', () => {
  it('steps redact and transform', async () => {
    const steps = [
      { redact: { paths: ['data.phone'], with: { mask: 'keep-last-4' } } },
      { transform: { jsonata: '{ "p": $replace(data.phone, /[*]/, "x"), "b": $base64encode("a"), "n": $now() }' } },
    ];
    const { data } = await runToOne(steps, newEvent({ data: { phone: '13812345678' } }));
    expect(data).toEqual({ p: 'xxxxxxx5678', b: 'YQ==', n: '2026-11-21T12:00:00.000Z' });
  });

  it.each(['($f := function() { $f() }; $f())', '($f := function($n) { 1 + $f($n) }; $f(0))', '[1..9999].([1..9999])'])(
    'fuel ends %s',
    async (jsonata) => {
      expect(await failureOf([{ transform: { jsonata } }])).toMatchObject({ code: 'fuel_exhausted' });
    },
  );

  it('addresses are read as fetch reads them', () => {
    for (const url of ['http://0x7f.1/', 'http://①②⑦.⓪.⓪.①/', 'http://[::ffff:127.0.0.1]/', 'http://%6cocalhost/']) {
      expect(() => checkTargetUrl(url, { allowPrivateTargets: false })).toThrow('refused');
    }
    expect(isPublicAddress('2606:4700:4700::1111')).toBe(true);
  });

  it('requests are signed', async () => {
    const signed = await signWebhook(`whsec_${btoa('0123456789abcdef0123456789abcdef')}`, 'msg_1', 1_700_000_000, '{}');
    expect(signed['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
  });
});

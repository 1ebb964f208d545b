import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeSecret, signRequest } from '../../../mesh/connections/request-signature.ts';
import type { RequestSignature } from '../../../mesh/connections/settings.ts';

const standard: RequestSignature = {
  algorithm: 'sha256',
  header: 'X-Signature',
  content: '{body}',
  format: '{signature}',
  encoding: 'hex',
  secretEncoding: 'text',
  timestamp: 'seconds',
  separator: ',',
};
const now = 1_700_000_000_123;
const sign = (changes: Partial<RequestSignature>, body: string | Uint8Array | null, secrets = ['key']) =>
  signRequest({ ...standard, ...changes }, secrets, body, now);
const hex = (algorithm: string, key: string | Buffer, content: string | Uint8Array): string =>
  createHmac(algorithm, key).update(content).digest('hex');

describe('a signature over a request', () => {
  it('is that of GitHub: the example of its documentation', async () => {
    const headers = await sign({ header: 'X-Hub-Signature-256', format: 'sha256={signature}' }, 'Hello, World!', [
      "It's a Secret to Everybody",
    ]);
    expect(headers).toEqual({
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    });
  });

  it('is that of Slack: the example of its documentation', async () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&' +
      'channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&' +
      'response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&' +
      'trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const slack = {
      ...standard,
      header: 'X-Slack-Signature',
      timestampHeader: 'X-Slack-Request-Timestamp',
      content: 'v0:{timestamp}:{body}',
      format: 'v0={signature}',
    };
    expect(await signRequest(slack, ['8f742231b10e8888abcd99yyyzzz85a5'], body, 1_531_420_618_000)).toEqual({
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
      'x-slack-request-timestamp': '1531420618',
    });
  });

  it('covers the bytes of any body, and none', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect((await sign({}, bytes))['x-signature']).toBe(hex('sha256', 'key', bytes));
    expect((await sign({}, null))['x-signature']).toBe(hex('sha256', 'key', ''));
    expect((await sign({}, 'ü{timestamp}{body}'))['x-signature']).toBe(hex('sha256', 'key', 'ü{timestamp}{body}'));
    const around = await sign({ content: '{body}|{timestamp}|{body}' }, 'b$&');
    expect(around['x-signature']).toBe(hex('sha256', 'key', 'b$&|1700000000|b$&'));
  });

  it.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('may be of %s, in hex or base64', async (algorithm) => {
    const mac = createHmac(algorithm, 'key').update('b');
    expect((await sign({ algorithm, encoding: 'base64' }, 'b'))['x-signature']).toBe(mac.digest('base64'));
    expect((await sign({ algorithm }, 'b'))['x-signature']).toBe(hex(algorithm, 'key', 'b'));
  });

  it('may have milliseconds, and keys in hex and base64', async () => {
    const both = await sign(
      { timestamp: 'milliseconds', content: '{timestamp}{body}', format: '{timestamp}={signature}' },
      '',
    );
    expect(both['x-signature']).toBe(`${now}=${hex('sha256', 'key', String(now))}`);
    const key = Buffer.from([0, 255, 128]);
    expect((await sign({ secretEncoding: 'hex' }, '', ['00ff80']))['x-signature']).toBe(hex('sha256', key, ''));
    expect((await sign({ secretEncoding: 'base64' }, '', ['AP+A']))['x-signature']).toBe(hex('sha256', key, ''));
  });

  it('is there of each secret while two are in use', async () => {
    const format = 't={timestamp},v1={signature}';
    const { 'x-signature': both } = await sign({ format }, 'b', ['new', 'old']);
    const one = (key: string): string => `t=1700000000,v1=${hex('sha256', key, 'b')}`;
    expect(both).toBe(`${one('new')},${one('old')}`);
    expect((await sign({ separator: ' ' }, 'b', ['new', 'old']))['x-signature']).toContain(' ');
  });

  it.each([
    ['hex', 'abc'],
    ['hex', 'xy'],
    ['base64', 'a'],
    ['base64', 'ab*='],
  ] as const)('has no key in %s of %j', (encoding, secret) => {
    expect(() => decodeSecret(secret, encoding)).toThrow(`The secret is not ${encoding}.`);
  });
});

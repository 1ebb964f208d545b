import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSigner } from '../../../connectors/s3/sign.ts';

const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const at = Date.parse('2013-05-24T00:00:00Z');
const location = {
  url: 'https://examplebucket.s3.amazonaws.com/',
  region: 'us-east-1',
  bucket: 'examplebucket',
  usesRole: false,
};
const sign = createSigner({ location, keys, now: () => at });

function signatureOf(headers: Headers): string {
  return /Signature=([0-9a-f]{64})$/.exec(headers.get('authorization') ?? '')?.[1] ?? '';
}

describe('a request to S3', () => {
  // "Signature Calculations for the Authorization Header", Amazon S3 API reference.
  it.each([
    [{ method: 'GET', query: { lifecycle: '' } }, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    [
      { method: 'GET', query: { 'max-keys': '2', prefix: 'J' } },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ] as const)('is signed as in the examples of Amazon: %j', async (parts, signature) => {
    expect(signatureOf((await sign(parts)).headers)).toBe(signature);
  });

  it.each(['a b+c', "it's (a) *star*!", 'ä/ö/€ 😀', 'a%2Fb%', 'x=1&y=2?#', '~.-_', 'a//b/', 'dots.../..x'])(
    'is signed for the address that is asked, whatever the key: %s',
    async (key) => {
      const { url, headers } = await sign({ method: 'PUT', key, body: 'x' });
      const { pathname } = new URL(url);
      expect(decodeURIComponent(pathname.slice(1))).toBe(key);
      expect(signatureOf(headers)).toBe(expected(pathname, headers));
    },
  );

  it.each(['..', 'a/../b', './a', 'a/.'])('is none for a key that leads elsewhere: %s', async (key) => {
    await expect(sign({ method: 'GET', key })).rejects.toMatchObject({ code: 'event_invalid' });
  });
});

/** Written down once more from the specification, for a request without a query. */
function expected(path: string, headers: Headers): string {
  const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const names = ['host', 'x-amz-content-sha256', 'x-amz-date'];
  const lines = names.map((name) => `${name}:${headers.get(name) ?? 'examplebucket.s3.amazonaws.com'}`);
  const canonical = ['PUT', path, '', ...lines, '', names.join(';'), hex('x')].join('\n');
  const scope = '20130524/us-east-1/s3/aws4_request';
  const text = ['AWS4-HMAC-SHA256', '20130524T000000Z', scope, hex(canonical)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((from, part) => hmac(from, part), `AWS4${keys.secretAccessKey}`);
  return hmac(key, text).toString('hex');
}

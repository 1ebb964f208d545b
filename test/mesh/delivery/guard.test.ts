import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { isPublicAddress } from '../../../mesh/delivery/address.ts';
import { checkTargetUrl } from '../../../mesh/delivery/guard.ts';

const closed = { allowPrivateTargets: false };
const open = { allowPrivateTargets: true };

describe('checkTargetUrl', () => {
  it.each([
    'https://hooks.example.com/a?b=c',
    'http://hooks.example.com/',
    'https://hooks.example.com:8443/',
    'https://example.com./',
    'https://1.1.1.1/',
    'https://[2606:4700:4700::1111]/',
    'https://bücher.example/',
    'https://localhost.example.com/',
    'https://internal.example.com/',
    'https://my.locale/',
  ])('lets %s pass', (url) => {
    expect(checkTargetUrl(url, closed).href).toBe(new URL(url).href);
  });

  it.each([
    ['', 'not absolute'],
    ['/path', 'not absolute'],
    ['ftp://example.com/', 'scheme'],
    ['data:text/plain,x', 'scheme'],
    ['https://user@example.com/', 'credentials'],
    ['https://:pass@example.com/', 'credentials'],
    ['https://example.com:0/', 'port'],
    ['https://example.com:22/', 'port'],
    ['https://example.com:6379/', 'port'],
    ['https://exa\nmple.com/', 'repaired by the parser'],
    ['https:\\\\example.com/', 'repaired by the parser'],
    ['http://localhost./', 'trailing dot'],
    ['http://LOCALHOST/', 'case'],
    ['http://127.1/', 'short IPv4'],
    ['http://0x7f000001/', 'hexadecimal IPv4'],
    ['http://%31%32%37.0.0.1/', 'percent-encoded'],
    ['http://10.0.0.1.:8080/', 'trailing dot'],
    ['http://127.0.0.1../', 'two dots'],
    ['http://a..b.com/', 'empty label'],
    ['http://[::ffff:10.0.0.1]/', 'mapped'],
    ['http://[::ffff:0:8.8.8.8]/', 'translated'],
    ['http://[::8.8.8.8]/', 'compatible'],
    ['http://router.home.arpa/', 'home network'],
    ['http://db.svc.cluster.local/', 'cluster'],
    ['http://ip-10-0-0-1.ec2.internal/', 'cloud'],
    ['http://10.0.0.1.sslip.io/', 'answers any address'],
  ])('refuses %j (%s)', (url) => {
    expect(() => checkTargetUrl(url, closed)).toThrow(TulleError);
  });

  it('lets private addresses and names pass where the operator allows them, and nothing else', () => {
    for (const url of ['http://127.0.0.1:8080/', 'http://localhost:3000/', 'http://[::1]:8080/', 'http://db/']) {
      expect(checkTargetUrl(url, open)).toBeInstanceOf(URL);
    }
    for (const url of ['file:///etc/passwd', 'http://a@127.0.0.1/', 'http://127.0.0.1:22/']) {
      expect(() => checkTargetUrl(url, open)).toThrow(TulleError);
    }
  });

  it('says where and how to mend, and never repeats credentials', () => {
    const refuse = () => checkTargetUrl('https://user:hunter2@example.com/', closed, '/targets/0/http/url');
    expect(refuse).toThrow(expect.objectContaining({ place: '/targets/0/http/url', mend: expect.any(String) }));
    expect(refuse).not.toThrow(/hunter2/);
  });

  it('refuses every private IPv4 address in every way of writing it', () => {
    const inside = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127, 224, 255), fc.nat(255), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(192), fc.constant(168), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(169), fc.constant(254), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), fc.nat(255), fc.nat(255)),
    );
    fc.assert(
      fc.property(inside, ([a, b, c, d]) => {
        const number = ((a * 256 + b) * 256 + c) * 256 + d;
        const hex = number.toString(16).padStart(8, '0');
        const mapped = `[::ffff:${hex.slice(0, 4)}:${hex.slice(4)}]`;
        const octal = [a, b, c, d].map((part) => `0${part.toString(8)}`).join('.');
        for (const host of [
          [a, b, c, d].join('.'),
          String(number),
          `0x${hex}`,
          octal,
          mapped,
          `${a}.${b}.${c * 256 + d}`,
        ]) {
          expect(() => checkTargetUrl(`http://${host}/`, closed)).toThrow(TulleError);
        }
      }),
    );
  });
});

describe('isPublicAddress', () => {
  it.each([
    '8.8.8.8',
    '::ffff:8.8.8.8',
    '[2001:4860:4860::8888]',
    '2a00:1450:4001:81b::200e',
    '192.0.1.1',
    '198.20.0.1',
  ])('lets %s be dialled', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '',
    'example.com',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4567',
    'fe80::1%eth0',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '64:ff9b::8.8.8.8',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    '3fff::1',
    '4000::1',
    'fc00::1',
    'ff02::1',
    ':::1',
    '1::2::3',
  ])('does not let %j be dialled', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

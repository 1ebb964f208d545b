import { describe, expect, it } from 'vitest';
import {
  addressRange,
  formatAddress,
  isAddressWithin,
  parseAddress,
} from '../../../../functions/filter/values/address.ts';

describe('an address', () => {
  it.each([
    ['1.2.3.4', '01020304'],
    ['0.0.0.0', '00000000'],
    ['001.002.003.004', '01020304'],
    ['000000001.2.3.4', '01020304'],
    ['255.255.255.255', 'ffffffff'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['ABCD:ef01::', `abcdef01${'0'.repeat(24)}`],
    ['::', '0'.repeat(32)],
    ['::8', `${'0'.repeat(31)}8`],
    ['1::8', `0001${'0'.repeat(27)}8`],
    ['1:2:3::5:6:7:8', '00010002000300000005000600070008'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['::ffff:102:304', '01020304'],
    ['::ffff:0:0', '00000000'],
    ['::fffe:102:304', '00000000000000000000fffe01020304'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'f'.repeat(32)],
  ])('%s is read as hex digits', (text, digits) => expect(parseAddress(text)).toBe(digits));

  it.each([
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.',
    '.1.2.3',
    '1.2.3.256',
    '1.2.3.-4',
    '1.2.3.4 ',
    '1.2.3.x',
    '1,2,3,4',
    '0000000001.2.3.4',
    '1.2.3.+4',
    '1.2.3.4e0',
    '1.2.3.0x4',
    ':',
    ':::',
    '1',
    '1:2',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '::1:',
    ':1::',
    '1:',
    ':1',
    '12345::',
    'g::',
    '::-1',
    '1:2:3:4::5:6:7:8',
    '::1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:8::',
    '::1.2.3.4x',
    ' ::1',
    '::1%eth0',
    '00000::',
    '0000:0000:0000:0000:0000:0000:0000:00001',
    '',
    'x'.repeat(40),
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it.each([
    ['01020304', '1.2.3.4'],
    ['00ff0010', '0.255.0.16'],
    ['20010db8000000000000000000000001', '2001:db8:0:0:0:0:0:1'],
    ['0'.repeat(32), '0:0:0:0:0:0:0:0'],
  ])('%s is written as %s', (digits, text) => {
    expect(formatAddress(digits)).toBe(text);
    expect(parseAddress(text)).toBe(digits);
  });
});

describe('a network', () => {
  it.each([
    ['01020304', 0, '00000000', 'ffffffff'],
    ['01020304', 1, '00000000', '7fffffff'],
    ['01020304', 24, '01020300', '010203ff'],
    ['01020305', 31, '01020304', '01020305'],
    ['01020305', 32, '01020305', '01020305'],
    ['8'.repeat(32), 3, `8${'0'.repeat(31)}`, `9${'f'.repeat(31)}`],
    ['8'.repeat(32), 126, '8'.repeat(32), `${'8'.repeat(31)}b`],
  ])('around %s with %d bits has its ends', (address, mask, from, to) => {
    expect(addressRange(address, mask)).toEqual({ from, to });
  });

  it('has the addresses between its ends, both included', () => {
    const within = (address: string): boolean => isAddressWithin(address, '0a000000', '0a0000ff');
    expect(['09ffffff', '0a000000', '0a000080', '0a0000ff', '0a000100'].map(within)).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it('of the other family has those whose first 32 bits alone decide', () => {
    const v6 = (first: string): string => first.padEnd(32, '0');
    const inV4 = (address: string): boolean => isAddressWithin(address, '0a000000', '0a0000ff');
    expect(['09ffffff', '0a000000', '0a0000ff', '0a000100'].map((first) => inV4(v6(first)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    const inV6 = (address: string): boolean => isAddressWithin(address, v6('0a'), '0c'.padEnd(32, 'f'));
    expect(['09ffffff', '0a000000', '0a000001', '0b000000', '0cfffffe', '0cffffff', '0d000000'].map(inV6)).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

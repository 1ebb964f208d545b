import { describe, expect, it } from 'vitest';
import { addressRange, isAddressWithin, parseAddress } from '../../../functions/filter/values/address.ts';
import {
  caseKey,
  endsIgnoringCase,
  equalsIgnoringAsciiCase,
  equalsIgnoringCase,
  isAscii,
  startsIgnoringCase,
} from '../../../functions/filter/values/letter-case.ts';
import { comparableNumber } from '../../../functions/filter/values/number.ts';
import {
  matchesWildcard,
  parseWildcard,
  splitWildcard,
  wildcardComplexity,
} from '../../../functions/filter/values/wildcard.ts';
import { createNumberReading, readExactly, readNumber } from '../../../functions/filter/engine/number-reading.ts';

describe('comparable numbers', () => {
  it.each([
    ['300', 300],
    ['300.0', 300],
    ['3e2', 300],
    ['-0', 0],
    ['-0.0e5', 0],
    ['0.1', 0.1],
    ['1e21', 1e21],
    ['12345678901234567e4', 123456789012345670000],
    ['9007199254740992', 2 ** 53],
    ['-122.41600944012424', -122.41600944012424],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['5e-324', Number.MIN_VALUE],
    ['0.000000000000000000000000000001', 1e-30],
  ])('%s is %d', (text, number) => expect(comparableNumber(text)).toBe(number));

  it.each([
    '9007199254740993',
    '0.10000000000000001',
    '1e400',
    '-1e400',
    '1e-400',
    '1E309',
    '1E-325',
    '12345678901234567890',
  ])('%s has no double', (text) => expect(comparableNumber(text)).toBeUndefined());

  it('are read from text as Number reads them, in any form', () => {
    const reading = createNumberReading();
    let state = 1;
    const below = (n: number): number => (state = (state * 48_271) % 2_147_483_647) % n;
    const digits = (n: number): string => Array.from({ length: n }, () => below(10)).join('');
    for (let i = 0; i < 20_000; i++) {
      const whole = below(3) === 0 ? '0' : `${1 + below(9)}${digits(below(21))}`;
      const fraction = below(2) === 0 ? '' : `.${digits(1 + below(24))}`;
      const text = `${below(2) === 0 ? '-' : ''}${whole}${fraction}${below(5) === 0 ? `e${below(60) - 30}` : ''}`;
      expect(readNumber(reading, `[${text}]`, 1)).toBe(text.length + 1);
      const number = Number(text);
      expect(Math.abs(reading.value - number), text).toBeLessThanOrEqual(reading.margin);
      if (reading.isComparable) expect(comparableNumber(text), text).toBe(number === 0 ? 0 : number);
      expect(readExactly(reading) === number, text).toBe(true);
    }
  });
});

describe('letter case', () => {
  it('follows the pattern, unit by unit', () => {
    expect(equalsIgnoringCase('STRASSE', 'straße')).toBe(true);
    expect(equalsIgnoringCase('STRAßE', 'straße')).toBe(true);
    expect(equalsIgnoringCase('straße', 'strasse')).toBe(false);
    expect(equalsIgnoringCase('ς', 'σ')).toBe(false);
    expect(equalsIgnoringCase('Σ', 'σ')).toBe(true);
    expect(equalsIgnoringCase('k', '\u212a')).toBe(true);
    expect(equalsIgnoringCase('\u212a', 'k')).toBe(false);
    expect(equalsIgnoringCase('𐐀', '𐐨')).toBe(false);
    expect(startsIgnoringCase('SSa', 'ß')).toBe(true);
    expect(startsIgnoringCase('Sa', 'ß')).toBe(false);
    expect(endsIgnoringCase('aSS', 'ß')).toBe(true);
    expect(endsIgnoringCase('ab', 'B')).toBe(true);
    expect(endsIgnoringCase('ba', 'B')).toBe(false);
    expect(endsIgnoringCase('b', 'ab')).toBe(false);
    expect(equalsIgnoringCase('', '')).toBe(true);
  });

  it('of an ASCII pattern is compared unit by unit with the same result', () => {
    const units = ['a', 'A', 'z', 'Z', '@', '`', '[', '{', '1', '\u0011', 'K', '\u212a', 'ı', 'ŋ', ''];
    for (const pattern of units) {
      for (const value of units) {
        for (const [before, after] of [
          ['', ''],
          ['x', 'Y'],
          ['X', 'yy'],
        ] as const) {
          const text = `${before}${value}${after}`;
          const asked = `x${pattern}y`;
          if (!isAscii(asked)) continue;
          expect(equalsIgnoringAsciiCase(text, asked), `${text} ${asked}`).toBe(equalsIgnoringCase(text, asked));
        }
      }
    }
  });

  it('gives every unit of Unicode the key of both of its cases', () => {
    const different: string[] = [];
    for (let unit = 0; unit < 0x10000; unit++) {
      const text = String.fromCharCode(unit);
      const keys = new Set([caseKey(text), caseKey(text.toLowerCase()), caseKey(text.toUpperCase())]);
      const own = new Set([caseKey(text.toLowerCase()), caseKey(text.toUpperCase()), caseKey(text)]);
      if (keys.size > 1 || own.size > 1) different.push(text);
    }
    expect(different).toEqual([]);
  });
});

describe('wildcards', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['a*', 'a', true],
    ['*a', 'ba', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'acb', false],
    ['a*bc*c', 'abc', false],
    ['*ab*ab*', 'abab', true],
    ['*ab*ab*', 'aba', false],
    ['\\*', '*', true],
    ['\\\\*', '\\x', true],
  ])('%j and %j: %s', (pattern, value, expected) => {
    expect(matchesWildcard(value, splitWildcard(pattern))).toBe(expected);
    expect(splitWildcard(pattern)).toEqual(parseWildcard(pattern, ''));
  });

  it.each([
    ['abc', 1],
    ['*', 1],
    ['a*', 2],
    ['*a*a', 5],
    ['/Users/*/dir/dir/dir/dir/dir/doc.txt', 8],
    ['*:*:*:*:*:event-bus/*', 10],
  ])('%s is at %d places at once', (pattern, places) => {
    expect(wildcardComplexity(splitWildcard(pattern))).toBe(places);
  });

  it.each(['**', 'a**b', '\\', 'a\\', '\\a', '*\\'])('refuses %j', (pattern) => {
    expect(() => parseWildcard(pattern, '/here')).toThrow(
      expect.objectContaining({ code: 'filter_invalid', place: '/here' }),
    );
  });
});

describe('addresses', () => {
  it.each([
    ['10.0.0.1', '0a000001'],
    ['010.000.0.001', '0a000001'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['2001:DB8::1', '20010db8000000000000000000000001'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::ffff:0a00:1', '0a000001'],
  ])('reads %s', (text, digits) => expect(parseAddress(text)).toBe(digits));

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '1.2.3.x',
    '1..2.3',
    'a',
    ':',
    ':1',
    '1:',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    '1.2.3.4.',
    '0000000001.2.3.4',
  ])('does not read %j', (text) => expect(parseAddress(text)).toBeUndefined());

  it('finds the ends of a network', () => {
    expect(addressRange('0a010203', 8)).toEqual({ from: '0a000000', to: '0affffff' });
    expect(addressRange('0a010203', 31)).toEqual({ from: '0a010202', to: '0a010203' });
    expect(addressRange('0a010203', 0)).toEqual({ from: '00000000', to: 'ffffffff' });
    expect(addressRange(`2001${'0'.repeat(28)}`, 16)).toEqual({
      from: `2001${'0'.repeat(28)}`,
      to: `2001${'f'.repeat(28)}`,
    });
  });

  it('compares families by their first 32 bits', () => {
    const all = addressRange('0'.repeat(32), 0);
    expect(isAddressWithin('0a000001', all.from, all.to)).toBe(true);
    expect(isAddressWithin('00000000', all.from, all.to)).toBe(false);
    expect(isAddressWithin(`0a00${'0'.repeat(28)}`, '0a000000', '0affffff')).toBe(true);
    expect(isAddressWithin(`0b00${'0'.repeat(28)}`, '0a000000', '0affffff')).toBe(false);
  });
});

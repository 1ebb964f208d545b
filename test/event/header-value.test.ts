import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { decodeHeaderValue, encodeHeaderValue } from '../../event/header-value.ts';

describe('header values', () => {
  it('come back as they were, through printable ASCII without spaces', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const header = encodeHeaderValue(value);
        expect(header).toMatch(/^[!-~]*$/);
        expect(decodeHeaderValue(header, 'ce-x')).toBe(value);
        expect(new Headers({ 'ce-x': header }).get('ce-x')).toBe(header);
      }),
    );
  });

  it.each([
    ['a b', 'a%20b'],
    ['100%', '100%25'],
    ['"', '%22'],
    ['é€😀', '%C3%A9%E2%82%AC%F0%9F%98%80'],
    ['a\r\nb', 'a%0D%0Ab'],
    ["/a?b=c&d#e!'()*~", "/a?b=c&d#e!'()*~"],
  ])('%j goes out as %s', (value, header) => expect(encodeHeaderValue(value)).toBe(header));

  it.each([
    ['a%2fb', 'a/b'],
    ['%e2%82%ac', '€'],
    ['%2525', '%25'],
    ['a b', 'a b'],
    ['"a b"', 'a b'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['x"y z"w', 'xy zw'],
    ['"%20"', ' '],
    ['a+b', 'a+b'],
    ['\\', '\\'],
  ])('%s comes in as %j', (header, value) => expect(decodeHeaderValue(header, 'ce-x')).toBe(value));

  it('takes raw UTF-8, which arrives as one character a byte', () => {
    const raw = String.fromCharCode(...new TextEncoder().encode('Grüße 東京'));
    expect(decodeHeaderValue(raw, 'ce-x')).toBe('Grüße 東京');
    expect(decodeHeaderValue('caf\u00e9', 'ce-x')).toBe('café');
    expect(decodeHeaderValue('東京', 'ce-x')).toBe('東京');
  });

  it.each(['%', '%2', '%zz', '%C0%A0', '%ED%A0%80', '%FF', '%E2%82', '"open', '"open\\'])('%s is refused', (header) => {
    try {
      decodeHeaderValue(header, 'ce-x');
      expect.unreachable();
    } catch (error) {
      expect(TulleError.is(error) && error.toItem()).toMatchObject({ code: 'event_invalid', place: 'ce-x' });
    }
  });
});

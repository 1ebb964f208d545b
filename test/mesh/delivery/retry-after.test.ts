import { describe, expect, it } from 'vitest';
import { isNegativeRetryAfter, parseRetryAfter, retryAfterMaxMs } from '../../../mesh/delivery/retry-after.ts';

const now = Date.UTC(2026, 10, 21, 12, 0, 0);

describe('parseRetryAfter', () => {
  it.each([
    ['0', 0],
    ['7', 7000],
    [' 7 ', 7000],
    ['1.2', 2000],
    ['3.0', 3000],
    ['10000000', retryAfterMaxMs],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
    ['Saturday, 21-Nov-26 12:00:30 GMT', 30_000],
    ['Sat Nov 21 12:00:30 2026', 30_000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
    ['Monday, 21-Nov-94 12:00:30 GMT', 0],
    ['Sun, 21 Nov 2027 12:00:00 GMT', retryAfterMaxMs],
  ])('reads %j as %i ms', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected);
  });

  it.each([null, undefined, '', ' ', '-1', '+1', '1,5', '.5', '1e3', '0x10', 'soon', '2026-11-21', '12 13', 'NaN'])(
    'ignores %j',
    (header) => {
      expect(parseRetryAfter(header, now)).toBeUndefined();
    },
  );

  it.each(['Sat, 32 Nov 2026 12:00:30 GMT', 'Sat, 21 Foo 2026 12:00:30 GMT', 'Sat, 21 Nov 2026 25:00:30 GMT'])(
    'ignores the impossible date %j',
    (header) => {
      expect(parseRetryAfter(header, now)).toBeUndefined();
    },
  );
});

describe('isNegativeRetryAfter', () => {
  it.each(['-1', ' -5 ', '-0.5'])('%j is negative', (header) => {
    expect(isNegativeRetryAfter(header)).toBe(true);
  });

  it.each([null, undefined, '', '5', '-0', '-', '--5', '-soon', 'Sat, 21 Nov 2026 12:00:30 GMT'])(
    '%j is not',
    (header) => {
      expect(isNegativeRetryAfter(header)).toBe(false);
    },
  );
});

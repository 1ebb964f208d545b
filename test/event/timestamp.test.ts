import { describe, expect, it } from 'vitest';
import { timestampToMs } from '../../event/timestamp.ts';

describe('a timestamp in milliseconds', () => {
  it.each([
    ['1970-01-01T00:00:01Z', 1_000],
    ['1970-01-01t01:00:01.5+01:00', 1_500],
    ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
    ['2016-12-31T23:59:60.25z', Date.UTC(2017, 0, 1) + 250],
    ['2017-01-01T00:59:60+01:00', Date.UTC(2017, 0, 1)],
  ])('%s is %d', (text, time) => expect(timestampToMs(text)).toBe(time));

  it.each(['', '5', 'foo 5', '2020-01-01', '2020-01-01T00:00', '2026-02-30T00:00:00Z', 'Jan 1 2020'])(
    '%j is none',
    (text) => expect(timestampToMs(text)).toBeNaN(),
  );
});

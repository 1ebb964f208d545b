import { describe, expect, it } from 'vitest';
import { parseIsoDuration } from '../../../mesh/delivery/iso-duration.ts';

describe('parseIsoDuration', () => {
  it.each([
    ['PT2.5S', 2.5],
    ['PT0,5S', 0.5],
    ['PT0S', 0],
    ['PT90M', 5_400],
    ['PT1H30M', 5_400],
    ['PT1.5H', 5_400],
    ['P1D', 86_400],
    ['P0.5D', 43_200],
    ['P2W', 1_209_600],
    ['P1M', 2_629_746],
    ['P1Y', 31_556_952],
    ['P1DT1H1M1.25S', 90_061.25],
  ])('%s is %d s', (text, seconds) => {
    expect(parseIsoDuration(text)).toBe(seconds);
  });

  it.each(['', 'P', 'PT', 'P1DT', 'FOO', '1D', '5s', 'pt1s', ' PT1S', 'PT1S ', 'PT.5S', 'P1S', 'PT1D', 'PT1M1H'])(
    '%j is none',
    (text) => {
      expect(parseIsoDuration(text)).toBeUndefined();
    },
  );

  it.each(['-PT1S', 'PT-1S', '+PT1S', 'PT1.5H30M', 'P1.5DT1S', 'PT1e3S', `PT${'1'.repeat(40)}S`, 'PT1S\n'])(
    '%j is refused',
    (text) => {
      expect(parseIsoDuration(text)).toBeUndefined();
    },
  );
});

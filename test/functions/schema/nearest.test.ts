import { describe, expect, it } from 'vitest';
import { findNearest } from '../../../functions/schema/nearest.ts';

describe('findNearest', () => {
  const known = ['url', 'content', 'batchSize', 'timeoutSeconds', 'retry'];

  it.each([
    ['urls', 'url'],
    ['ulr', 'url'],
    ['URL', 'url'],
    ['batchsize', 'batchSize'],
    ['batch_size', 'batchSize'],
    ['timeout', undefined],
    ['timeoutSecond', 'timeoutSeconds'],
    ['rety', 'retry'],
    ['password', undefined],
    ['', undefined],
    ['x'.repeat(100_000), undefined],
  ])('finds for %.20s: %s', (written, nearest) => {
    expect(findNearest(written, known)).toBe(nearest);
  });

  it('finds nothing where nothing is known', () => {
    expect(findNearest('url', [])).toBeUndefined();
  });
});

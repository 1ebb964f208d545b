import { expect } from 'vitest';
import { parseRetryAfter, retryAfterMaxMs } from '../../mesh/delivery/retry-after.ts';
import { describeVectors } from './report.ts';

interface Case {
  header: string;
  expect: { delaySeconds?: number; atEpoch?: number; ignore?: true; clampToMax?: true };
}

const hour = 3_600_000;

describeVectors('retry-after.json', ({ cases }: { cases: Case[] }, check) => {
  for (const { header, expect: expected } of cases) {
    check(JSON.stringify(header), () => {
      const { delaySeconds, atEpoch, ignore, clampToMax } = expected;
      if (atEpoch !== undefined) {
        expect(parseRetryAfter(header, atEpoch * 1000 - hour)).toBe(hour);
        expect(parseRetryAfter(header, atEpoch * 1000 + hour)).toBe(0);
        return;
      }
      const actual = parseRetryAfter(header, Date.now());
      if (ignore) expect(actual).toBeUndefined();
      else if (clampToMax) expect(actual).toBe(retryAfterMaxMs);
      else expect(actual).toBe((delaySeconds ?? Number.NaN) * 1000);
    });
  }
});

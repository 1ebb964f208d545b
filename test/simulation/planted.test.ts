import { afterAll, describe, expect, it } from 'vitest';
import { faults } from './faults.ts';
import { simulate } from './simulate.ts';

/** Wanted: each within this many seeds. Most are found within a hundred. */
const SEEDS = 10_000;

const found: string[] = [];
const { stackTraceLimit } = Error;

// A fault makes errors by the thousand, and where they come from is of no interest.
Error.stackTraceLimit = 0;
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
  console.log(`planted faults, and the seed that finds each:\n${found.join('\n')}`);
});

describe('a planted fault', () => {
  it.each(faults)('is found: $name', { timeout: 300_000 }, async (fault) => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const { violations } = await simulate(seed, { fault });
      const [first] = violations;
      if (first === undefined) continue;
      found.push(`${String(seed).padStart(6)}  ${fault.name}: ${first.slice(0, 120)}`);
      return;
    }
    expect.fail(`${fault.name}: not found in ${SEEDS} seeds`);
  });
});

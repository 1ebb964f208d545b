import { describe, expect, it } from 'vitest';
import { Run, defaultLimits } from '../../../functions/jsonata/run.ts';
import { searchFor } from '../../../functions/jsonata/search.ts';
import { createChance } from './fuzz/chance.ts';
import { processorTime } from './processor-time.ts';

const newRun = () => new Run(defaultLimits, defaultLimits.fuel, undefined, new Map(), { now: 0, random: () => 0 });

describe('the search for a text', () => {
  it('finds long texts where the built-in search finds them', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const { below, some, pick } = createChance(seed);
      const text = some(3000, () => pick(['a', 'ab', 'aab'])).join('');
      const at = below(text.length + 1);
      const wanted = text.slice(at, at + 65 + below(500)) + pick(['', '', 'b', 'a']);
      const search = searchFor(wanted, newRun());
      for (const from of [0, at, at + 1]) expect(search(text, from), `seed ${seed}`).toBe(text.indexOf(wanted, from));
    }
  });

  it('takes linear time', () => {
    const wanted = `${'a'.repeat(50_000)}b${'a'.repeat(50_000)}`;
    const text = `${'a'.repeat(500_000)}b`;
    const started = processorTime();
    expect(searchFor(wanted, newRun())(text, 0)).toBe(-1);
    expect(processorTime() - started).toBeLessThan(200);
  });
});

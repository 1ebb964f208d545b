import { expect, vi } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { compileJsonata } from '../../functions/jsonata/jsonata.ts';
import { processorTime } from '../functions/jsonata/processor-time.ts';
import { describeVectors } from './report.ts';

describeVectors('hostile-jsonata.json', ({ cases }: { cases: { name: string; expr: string }[] }, check) => {
  for (const { name, expr } of cases) {
    check(name, () => {
      const frozen = Date.now();
      vi.spyOn(Date, 'now').mockReturnValue(frozen);
      const before = process.memoryUsage().rss;
      const started = processorTime();
      try {
        JSON.stringify(compileJsonata(expr).evaluate({}, { now: frozen, random: () => 0.5 }));
      } catch (error) {
        expect(TulleError.is(error), String(error)).toBe(true);
      } finally {
        vi.restoreAllMocks();
      }
      expect(processorTime() - started, 'milliseconds').toBeLessThan(1000);
      expect((process.memoryUsage().rss - before) / 1e6, 'megabytes').toBeLessThan(128);
      expect(Reflect.ownKeys(Object.prototype)).not.toContain('polluted');
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });
  }
});

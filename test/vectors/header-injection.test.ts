import { expect } from 'vitest';
import { TulleError } from '../../event/error.ts';
import { checkHeaders } from '../../mesh/delivery/headers.ts';
import { describeVectors } from './report.ts';

describeVectors('header-injection.json', ({ cases }: { cases: { value: string }[] }, check) => {
  for (const { value } of cases) {
    const text = JSON.stringify(value);
    check(`${text} as a name`, () => {
      expect(() => checkHeaders({ [value]: 'x' }, '/headers')).toThrow(TulleError);
    });
    // `…(9000)` stands for that many of the characters before.
    const full = value.replace(/^(.)\1*…\((\d+)\)$/, (_all, one: string, count: string) => one.repeat(Number(count)));
    check(`${text} as a value`, () => {
      const refused = didThrow(() => checkHeaders({ 'x-custom': full }, '/headers'));
      // A value that is the name of another header does no harm: it is that text and stays it.
      const wire = refused ? undefined : [...new Headers({ 'x-custom': full })];
      if (wire) expect(wire).toEqual([['x-custom', value]]);
      expect(refused).toBe(!/^[\w-]+$/.test(value));
    });
  }
});

function didThrow(run: () => void): boolean {
  try {
    run();
    return false;
  } catch (error) {
    if (TulleError.is(error)) return true;
    throw error;
  }
}

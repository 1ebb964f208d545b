import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { compileJsonata } from '../../../functions/jsonata/jsonata.ts';
import { hostileCases } from './hostile/cases.ts';
import { hostileData } from './hostile/data.ts';

describe('inside of workerd', () => {
  it.each(hostileCases())('$name ends', ({ text }) => {
    const before = Reflect.ownKeys(Object.prototype).length;
    try {
      compileJsonata(text).evaluate(hostileData(), { now: 0, random: () => 0.5 });
    } catch (error) {
      if (!TulleError.is(error)) throw error;
    }
    expect(Reflect.ownKeys(Object.prototype)).toHaveLength(before);
  });
});

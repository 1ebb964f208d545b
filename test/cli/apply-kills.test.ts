import { expect, it } from 'vitest';
import { killDuringApply } from '../crash/apply-kills.ts';

it('an apply is seen as a whole or not at all when the server is killed meanwhile', async () => {
  const { between, old, new: made } = await killDuringApply({ kills: 3, rules: 50 });
  expect(between).toEqual([]);
  expect(old + made).toBe(3);
}, 60_000);

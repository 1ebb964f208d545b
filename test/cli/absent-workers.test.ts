import { expect, it } from 'vitest';
import { standIns } from '../../cli/dev/absent-workers.ts';

it('Workers that do not run here are answered 503, and it is said which', () => {
  const said: string[] = [];
  const bindings = standIns({ FUNCTION_FRAUD: { name: 'fraud-score' } }, (message) => said.push(message));
  expect(Object.keys(bindings)).toEqual(['FUNCTION_FRAUD']);
  expect(bindings['FUNCTION_FRAUD']?.().status).toBe(503);
  expect(said).toEqual(['The Worker behind FUNCTION_FRAUD does not run here: it is answered 503.']);
  expect(standIns(undefined, () => undefined)).toEqual({});
});

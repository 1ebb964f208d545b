import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { fromJson } from '../../../event/json-format.ts';
import { compileSteps, type Step } from '../../../functions/transform/step.ts';
import { context } from './context.ts';
import { eventText, isRefused, missing, redaction, redactStep, survivors } from './random-redaction.ts';

/** Events that are tried; `npm run test:property` asks for many more. */
const rounds = Number(process.env.TULLE_PROPERTY_ROUNDS ?? 1000);
const seed = Number(process.env.TULLE_PROPERTY_SEED ?? 1);

/** What may come before: it sees everything, fails, quotes what it can, and lets the event pass. */
const leaders: readonly Step[] = [
  '$error($string($))',
  '$uppercase($)',
  '$number($string(data))',
  '$toMillis($string(data), "[Y0001]-[M01]-[D01]")',
  'data ~> |$|$string($)|',
  '$match($string(data), "x")',
].map((expression) => ({ transform: { jsonata: expression }, onError: 'passThrough' }));

/** What may follow: it sees the redacted event only, and quotes all that it sees. */
const followers: readonly Step[] = [
  { transform: { jsonata: '$' } },
  { transform: { jsonata: '$error($string($))' } },
  { transform: { jsonata: '$uppercase($)' } },
  { transform: { jsonata: '$merge([$, { $string($): 1 }])', output: 'event' }, onError: 'passThrough' },
  { transform: { jsonata: '$toMillis($string(data), $string($))' }, onError: 'skip' },
  { template: { values: { all: '$.data' }, template: '{"all": ${all}}' } },
];

describe('redaction', () => {
  const timeout = 3_600_000;
  it(`lets no redacted value through, and every other, on ${rounds} random events`, { timeout }, async () => {
    const property = fc.asyncProperty(redaction, async (one) => {
      const { shown, failed } = await outcomeOf([redactStep(one)], eventText(one));
      expect(survivors(one, shown)).toEqual([]);
      expect(failed).toBe(isRefused(one));
      if (!failed) expect(missing(one, shown)).toEqual([]);
    });
    await fc.assert(property, { numRuns: rounds, seed });
  });

  it(`lets none through among other steps, on ${rounds} random events`, { timeout }, async () => {
    const others = [fc.option(fc.constantFrom(...leaders)), fc.option(fc.constantFrom(...followers))] as const;
    const property = fc.asyncProperty(redaction, ...others, async (one, leader, follower) => {
      const steps = [leader ?? [], redactStep(one), follower ?? []].flat();
      const { shown } = await outcomeOf(steps, eventText(one));
      expect(survivors(one, shown)).toEqual([]);
    });
    await fc.assert(property, { numRuns: rounds, seed });
  });
});

/** Everything that leaves: the events, what is told of the steps, the error with its causes. */
async function outcomeOf(steps: readonly Step[], event: string): Promise<{ shown: string; failed: boolean }> {
  const shown: string[] = [];
  let failed = false;
  try {
    const trace = (report: unknown): void => void shown.push(JSON.stringify(report));
    const after = await compileSteps(steps).run(fromJson(event), { ...context, trace });
    for (const left of after) shown.push(left?.json ?? '', JSON.stringify(left?.attributes));
  } catch (error) {
    failed = true;
    expect(error).toBeInstanceOf(TulleError);
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      shown.push(cause.message, JSON.stringify(Object.entries(cause).filter(([name]) => name !== 'cause')));
    }
  }
  return { shown: shown.join('\n'), failed };
}

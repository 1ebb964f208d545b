import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJson } from '../../../event/json-format.ts';
import { TulleError } from '../../../event/error.ts';
import { toEvents } from '../../../functions/compute/function-output.ts';
import { toEvent } from './host.ts';

const input = toEvent({ data: { speed: 50 } });

/** Whatever JavaScript has: also what throws when it is looked at. */
const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withSparseArray: true,
  withTypedArray: true,
  withObjectString: true,
  maxDepth: 4,
});

/** Mostly events, with anything in them. */
const answer = fc.oneof(
  anything,
  fc.record({ data: anything }, { requiredKeys: [] }),
  fc.record(
    {
      id: fc.oneof(fc.string(), anything),
      type: fc.string(),
      source: fc.webPath(),
      time: fc.oneof(fc.constant('2026-11-21T10:20:30Z'), fc.string()),
      data: fc.jsonValue(),
      data_base64: fc.base64String(),
      ext: fc.oneof(fc.string(), fc.integer(), fc.boolean()),
    },
    { requiredKeys: [] },
  ),
);

describe('whatever a handler answers', () => {
  it('becomes valid events of their own, or is refused with a place; nothing else', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(answer, fc.array(answer, { maxLength: 4 })), (result) => {
        try {
          const events = toEvents(result, input);
          for (const { json, attributes } of events) {
            expect(fromJson(json).attributes).toEqual(attributes);
            taken += 1;
          }
          if (Array.isArray(result)) expect(events).toHaveLength(result.length);
        } catch (error) {
          if (!(error instanceof TulleError)) throw error;
          expect(error.code).toBe('step_failed');
          expect(error.message.length).toBeLessThan(1_000);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(taken).toBeGreaterThan(500);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('says the same as JSON does, where JSON can say it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (data) => {
        fc.pre(!JSON.stringify(data).includes('__proto__'));
        const [event] = toEvents({ data }, input);
        expect((JSON.parse(event?.json ?? '') as { data: unknown }).data).toEqual(JSON.parse(JSON.stringify(data)));
      }),
      { numRuns: 1_000 },
    );
  });
});

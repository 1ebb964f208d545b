import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import type { Step } from '../../../functions/transform/step.ts';
import { transformers } from '../../../functions/transform/transformers.ts';
import { failureOf, newEvent } from './context.ts';

const mark = 'MARK4711';
const quoted = `"${mark}`;

/** Steps that fail on an event, by transformer: a step before `redact` sees what is to be redacted. */
const failing: Record<string, readonly (readonly [Step, Record<string, unknown>])[]> = {
  transform: [
    [{ transform: { jsonata: '$uppercase(data)' } }, { data: { [mark]: mark } }],
    [{ transform: { jsonata: '$error(data.v)' } }, { data: { v: mark } }],
    [{ transform: { jsonata: 'data.v', output: 'event' } }, { data: { v: mark } }],
    [{ transform: { jsonata: '{ data.v: $sum }' } }, { data: { v: mark } }],
  ],
  redact: [
    [{ redact: { paths: ['data.v'] } }, { data: mark }],
    [{ redact: { paths: ['data.v'], with: { hash: { secret: 'none' } } } }, { data: { v: mark } }],
    [{ redact: { paths: ['data.v.x'] } }, { data: { v: `${'['.repeat(70)}"${mark}"${']'.repeat(70)}` } }],
  ],
  inputTransformer: [
    [
      { inputTransformer: { inputPathsMap: { v: '$.detail.v' }, inputTemplate: '{"v": "<v>"}', strict: true } },
      { data: { v: quoted } },
    ],
  ],
  template: [
    [{ template: { values: { v: '$.data.v' }, template: '${v}'.repeat(40) } }, { data: { v: mark.repeat(5000) } }],
  ],
  pick: [[{ pick: { paths: ['data.v'] } }, { data: mark }]],
  merge: [[{ merge: { data: { a: 1 } } }, { data: mark }]],
  rename: [[{ rename: { 'data.a': 'data.b.c' } }, { data: { a: mark, b: mark } }]],
  split: [[{ split: { path: 'data.v' } }, { data: { v: mark } }]],
  flatten: [[{ flatten: {} }, { data: { a: { [mark]: 1 }, [`a.${mark}`]: mark } }]],
};

describe('the error of a step that fails', () => {
  for (const [kind, cases] of Object.entries(failing)) {
    it.each(cases.map(([step, event]) => ({ step, event })))(
      `shows nothing of the event: ${kind} %#`,
      async ({ step, event }) => {
        const shown: string[] = [];
        for (
          let error: unknown = await failureOf([step], newEvent(event));
          error instanceof Error;
          error = error.cause
        ) {
          const { place, mend } = error instanceof TulleError ? error : {};
          shown.push(error.message, place ?? '', mend ?? '');
        }
        expect(shown.join('\n')).not.toContain(mark);
      },
    );
  }

  it('is looked at for every transformer that can fail on what it is given', () => {
    const others = ['constant', 'original', 'omit', 'compute'];
    expect(Object.keys(transformers).sort()).toEqual([...Object.keys(failing), ...others].sort());
  });
});

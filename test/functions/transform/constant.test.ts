import { describe, expect, it } from 'vitest';
import { failureOf, newEvent, runSteps, runToOne } from './context.ts';

describe('a constant', () => {
  it.each([{ a: [1] }, [1], 5, true, null])('%j is JSON data', async (value) => {
    const after = await runToOne(
      [{ constant: value }],
      newEvent({ data_base64: 'AA==', datacontenttype: 'image/png' }),
    );
    expect(after).toMatchObject({ data: value, datacontenttype: 'application/json' });
    expect(after).not.toHaveProperty('data_base64');
  });

  it('of text is plain text', async () => {
    const after = await runToOne([{ constant: '{"a":1}' }], newEvent({ data: 1 }));
    expect(after).toMatchObject({ data: '{"a":1}', datacontenttype: 'text/plain' });
  });

  it('is not changed by what later steps do to it', async () => {
    const steps = [{ split: { path: 'data' } }, { constant: { a: { b: 1 } } }, { merge: { data: { a: { c: 2 } } } }];
    const [, second] = await runSteps([...steps, { omit: { paths: ['data.a.b'] } }], newEvent({ data: [1, 2] }));
    expect(second?.['data']).toEqual({ a: { c: 2 } });
  });

  it('keeps a member that is called __proto__', async () => {
    const after = await runToOne([{ constant: JSON.parse('{"__proto__":{"a":1}}') as unknown }], newEvent());
    expect(JSON.stringify(after['data'])).toBe('{"__proto__":{"a":1}}');
  });

  it('is refused when no event could hold it', async () => {
    const deep = JSON.parse('['.repeat(70) + ']'.repeat(70)) as unknown;
    const error = await failureOf([{ constant: deep }]);
    expect(error).toMatchObject({ code: 'step_invalid', place: '/steps/0/constant' });
  });
});

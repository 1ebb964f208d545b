import { describe, expect, it } from 'vitest';
import { compileSteps } from '../../../functions/transform/step.ts';
import { context, failureOf, newEvent, runSteps } from './context.ts';

describe('compileSteps', () => {
  it('hands the very same event back when there are no steps', () => {
    const event = newEvent();
    expect(compileSteps([]).run(event, context)).toBe(event);
  });

  it('runs the steps in order, each on what the one before made', async () => {
    const steps = [
      { redact: { paths: ['data.phone'], with: { mask: 'keep-last-4' } } },
      { transform: { jsonata: '{ "call": data.phone }' } },
      { redact: { paths: ['subject'], with: 'drop' } },
    ];
    const after = await runSteps(steps, newEvent({ subject: 's', data: { phone: '13812345678' } }));
    expect(after).toEqual({
      specversion: '1.0',
      id: 'e1',
      source: '/shop',
      type: 'order.created',
      datacontenttype: 'application/json',
      data: { call: '*******5678' },
    });
  });

  it('leaves the event that came in as it was', async () => {
    const event = newEvent({ data: { phone: '13812345678' } });
    const before = event.json;
    await runSteps([{ redact: { paths: ['data.phone'] } }], event);
    expect(event.json).toBe(before);
  });

  it('answers at once where no step has to wait', () => {
    const steps = compileSteps([{ redact: { paths: ['data'] } }]);
    expect(steps.run(newEvent({ data: 1 }), context)).not.toBeInstanceOf(Promise);
  });

  it.each([
    [[{}], '/steps/0'],
    [[{ unknown: {} }], '/steps/0'],
    [[{ toString: {} }], '/steps/0'],
    [[{ redact: { paths: ['data'] }, transform: { jsonata: '1' } }], '/steps/0'],
    [[{ redact: { paths: ['data'] } }, { redact: {} }], '/steps/1/redact'],
    [[{ redact: { paths: ['data', 7] } }], '/steps/0/redact/paths/1'],
    [[{ redact: { paths: ['data'], whit: 'drop' } }], '/steps/0/redact/whit'],
    [[{ redact: { paths: ['data', 'data.['] } }], '/steps/0/redact/paths/1'],
    [[{ transform: { jsonata: '1', output: 'all' } }], '/steps/0/transform/output'],
    [[{ transform: { jsonata: 'a ( b' } }], '/steps/0/transform/jsonata:5'],
    [Array.from({ length: 21 }, () => ({ redact: { paths: ['data'] } })), '/steps'],
  ])('refuses %j at %s', async (steps, place) => {
    expect(await failureOf(steps)).toMatchObject({ code: 'step_invalid', place, mend: expect.any(String) });
  });

  it('says which step failed, where and why', async () => {
    const steps = [{ redact: { paths: ['data'] } }, { transform: { jsonata: '$uppercase(1)' } }];
    expect(await failureOf(steps)).toMatchObject({
      code: 'step_failed',
      place: '/steps/1/transform/jsonata:11',
      message: expect.stringMatching(/^Step 2 \(transform\): /),
    });
  });

  it('checks that what is left is an event', async () => {
    const broken = { transform: { jsonata: '$merge([$, { "type": "" }])', output: 'event' } };
    expect(await failureOf([broken])).toMatchObject({ code: 'step_failed', place: expect.stringMatching(/^\/steps/) });
    const old = { transform: { jsonata: '$merge([$, { "specversion": "0.3" }])', output: 'event' } };
    expect(await failureOf([old])).toMatchObject({ code: 'step_failed' });
  });

  it('checks that it is not larger than an event may be, in bytes', async () => {
    const double = [{ transform: { jsonata: 'data & data' } }];
    const event = (count: number) => newEvent({ data: 'é'.repeat(count) });
    expect(await failureOf(double, event(262_200))).toMatchObject({ code: 'step_failed', place: '/steps' });
    expect(await runSteps(double, event(262_000))).toHaveProperty('data');
  });
});

import { describe, expect, it } from 'vitest';
import { compileSteps, type StepReport } from '../../../functions/transform/step.ts';
import { context, failureOf, newEvent, runSteps, runToOne } from './context.ts';

describe('compileSteps', () => {
  it('hands the very same event back when there are no steps', () => {
    const event = newEvent();
    expect(compileSteps([]).run(event, context)).toEqual([event]);
    expect(compileSteps([]).run(event, context)).toHaveProperty([0], event);
  });

  it('runs the steps in order, each on what the one before made', async () => {
    const steps = [
      { redact: { paths: ['data.phone'], with: { mask: 'keep-last-4' } } },
      { transform: { jsonata: '{ "call": data.phone }' } },
      { redact: { paths: ['subject'], with: 'drop' } },
    ];
    const after = await runToOne(steps, newEvent({ subject: 's', data: { phone: '13812345678' } }));
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
    await runToOne([{ redact: { paths: ['data.phone'] } }], event);
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
    [[{ redact: { paths: ['data'] } }, { redact: {} }], '/steps/1/redact/paths'],
    [[{ redact: { paths: ['data', 7] } }], '/steps/0/redact/paths/1'],
    [[{ redact: { paths: ['data'], whit: 'drop' } }], '/steps/0/redact/whit'],
    [[{ redact: { paths: ['data', 'data.['] } }], '/steps/0/redact/paths/1'],
    [[{ transform: { jsonata: '1', output: 'all' } }], '/steps/0/transform/output'],
    [[{ transform: { jsonata: '1' }, onError: 'ignore' }], '/steps/0/onError'],
    [[{ redact: { paths: ['data'] }, onError: 'passThrough' }], '/steps/0/onError'],
    [[{ onError: 'skip' }], '/steps/0'],
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
    expect(await runToOne(double, event(262_000))).toHaveProperty('data');
  });
});

describe('steps that leave several events, or none', () => {
  const split = { transform: { jsonata: 'data.$merge([$$, { "data": $ }])', output: 'events' } };

  it('runs the steps after it on each of them', async () => {
    const steps = [split, { transform: { jsonata: '{ "twice": data * 2 }' } }];
    const after = await runSteps(steps, newEvent({ data: [1, 2, 3] }));
    expect(after.map(({ data }) => data)).toEqual([{ twice: 2 }, { twice: 4 }, { twice: 6 }]);
  });

  it('numbers the events that would have the name of the one', async () => {
    const after = await runSteps([split], newEvent({ data: [1, 2] }));
    expect(after.map(({ id }) => id)).toEqual(['e1-1', 'e1-2']);
    const named = { transform: { jsonata: 'data.$merge([$$, { "id": "n" & $ }])', output: 'events' } };
    expect((await runSteps([named], newEvent({ data: [7, 8] }))).map(({ id }) => id)).toEqual(['n7', 'n8']);
  });

  it('keeps the name where there is one event', async () => {
    expect(await runToOne([split], newEvent({ data: [5] }))).toMatchObject({ id: 'e1', data: 5 });
  });

  it('ends with none', async () => {
    const steps = [split, { redact: { paths: ['data'] } }];
    expect(await runSteps(steps, newEvent({ data: [] }))).toEqual([]);
  });

  it('makes at most 1,000 of one, also over several steps', async () => {
    const steps = [{ transform: { jsonata: '[1..40].$merge([$$, { "data": [1..40] }])', output: 'events' } }, split];
    expect(await runSteps([split], newEvent({ data: Array.from({ length: 1_000 }, (_, i) => i) }))).toHaveLength(1_000);
    expect(await failureOf([split], newEvent({ data: Array.from({ length: 1_001 }, (_, i) => i) }))).toMatchObject({
      code: 'step_failed',
      place: '/steps/0/transform',
    });
    expect(await failureOf(steps)).toMatchObject({ code: 'step_failed' });
  });

  it('shares the fuel of twenty expressions among all that is made of one', async () => {
    const sum = { transform: { jsonata: '$sum([1..200])' } };
    const elements = (count: number) => newEvent({ data: Array.from({ length: count }, (_, i) => i) });
    // One takes some 600 steps, of the 1,000 that it may.
    expect(await runSteps([{ split: { path: 'data' } }, sum], elements(20), { fuel: 1_000 })).toHaveLength(20);
    for (const trace of [undefined, () => undefined]) {
      const changes = { fuel: 1_000, ...(trace === undefined ? {} : { trace }) };
      expect(await failureOf([{ split: { path: 'data' } }, sum], elements(60), changes)).toMatchObject({
        code: 'fuel_exhausted',
        place: '/steps/1/transform/jsonata',
      });
    }
  });

  it('makes at most 4 Mi characters of one', async () => {
    const steps = [{ transform: { jsonata: '[1..10].$merge([$$, { "id": "n" & $ }])', output: 'events' } }];
    expect(await failureOf(steps, newEvent({ data: 'x'.repeat(500_000) }))).toMatchObject({
      code: 'step_failed',
      place: '/steps',
    });
  });
});

describe('onError', () => {
  const failing = { transform: { jsonata: '$uppercase(data)' } };
  const after = { transform: { jsonata: '{ "was": data }' } };

  it('skip: leaves nothing to deliver', async () => {
    expect(await runSteps([{ ...failing, onError: 'skip' }, after], newEvent({ data: 1 }))).toEqual([]);
  });

  it('passThrough: goes on with the event as it was before the step', async () => {
    const steps = [{ ...failing, onError: 'passThrough' }, after];
    expect(await runToOne(steps, newEvent({ data: 2 ** 70 }))).toMatchObject({ data: { was: 2 ** 70 } });
  });

  it('deadLetter, or none: fails', async () => {
    for (const step of [failing, { ...failing, onError: 'deadLetter' }]) {
      expect(await failureOf([step, after], newEvent({ data: 1 }))).toMatchObject({ code: 'step_failed' });
    }
  });
});

describe('the trace', () => {
  it('tells what became of each step', async () => {
    const reports: StepReport[] = [];
    const steps = [
      { redact: { paths: ['data.a', 'data.b'] } },
      { transform: { jsonata: '$uppercase(1)' }, onError: 'passThrough' },
      { transform: { jsonata: '$uppercase(1)' }, onError: 'skip' },
    ];
    await runSteps(steps, newEvent({ data: { a: 'secret' } }), { trace: (report) => reports.push(report) });
    const reason = expect.stringMatching(/^step_failed: Step \d \(transform\)/) as string;
    expect(reports).toEqual([
      { step: 0, kind: 'redact', outcome: 'done', events: 1, touched: ['data.a'] },
      { step: 1, kind: 'transform', outcome: 'passedThrough', events: 1, reason },
      { step: 2, kind: 'transform', outcome: 'skipped', events: 0, reason },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { fromJson } from '../../../event/json-format.ts';
import { failureOf, newEvent, runToEvent, runToOne } from './context.ts';

describe('original', () => {
  it('leaves the very bytes', async () => {
    const json = '{ "specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {"a" : 10.0} }';
    expect((await runToEvent([{ original: {} }, { original: {} }], fromJson(json))).json).toBe(json);
  });

  it('stands beside steps that change the event', async () => {
    const after = await runToOne([{ original: {} }, { merge: { subject: 's' } }], newEvent({ data: 1 }));
    expect(after).toMatchObject({ subject: 's', data: 1 });
  });

  it('takes no options', async () => {
    expect(await failureOf([{ original: { a: 1 } }])).toMatchObject({ code: 'step_invalid' });
    expect(await failureOf([{ original: true }])).toMatchObject({ code: 'step_invalid' });
  });
});

import { describe, expect, it } from 'vitest';
import { createEvent, createHarness, withRule } from '../harness.ts';

describe('a target that refuses events for what they are', () => {
  it.each([400, 413, 415, 422])('with %i is there, and others are not kept from it', async (status) => {
    const harness = createHarness();
    await withRule(harness);
    harness.answer = ({ headers }) =>
      new Response(null, { status: headers.get('ce-id')?.startsWith('bad') ? status : 204 });
    for (let number = 0; number < 40; number += 1) await harness.publish(createEvent(`bad-${number}`));
    await harness.drain();
    await harness.publish(createEvent('good'));
    await harness.drain(harness.now + 1_000);
    expect(await harness.deliveries('status=dead-lettered')).toHaveLength(40);
    expect(await harness.deliveries('status=delivered')).toMatchObject([{ eventId: 'good' }]);
  });

  it('is given up all the same where it fails', async () => {
    const harness = createHarness();
    await withRule(harness);
    harness.answer = () => new Response(null, { status: 500 });
    for (let number = 0; number < 40; number += 1) await harness.publish(createEvent(`e-${number}`));
    await harness.drain();
    expect(harness.received.length).toBeLessThan(40);
  });
});

import { describe, expect, it } from 'vitest';
import { createEvent, type Harness, withRule } from '../mesh/harness.ts';

const http = { url: 'https://crm.example.com/hook' };

/** What a target that asks to be slowed down gets, on every platform. */
export function describeThrottle(name: string, create: () => Harness | Promise<Harness>): void {
  describe(`a target that asks to be slowed down: ${name}`, () => {
    it.each([
      ['takes events as they come', {}],
      ['has a lane', { concurrency: 2 }],
      ['has an order', { ordering: 'partitionkey' }],
    ])('is sent nothing until its Retry-After is over, where it %s', async (_, settings) => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, ...settings }] });
      let asked: number | undefined;
      const sentAt: number[] = [];
      harness.answer = () => {
        sentAt.push(harness.now);
        if (asked !== undefined) return new Response(null, { status: 204 });
        asked = harness.now;
        return new Response(null, { status: 429, headers: { 'retry-after': '120' } });
      };
      await harness.publish(createEvent('e1', { partitionkey: 'a' }));
      await harness.drain();
      expect(await status(harness)).toMatchObject({ share: 1 / 2 });
      for (const id of ['e2', 'e3']) await harness.publish(createEvent(id, { partitionkey: 'b' }));
      await harness.drain(harness.now + 600_000);
      const [first = 0, ...others] = sentAt;
      expect(others.map((at) => at - first >= 120_000)).toEqual([true, true, true]);
      const delivered = await harness.deliveries('status=delivered');
      expect(delivered.map(({ eventId, attempt }) => `${eventId} ${attempt}`).toSorted()).toEqual([
        'e1 2',
        'e2 1',
        'e3 1',
      ]);
    });

    it('gets half of its calls at a time after a 502, and all of them when it has taken some', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, concurrency: 4 }] });
      let broken = true;
      let atOnce = 0;
      let most = 0;
      harness.answer = async () => {
        if (broken) {
          broken = false;
          return new Response(null, { status: 502 });
        }
        most = Math.max(most, ++atOnce);
        await new Promise((resolve) => void setTimeout(resolve, 2));
        atOnce -= 1;
        return new Response(null, { status: 204 });
      };
      await harness.publish(createEvent('e0'));
      await harness.drain();
      expect(await status(harness)).toMatchObject({ share: 1 / 2 });
      most = 0;
      await harness.publish(Array.from({ length: 9 }, (_, index) => createEvent(`e${index + 1}`)));
      await harness.drain(harness.now + 60_000);
      expect(most).toBe(2);
      await harness.publish(Array.from({ length: 60 }, (_, index) => createEvent(`f${index}`)));
      await harness.drain(harness.now + 60_000);
      expect(await status(harness)).not.toHaveProperty('share');
      await harness.publish(Array.from({ length: 20 }, (_, index) => createEvent(`g${index}`)));
      await harness.drain(harness.now + 60_000);
      expect(most).toBe(4);
    });

    it('waits with its own delivery alone where the preset does not slow it down', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, retry: { preset: 'eventbridge' } }] });
      let refuses = true;
      harness.answer = () => {
        const status = refuses ? 429 : 204;
        refuses = false;
        return new Response(null, { status, headers: { 'retry-after': '120' } });
      };
      await harness.publish(createEvent('e1'));
      await harness.drain();
      await harness.publish(createEvent('e2'));
      await harness.drain();
      const delivered = await harness.deliveries('status=delivered');
      expect(delivered.map(({ eventId }) => eventId)).toEqual(['e2']);
    });
  });
}

async function status(harness: Harness): Promise<object> {
  const response = await harness.admin('GET', '/v1/buses/default/targets');
  const { targets } = (await response.json()) as { targets: object[] };
  return targets[0] ?? {};
}

import { describe, expect, it } from 'vitest';
import { createEvent, type Harness, withRule } from '../mesh/harness.ts';

const http = { url: 'https://crm.example.com/hook' };

/** What deliveries that wait for one another keep, on every platform. */
export function describeLanes(name: string, create: () => Harness | Promise<Harness>): void {
  describe(`lanes: ${name}`, () => {
    describe('a target with ordering', () => {
      it('has the events of a key in order, also when one has to be tried again; other keys pass', async () => {
        const harness = await create();
        await withRule(harness, { targets: [{ name: 'crm', http, ordering: 'partitionkey' }] });
        let refusals = 3;
        const taken = watchTaken(harness, (body) => body === '"a2"' && refusals-- > 0);
        for (const data of ['a1', 'b1', 'a2', 'b2', 'a3', 'b3']) {
          await harness.publish(createEvent(data, { data, partitionkey: data.slice(0, 1) }));
        }
        await harness.drain();
        expect(taken.filter((data) => data.startsWith('b'))).toEqual(['b1', 'b2', 'b3']);
        expect(taken.filter((data) => data.startsWith('a'))).toEqual(['a1']);
        await harness.publish(createEvent('a4', { data: 'a4', partitionkey: 'a' }));
        await harness.drain(harness.now + 3_600_000);
        expect(taken.filter((data) => data.startsWith('a'))).toEqual(['a1', 'a2', 'a3', 'a4']);
      });

      it('goes on behind an event that becomes a dead letter', async () => {
        const harness = await create();
        await withRule(harness, {
          targets: [{ name: 'crm', http, ordering: 'partitionkey', retry: { maxAttempts: 2 } }],
        });
        const taken = watchTaken(harness, (body) => body === '"2"');
        await harness.publish(['1', '2', '3'].map((data) => createEvent(data, { data, partitionkey: 'k' })));
        await harness.drain(harness.now + 3_600_000);
        expect(taken).toEqual(['1', '3']);
        expect(await harness.deliveries('status=dead-lettered')).toMatchObject([{ eventId: '2', attempt: 2 }]);
      });

      it('keeps the order of the parts of an event', async () => {
        const harness = await create();
        await withRule(harness, {
          steps: [{ transform: { jsonata: 'data.$merge([$$, { "data": $ }])', output: 'events' } }],
          targets: [{ name: 'crm', http, ordering: 'partitionkey' }],
        });
        let refusals = 2;
        const taken = watchTaken(harness, (body) => body === '"2"' && refusals-- > 0);
        await harness.publish(createEvent('e1', { data: ['1', '2', '3'], partitionkey: 'k' }));
        await harness.publish(createEvent('e2', { data: ['4'], partitionkey: 'k' }));
        await harness.drain(harness.now + 3_600_000);
        expect(taken).toEqual(['1', '2', '3', '4']);
      });

      it('does not make events without a key wait', async () => {
        const harness = await create();
        await withRule(harness, { targets: [{ name: 'crm', http, ordering: 'partitionkey' }] });
        const taken = watchTaken(harness, (body) => body === '"1"');
        await harness.publish(['1', '2'].map((data) => createEvent(data, { data })));
        await harness.drain();
        expect(taken).toEqual(['2']);
      });
    });

    describe('a target that is paused', () => {
      it('is sent nothing until it is resumed, and then everything', async () => {
        const harness = await create();
        await withRule(harness, { targets: [{ name: 'crm', http, paused: true }] });
        const taken = watchTaken(harness, () => false);
        await harness.publish(createEvent('1', { data: '1' }));
        await harness.drain(harness.now + 60_000);
        expect(taken).toEqual([]);
        await withRule(harness, { targets: [{ name: 'crm', http }] });
        await harness.drain(harness.now + 60_000);
        expect(taken).toEqual(['1']);
      });

      it('may be paused after the event was matched', async () => {
        const harness = await create();
        await withRule(harness);
        const taken = watchTaken(harness, () => false);
        await harness.publish(createEvent('1', { data: '1' }));
        await withRule(harness, { targets: [{ name: 'crm', http, paused: true }] });
        await harness.drain(harness.now + 60_000);
        expect(taken).toEqual([]);
        await withRule(harness);
        await harness.drain(harness.now + 60_000);
        expect(taken).toEqual(['1']);
      });
    });

    describe('an event with expirytime', () => {
      it('ends as expired when its time is over before the target has it', async () => {
        const harness = await create();
        await withRule(harness);
        const taken = watchTaken(harness, () => true);
        const expirytime = new Date(harness.now + 5_000).toISOString();
        await harness.publish(createEvent('1', { data: '1', expirytime }));
        await harness.drain(harness.now + 3_600_000);
        expect(taken).toEqual([]);
        const statuses = (await harness.deliveries('event=1')).map(({ status }) => status);
        expect(statuses[0]).toBe('expired');
        expect(statuses.filter((status) => status !== 'retrying')).toEqual(['expired']);
      });
    });

    describe('a target that fails again and again', () => {
      it('is asked by one probe now and then, and gets everything when it is well again', async () => {
        const harness = await create();
        await withRule(harness);
        let broken = true;
        const taken = watchTaken(harness, () => broken);
        await harness.publish(
          Array.from({ length: 300 }, (_, index) => createEvent(`e${index}`, { data: `${index}` })),
        );
        await harness.drain(harness.now + 600_000);
        expect(harness.received.length).toBeLessThan(60);
        broken = false;
        await harness.drain(harness.now + 3_600_000);
        expect(new Set(taken).size).toBe(300);
        expect(taken).toHaveLength(300);
      });
    });

    describe('a target with ordering and a bound', () => {
      it.each([
        ['a rate', { rateLimit: { perSecond: 20 } }],
        ['a number of calls', { concurrency: 2 }],
        ['both', { rateLimit: { perSecond: 1 }, concurrency: 1 }],
      ])('has the events of a key in order, also when one has to be tried again: %s', async (_, bound) => {
        const harness = await create();
        await withRule(harness, { targets: [{ name: 'crm', http, ordering: 'partitionkey', ...bound }] });
        let refusals = 2;
        const taken = watchTaken(harness, (body) => body === '"a2"' && refusals-- > 0);
        for (const data of ['a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'none']) {
          const key = data === 'none' ? {} : { partitionkey: data.slice(0, 1) };
          await harness.publish(createEvent(data, { data, ...key }));
        }
        await harness.drain(harness.now + 3_600_000);
        for (const key of ['a', 'b']) {
          expect(taken.filter((data) => data.startsWith(key))).toEqual([`${key}1`, `${key}2`, `${key}3`]);
        }
        expect(taken).toHaveLength(7);
      });

      it('never makes more calls at a time than it may', async () => {
        const harness = await create();
        await withRule(harness, { targets: [{ name: 'crm', http, ordering: 'partitionkey', concurrency: 2 }] });
        let atOnce = 0;
        let most = 0;
        harness.answer = async () => {
          most = Math.max(most, ++atOnce);
          await new Promise((resolve) => void setTimeout(resolve, 2));
          atOnce -= 1;
          return new Response(null, { status: 204 });
        };
        await harness.publish(
          Array.from({ length: 40 }, (_, index) => createEvent(`e${index}`, { partitionkey: `k${index}` })),
        );
        await harness.drain(harness.now + 60_000);
        expect(harness.received).toHaveLength(40);
        expect(most).toBeLessThanOrEqual(2);
      });
    });
  });
}

/** The `data` of what the targets took, in order. */
function watchTaken(harness: Harness, refuses: (data: string) => boolean): string[] {
  const taken: string[] = [];
  harness.answer = ({ body }) => {
    if (refuses(body)) return new Response(null, { status: 503 });
    taken.push(JSON.parse(body) as string);
    return new Response(null, { status: 204 });
  };
  return taken;
}

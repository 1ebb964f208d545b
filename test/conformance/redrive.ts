import { describe, expect, it } from 'vitest';
import { createEvent, type createHarness, type Harness, withRule } from '../mesh/harness.ts';

const http = { url: 'https://crm.example.com/hook' };
const path = '/v1/buses/default/dead-letters';

/** Dead letters from the failed delivery to the one that succeeds, on every platform alike. */
export function describeRedrive(
  platform: string,
  create: (...options: Parameters<typeof createHarness>) => Harness | Promise<Harness>,
): void {
  describe(`a dead letter: ${platform}`, () => {
    it('is listed, inspected with every attempt, and delivered when it is redriven', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, retry: { maxAttempts: 3 } }] });
      harness.answer = () => new Response('broken', { status: 500 });
      const data = { total: 12345678901234567890n.toString() };
      await harness.publish(
        JSON.stringify(createEvent('e1', { data })).replaceAll('"12345678901234567890"', '12345678901234567890'),
      );
      await harness.drain(harness.now + 3_600_000);

      const [letter] = await list(harness);
      expect(letter).toMatchObject({ eventId: 'e1', rule: 'all', target: 'crm', attempt: 3, code: 500 });
      expect(letter).not.toHaveProperty('event');
      const inspected = await harness.admin('GET', `${path}/${letter?.id}`);
      const text = await inspected.text();
      expect(text).toContain('"total":12345678901234567890');
      expect(JSON.parse(text)).toMatchObject({
        id: letter?.id,
        reason: expect.stringContaining('broken'),
        exhausted: 'attempts',
        attributes: {
          eventbridge: {
            ERROR_CODE: 'ERROR_FROM_TARGET',
            EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
            RETRY_ATTEMPTS: '2',
          },
          knative: { knativeerrordest: http.url, knativeerrorcode: 500 },
        },
        attempts: [
          { status: 'dead-lettered', attempt: 3 },
          { status: 'retrying', attempt: 2 },
          { status: 'retrying', attempt: 1 },
        ],
        event: { id: 'e1', source: '/shop' },
      });

      harness.answer = () => new Response(null, { status: 204 });
      const ids = new Set(harness.received.map(({ headers }) => headers.get('webhook-id')));
      const response = await harness.admin('POST', `${path}/${letter?.id}/redrive`);
      expect([response.status, await response.json()]).toEqual([202, { redriven: 1 }]);
      await harness.drain();
      expect(harness.received).toHaveLength(4);
      expect(harness.received.at(-1)?.body).toBe('{"total":12345678901234567890}');
      expect(ids).toContain(harness.received.at(-1)?.headers.get('webhook-id'));
      expect(await list(harness)).toEqual([]);
      expect((await harness.deliveries('event=e1')).map(({ status, attempt }) => `${status} ${attempt}`)).toEqual([
        'delivered 1',
        'redriven 3',
        'dead-lettered 3',
        'retrying 2',
        'retrying 1',
      ]);
      expect(harness.reported).toEqual([]);
    });

    it('has all attempts and all its age again', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, retry: { maxAttempts: 2, maxAge: '1h' } }] });
      harness.answer = () => new Response(null, { status: 500 });
      await harness.publish(createEvent());
      await harness.drain(harness.now + 60_000);
      harness.now += 7_200_000;
      await redriveAll(harness);
      await harness.drain(harness.now + 60_000);
      expect(harness.received).toHaveLength(4);
      expect(await list(harness)).toMatchObject([{ attempt: 2, exhausted: 'attempts' }]);
    });

    it('that a step failed on is delivered when the rule is mended', async () => {
      const harness = await create();
      await withRule(harness, { steps: [{ transform: { jsonata: '{ "half": data.amount / data.parts.count }' } }] });
      await harness.publish(createEvent('e1', { data: { amount: 'x', parts: { count: 2 } } }));
      await harness.drain();
      expect(harness.received).toEqual([]);
      await withRule(harness, { steps: [{ transform: { jsonata: '{ "count": data.parts.count }' } }] });
      expect(await redriveAll(harness)).toEqual({ redriven: 1, skipped: 0 });
      await harness.drain();
      expect(harness.received.map(({ body }) => body)).toEqual(['{"count":2}']);
    });

    it('is redriven with an edited event to its own target only', async () => {
      const harness = await create();
      const second = { name: 'second', http: { url: 'https://second.example.com/' } };
      await withRule(harness, { targets: [{ name: 'crm', http }, second] });
      harness.answer = ({ url }) => new Response(null, { status: url === http.url ? 422 : 204 });
      await harness.publish(createEvent('e1', { data: { amount: 'twelve' } }));
      await harness.drain();
      harness.answer = () => new Response(null, { status: 204 });
      harness.received.length = 0;
      const [letter] = await list(harness);
      const body = { event: createEvent('e1', { data: { amount: 12 } }) };
      const response = await harness.admin('POST', `${path}/${letter?.id}/redrive`, body);
      expect(response.status).toBe(202);
      await harness.drain();
      expect(harness.received.map(({ url, body: sent }) => `${url} ${sent}`)).toEqual([`${http.url} {"amount":12}`]);
      expect((await harness.deliveries('status=redriven'))[0]?.reason).toContain('edited event');
    });

    it('of some parts is redriven with these parts', async () => {
      const harness = await create();
      await withRule(harness, {
        steps: [{ transform: { jsonata: 'data.$merge([$$, { "data": $ }])', output: 'events' } }],
      });
      harness.answer = ({ body }) => new Response(null, { status: body === '"2"' ? 422 : 204 });
      await harness.publish(createEvent('e1', { data: ['1', '2', '3'] }));
      await harness.drain();
      expect(await list(harness)).toMatchObject([{ parts: [2] }]);
      harness.answer = () => new Response(null, { status: 204 });
      harness.received.length = 0;
      await redriveAll(harness);
      await harness.drain();
      expect(harness.received.map(({ body }) => body)).toEqual(['"2"']);
    });

    it('of an ordered target goes to the end of its lane', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, ordering: 'partitionkey' }] });
      harness.answer = ({ body }) => new Response(null, { status: body === '"1"' ? 422 : 503 });
      const event = (data: string): object => createEvent(data, { data, partitionkey: 'k' });
      await harness.publish([event('1'), event('2'), event('3')]);
      await harness.drain();
      harness.received.length = 0;
      harness.answer = () => new Response(null, { status: 204 });
      await redriveAll(harness);
      await harness.drain(harness.now + 3_600_000);
      expect(harness.received.map(({ body }) => body)).toEqual(['"2"', '"3"', '"1"']);
    });

    it('of many is redriven oldest first, so that order is kept, page by page', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, ordering: 'partitionkey' }] });
      harness.answer = () => new Response(null, { status: 422 });
      const names = ['1', '2', '3', '4', '5'];
      await harness.publish(names.map((data) => createEvent(data, { data, partitionkey: 'k' })));
      await harness.drain();
      harness.now += 1_000;
      harness.answer = () => new Response(null, { status: 204 });
      harness.received.length = 0;
      let cursor: string | undefined;
      let calls = 0;
      do {
        const said = await redriveAll(harness, `limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`);
        cursor = said.cursor;
        calls += 1;
      } while (cursor !== undefined);
      expect(calls).toBe(3);
      await harness.drain();
      expect(harness.received.map(({ body }) => JSON.parse(body) as string)).toEqual(names);
    });
  });

  describe(`the targets of a bus: ${platform}`, () => {
    it('say what waits for them and how they fare', async () => {
      const harness = await create();
      const second = { name: 'second', http: { url: 'https://second.example.com/' } };
      await withRule(harness, { targets: [{ name: 'crm', http, paused: true }, second] });
      await withRule(harness, { enabled: false }, 'off');
      await harness.publish(createEvent());
      await harness.drain();
      const response = await harness.admin('GET', '/v1/buses/default/targets');
      expect(await response.json()).toEqual({
        targets: [
          { rule: 'all', target: 'crm', enabled: true, paused: true, waiting: 1, breaker: 'closed' },
          {
            rule: 'all',
            target: 'second',
            enabled: true,
            paused: false,
            waiting: 0,
            breaker: 'closed',
            last: { at: harness.now, status: 'delivered', code: 204 },
          },
          { rule: 'off', target: 'crm', enabled: false, paused: false, waiting: 0, breaker: 'closed' },
        ],
      });
    });

    it('tell when a target is given up, and when it is asked again', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, rateLimit: { perSecond: 1_000 } }] });
      harness.answer = () => new Response(null, { status: 500 });
      await harness.publish(Array.from({ length: 20 }, (_, index) => createEvent(`e${index}`)));
      await harness.drain();
      const { targets } = (await (await harness.admin('GET', '/v1/buses/default/targets')).json()) as {
        targets: { breaker: string; probeAt?: number; waiting: number }[];
      };
      expect(targets[0]).toMatchObject({ breaker: 'open', waiting: expect.any(Number) });
      expect(targets[0]?.waiting).toBeGreaterThan(0);
      expect(targets[0]?.probeAt).toBeGreaterThan(harness.now);
    });
  });
}

async function list(harness: Harness): Promise<{ id: string }[]> {
  const response = await harness.admin('GET', path);
  return ((await response.json()) as { deadLetters: { id: string }[] }).deadLetters;
}

async function redriveAll(
  harness: Harness,
  query = '',
): Promise<{ redriven: number; skipped: number; cursor?: string }> {
  const response = await harness.admin('POST', `${path}:redrive?${query}`);
  expect(response.status).toBe(202);
  return (await response.json()) as { redriven: number; skipped: number; cursor?: string };
}

import { describe, expect, it as test } from 'vitest';
import { createEvent, type createHarness, type RemoteHarness, withRule } from '../mesh/harness.ts';

/** What becomes of events, from the publisher to the targets, on every platform alike; `gaps`: why a test cannot be run here. */
export function describeEndToEnd(
  platform: string,
  create: (...options: Parameters<typeof createHarness>) => RemoteHarness | Promise<RemoteHarness>,
  gaps: Readonly<Record<string, string>> = {},
): void {
  function it(name: string, body: () => Promise<void>): void {
    const gap = gaps[name];
    if (gap === undefined) test(name, body);
    else test.skip(`${name} (${gap})`, body);
  }

  describe(`an event on its way: ${platform}`, () => {
    it('is accepted, matched and delivered as it came', async () => {
      const harness = await create();
      await withRule(harness);
      const response = await harness.publish(createEvent());
      expect(response.status).toBe(202);
      expect(await response.json()).toEqual({ accepted: 1, events: [{ id: 'e1', matched: 1 }] });
      await harness.drain();
      expect(harness.received).toHaveLength(1);
      const [sent] = harness.received;
      expect(sent?.url).toBe('https://crm.example.com/hook');
      expect(sent?.headers.get('ce-id')).toBe('e1');
      expect(sent?.body).toBe('{"amount":12.5}');
      expect(await harness.deliveries('event=e1')).toMatchObject([
        { status: 'delivered', rule: 'all', target: 'crm', attempt: 1 },
      ]);
      expect(harness.reported).toEqual([]);
    });

    it('is masked and reshaped by the steps of the rule, for all of its targets alike', async () => {
      const harness = await create();
      await withRule(harness, {
        steps: [
          { redact: { paths: ['data.phone'], with: { mask: 'keep-last-4' } } },
          { transform: { jsonata: '{ "tel": data.phone, "sum": data.amount * 2 }' } },
        ],
        targets: [
          { name: 'crm', http: { url: 'https://crm.example.com/hook' } },
          { name: 'log', http: { url: 'https://log.example.com/', content: 'structured' } },
        ],
      });
      await harness.publish(createEvent('e1', { data: { phone: '+49 151 12345678', amount: 3 } }));
      await harness.drain();
      expect(harness.received).toHaveLength(2);
      const body = JSON.parse(harness.received[0]?.body ?? '') as { tel: string; sum: number };
      expect(body.sum).toBe(6);
      expect(body.tel).toMatch(/5678$/);
      expect(body.tel).not.toContain('1234');
      expect(JSON.parse(harness.received[1]?.body ?? '')).toMatchObject({ id: 'e1', data: body });
    });

    it('is not queued when no rule matches, and the publisher is told', async () => {
      const harness = await create();
      await withRule(harness);
      const response = await harness.publish(createEvent('e1', { source: '/elsewhere' }));
      expect(await response.json()).toEqual({ accepted: 1, events: [{ id: 'e1', matched: 0 }] });
      await harness.drain();
      expect(harness.received).toEqual([]);
    });

    it('is tried again until the target takes it, with the same delivery id', async () => {
      const harness = await create({ secrets: { crm: `whsec_${btoa('0123456789abcdef0123456789abcdef')}` } });
      await withRule(harness, {
        targets: [{ name: 'crm', http: { url: 'https://crm.example.com/hook', signing: { secret: 'crm' } } }],
      });
      let failures = 3;
      harness.answer = () => new Response('no', { status: failures-- > 0 ? 503 : 200 });
      await harness.publish([createEvent('e1'), createEvent('e2')]);
      await harness.drain(harness.now + 3_600_000);
      const ids = harness.received
        .filter((sent) => sent.headers.get('ce-id') === 'e1')
        .map((sent) => sent.headers.get('webhook-id'));
      expect(new Set(ids).size).toBe(1);
      expect((await harness.deliveries('status=delivered')).map((record) => record.eventId).toSorted()).toEqual([
        'e1',
        'e2',
      ]);
      expect((await harness.deliveries('status=retrying')).length).toBe(3);
    });

    it('becomes a dead letter with the whole event after the last attempt', async () => {
      const harness = await create();
      await withRule(harness, {
        targets: [{ name: 'crm', http: { url: 'https://crm.example.com/hook' }, retry: { maxAttempts: 3 } }],
      });
      harness.answer = () => new Response('broken', { status: 500 });
      await harness.publish(createEvent());
      await harness.drain(harness.now + 3_600_000);
      expect(harness.received).toHaveLength(3);
      const [dead] = await harness.deliveries('status=dead-lettered');
      expect(dead).toMatchObject({ eventId: 'e1', attempt: 3, code: 500 });
      expect(JSON.parse(dead?.event ?? '')).toEqual(createEvent());
    });

    it('becomes a dead letter at once when a step fails on it, and others pass', async () => {
      const harness = await create();
      await withRule(harness, { steps: [{ transform: { jsonata: '{ "half": data.amount / data.parts.count }' } }] });
      await harness.publish([
        createEvent('bad', { data: { amount: 'x', parts: { count: 2 } } }),
        createEvent('good', { data: { amount: 4, parts: { count: 2 } } }),
      ]);
      await harness.drain(harness.now + 3_600_000);
      expect(harness.received.map((sent) => sent.body)).toEqual(['{"half":2}']);
      const [dead] = await harness.deliveries('status=dead-lettered');
      expect(dead).toMatchObject({ eventId: 'bad' });
      expect(dead?.reason).toContain('step');
    });

    it('ends as disabled, and is not a dead letter, when the target is gone and the preset has it so', async () => {
      const harness = await create();
      const target = { name: 'crm', http: { url: 'https://crm.example.com/hook' } };
      await withRule(harness, { targets: [{ ...target, retry: { preset: 'standard-webhooks' } }] });
      await harness.admin('PUT', '/v1/admin/buses/default', { record: 'none' });
      harness.answer = () => new Response(null, { status: 410 });
      await harness.publish(createEvent());
      await harness.drain(harness.now + 3_600_000);
      expect(harness.received).toHaveLength(1);
      const records = await harness.deliveries();
      expect(records).toMatchObject([{ status: 'disabled', eventId: 'e1', code: 410, attempt: 1 }]);
      expect(records[0]?.reason).toContain('asks for no more');
    });

    it('is found by its whole id, of which a record keeps the beginning', async () => {
      const harness = await create();
      await withRule(harness);
      const id = `e${'1'.repeat(60_000)}`;
      await harness.publish(createEvent(id, { type: 't'.repeat(60_000) }));
      await harness.drain();
      const [record] = await harness.deliveries(`event=${id}`);
      expect(record).toMatchObject({ status: 'delivered', eventId: id.slice(0, 1_024) });
      expect(record?.type).toHaveLength(1_024);
    });

    it('ends as disabled when its rule is removed before the delivery', async () => {
      const harness = await create();
      await withRule(harness);
      await harness.publish(createEvent());
      const removed = await harness.admin('DELETE', '/v1/admin/buses/default/rules/all');
      expect(removed.ok).toBe(true);
      harness.now += 10_000;
      await harness.drain();
      await harness.drain();
      expect(harness.received).toEqual([]);
      expect(await harness.deliveries()).toMatchObject([{ status: 'disabled', eventId: 'e1' }]);
    });

    it('does not hold up the deliveries to other targets when one fails', async () => {
      const harness = await create();
      await withRule(harness, {
        targets: [
          { name: 'broken', http: { url: 'https://broken.example.com/' } },
          { name: 'crm', http: { url: 'https://crm.example.com/' } },
        ],
      });
      harness.answer = ({ url }) => {
        if (url.includes('broken')) throw new TypeError('connection refused');
        return new Response(null, { status: 204 });
      };
      await harness.publish([createEvent('e1'), createEvent('e2')]);
      await harness.drain();
      expect((await harness.deliveries('target=crm')).map((record) => record.status)).toEqual([
        'delivered',
        'delivered',
      ]);
      expect((await harness.deliveries('target=broken')).map((record) => record.status)).toEqual([
        'retrying',
        'retrying',
      ]);
    });
  });

  describe('the books', () => {
    it('have every delivery once, whatever became of it', async () => {
      const harness = await create();
      await withRule(harness, {
        steps: [{ transform: { jsonata: 'data.$merge([$$, { "data": $ }])', output: 'events' } }],
        targets: ['good', 'bad', 'slow'].map((name) => ({ name, http: { url: `https://${name}.example.com/` } })),
      });
      let failures = 3;
      harness.answer = ({ url }) => {
        if (url.includes('bad')) return new Response(null, { status: 400 });
        return new Response(null, { status: url.includes('slow') && failures-- > 0 ? 503 : 204 });
      };
      await harness.publish([createEvent('e1', { data: [1, 2] }), createEvent('e2', { data: [] })]);
      await harness.drain(harness.now + 3_600_000);
      const response = await harness.admin('GET', '/v1/buses/default/books');
      expect(await response.json()).toMatchObject({
        balanced: true,
        planned: 9,
        delivered: 4,
        deadLettered: 2,
        filtered: 3,
        pending: 0,
        targets: {
          'all/good': { delivered: 2, filtered: 1 },
          'all/bad': { deadLettered: 2, filtered: 1 },
          'all/slow': { delivered: 2, filtered: 1 },
        },
      });
    });
  });

  describe('a target that does not answer', () => {
    it('costs one batch a few calls only, and loses nothing', async () => {
      const harness = await create();
      await withRule(harness);
      harness.answer = () => {
        harness.now += 15_000;
        throw new TypeError('timed out');
      };
      await harness.publish(Array.from({ length: 100 }, (_, index) => createEvent(`e${index}`)));
      await harness.drain();
      expect(harness.received.length).toBeLessThanOrEqual(12);
      harness.answer = () => new Response(null, { status: 204 });
      await harness.drain(harness.now + 3_600_000);
      const delivered = await harness.deliveries('status=delivered');
      expect(new Set(delivered.map((record) => record.eventId)).size).toBe(100);
      expect(delivered).toHaveLength(100);
    });

    it('ends in dead letters when the events have become too old, tried or not', async () => {
      const harness = await create();
      await withRule(harness, {
        targets: [{ name: 'crm', http: { url: 'https://crm.example.com/hook' }, retry: { maxAge: '1h' } }],
      });
      harness.answer = () => {
        throw new TypeError('refused');
      };
      await harness.publish(Array.from({ length: 50 }, (_, index) => createEvent(`e${index}`)));
      await harness.drain(harness.now + 8 * 3_600_000);
      const dead = await harness.deliveries('status=dead-lettered');
      expect(new Set(dead.map((record) => record.eventId)).size).toBe(50);
      expect(dead).toHaveLength(50);
    });
  });
}

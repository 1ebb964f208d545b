import { describe, expect, it } from 'vitest';
import { createEvent, type Harness, type PublishOptions, withRule } from '../mesh/harness.ts';

const http = { url: 'https://crm.example.com/hook' };

/** What publishers who wait are told, on every platform. */
export function describePublishModes(name: string, create: () => Harness | Promise<Harness>): void {
  describe(`publish modes: ${name}`, () => {
    describe('synchronous', () => {
      it('answers 200 with the outcome when every target has the event', async () => {
        const harness = await create();
        await withRule(harness, {
          targets: [
            { name: 'crm', http },
            { name: 'billing', http },
          ],
        });
        const response = await publish(harness, createEvent(), { prefer: 'wait=10' });
        expect(response.status).toBe(200);
        expect(response.headers.get('preference-applied')).toBe('wait=10');
        const delivered = { rule: 'all', status: 'delivered', attempts: 1, code: 204 };
        expect(await response.json()).toEqual({
          accepted: 1,
          events: [
            {
              id: 'e1',
              matched: 1,
              deliveries: [
                { target: 'crm', ...delivered },
                { target: 'billing', ...delivered },
              ],
            },
          ],
        });
      });

      it('answers at once without the preference, and with one that cannot be understood', async () => {
        const harness = await create();
        await withRule(harness);
        for (const prefer of ['', 'wait=0', 'wait=soon', 'wait=1.5', 'respond-async', 'reply']) {
          const response = await harness.publish(createEvent(), { headers: { prefer } });
          expect(response.status).toBe(202);
          expect(response.headers.has('preference-applied')).toBe(false);
          expect(await response.json()).toEqual({ accepted: 1, events: [{ id: 'e1', matched: 1 }] });
        }
      });

      it('answers 200 at once for an event that no rule matches', async () => {
        const harness = await create();
        await withRule(harness);
        const response = await publish(harness, createEvent('e1', { source: '/other' }), { prefer: 'wait=10' });
        expect(response.status).toBe(200);
        expect(await response.json()).toEqual({ accepted: 1, events: [{ id: 'e1', matched: 0, deliveries: [] }] });
      });

      it('waits over retries, and says how many attempts it took', async () => {
        const harness = await create();
        await withRule(harness);
        let failures = 2;
        harness.answer = () => new Response(null, { status: failures-- > 0 ? 503 : 202 });
        const response = await publish(harness, createEvent(), { prefer: 'wait=60', until: 60_000 });
        expect(response.status).toBe(200);
        expect(await deliveriesOf(response)).toEqual([
          { rule: 'all', target: 'crm', status: 'delivered', attempts: 3, code: 202 },
        ]);
      });

      it('says what was given up, and nothing of what the target answered', async () => {
        const harness = await create();
        await withRule(harness);
        harness.answer = () => new Response('customer 4711 is unknown', { status: 400 });
        const response = await publish(harness, createEvent(), { prefer: 'wait=10' });
        expect(response.status).toBe(200);
        const text = await response.text();
        expect(text).not.toContain('4711');
        expect((JSON.parse(text) as Answer).events[0]?.deliveries).toEqual([
          { rule: 'all', target: 'crm', status: 'dead-lettered', attempts: 1, code: 400, reason: 'answered 400' },
        ]);
      });

      it('answers 202 with where the deliveries stand when the time is over; the event is delivered all the same', async () => {
        const harness = await create();
        await withRule(harness, {
          targets: [
            { name: 'crm', http },
            { name: 'down', http: { url: 'https://down.example.com/' } },
          ],
        });
        let isDown = true;
        harness.answer = ({ url }) => new Response(null, { status: isDown && url.includes('down') ? 503 : 204 });
        const response = await publish(harness, createEvent(), { prefer: 'wait=1, respond-async', passes: true });
        expect(response.status).toBe(202);
        expect(response.headers.get('preference-applied')).toBe('wait=1');
        expect(await deliveriesOf(response)).toEqual([
          { rule: 'all', target: 'crm', status: 'delivered', attempts: 1, code: 204 },
          {
            rule: 'all',
            target: 'down',
            status: 'retrying',
            attempts: 1,
            code: 503,
            reason: 'answered 503',
            nextAt: expect.any(Number),
          },
        ]);
        isDown = false;
        await harness.drain(harness.now + 600_000);
        expect(harness.received.filter(({ url }) => url.includes('down'))).toHaveLength(2);
      });

      it('waits for every event of a batch', async () => {
        const harness = await create();
        await withRule(harness);
        const events = [createEvent('e1'), createEvent('e2', { source: '/other' }), createEvent('e3')];
        harness.answer = ({ headers }) => new Response(null, { status: headers.get('ce-id') === 'e3' ? 400 : 204 });
        const response = await publish(harness, events, { prefer: 'wait=10, reply' });
        expect(response.status).toBe(200);
        expect(response.headers.get('preference-applied')).toBe('wait=10');
        const { events: told } = (await response.json()) as Answer;
        expect(told.map(({ deliveries }) => deliveries.map(({ status }) => status))).toEqual([
          ['delivered'],
          [],
          ['dead-lettered'],
        ]);
      });

      it('waits for what waits in a lane', async () => {
        const harness = await create();
        await withRule(harness, {
          targets: [
            { name: 'ordered', http, ordering: 'partitionkey' },
            { name: 'limited', http, rateLimit: { perSecond: 100 } },
          ],
        });
        const response = await publish(harness, createEvent('e1', { partitionkey: 'k' }), {
          prefer: 'wait=30',
          until: 30_000,
        });
        expect(response.status).toBe(200);
        expect((await deliveriesOf(response)).map(({ status }) => status)).toEqual(['delivered', 'delivered']);
      });

      it('tells of every part that the steps make of an event, and of events that they leave out', async () => {
        const harness = await create();
        const split = [{ transform: { jsonata: 'data.$merge([$$, { "data": $ }])', output: 'events' } }];
        await withRule(harness, { steps: split });
        await withRule(harness, { steps: [{ transform: { jsonata: '[]', output: 'events' } }] }, 'none');
        let refusals = 1;
        harness.answer = ({ body }) => new Response(null, { status: body === '"2"' && refusals-- > 0 ? 503 : 204 });
        const response = await publish(harness, createEvent('e1', { data: ['1', '2', '3'] }), {
          prefer: 'wait=30',
          until: 30_000,
        });
        expect(response.status).toBe(200);
        const delivered = { rule: 'all', target: 'crm', status: 'delivered', code: 204 };
        expect(await deliveriesOf(response)).toEqual([
          { ...delivered, part: 1, attempts: 1 },
          { ...delivered, part: 2, attempts: 2 },
          { ...delivered, part: 3, attempts: 1 },
          { rule: 'none', target: 'crm', status: 'filtered', attempts: 1, reason: 'the steps left no event' },
        ]);
      });

      it('tells the end at its target, whatever a target for dead letters does', async () => {
        const harness = await create();
        const deadLetter = { http: { url: 'https://ops.example.com/dead' } };
        await withRule(harness, { targets: [{ name: 'crm', http, deadLetter }] });
        harness.answer = ({ url }) => new Response(null, { status: url.includes('ops') ? 503 : 400 });
        const response = await publish(harness, createEvent(), { prefer: 'wait=10' });
        expect(response.status).toBe(200);
        expect(await deliveriesOf(response)).toMatchObject([{ target: 'crm', status: 'dead-lettered' }]);
      });

      it('does not wait for an event that was published before', async () => {
        const harness = await create();
        await withRule(harness);
        await harness.admin('PUT', '/v1/admin/buses/default', { deduplication: { window: '1h' } });
        expect((await publish(harness, createEvent(), { prefer: 'wait=10' })).status).toBe(200);
        const response = await publish(harness, createEvent(), { prefer: 'wait=10' });
        expect(response.status).toBe(200);
        expect(await response.json()).toEqual({
          accepted: 1,
          events: [{ id: 'e1', matched: 1, duplicate: true, deliveries: [] }],
        });
        const asked = await publish(harness, createEvent(), { prefer: 'wait=10, reply' });
        expect(await asked.json()).toMatchObject({ status: 502, detail: expect.stringContaining('before') });
      });

      it('leaves nothing behind when the publisher hangs up', async () => {
        const harness = await create();
        await withRule(harness);
        let release = (): void => {};
        harness.answer = () => new Promise((resolve) => (release = () => resolve(new Response(null, { status: 204 }))));
        const aborted = new AbortController();
        const request = new Request('https://mesh.test/v1/events', {
          method: 'POST',
          headers: {
            authorization: 'Bearer admin-key-of-the-test-suite',
            'content-type': 'application/cloudevents+json',
            prefer: 'wait=60',
          },
          body: JSON.stringify(createEvent()),
          signal: aborted.signal,
        });
        const answer = harness.mesh.fetch(request);
        await drainUntil(harness, () => harness.received.length === 1);
        aborted.abort();
        expect((await answer).status).toBe(202);
        release();
        await drainUntil(harness, async () => (await harness.deliveries()).length === 1);
        expect(await harness.deliveries()).toMatchObject([{ status: 'delivered' }]);
      });
    });

    describe('request and reply', () => {
      const targets = [{ name: 'crm', http: { ...http, reply: true } }];
      const reply = { specversion: '1.0', id: 'r1', source: '/crm', type: 'order.priced', data: { price: 7 } };

      it('answers with the event that the target replies, in binary mode', async () => {
        const harness = await create();
        await withRule(harness, { targets });
        harness.answer = () => toStructured(reply);
        const response = await publish(harness, createEvent(), { prefer: 'wait=10, reply' });
        expect(response.status).toBe(200);
        expect(response.headers.get('preference-applied')).toBe('wait=10, reply');
        expect(Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('ce-')))).toEqual({
          'ce-specversion': '1.0',
          'ce-id': 'r1',
          'ce-source': '/crm',
          'ce-type': 'order.priced',
          'ce-correlationid': 'e1',
          'ce-causationid': 'e1',
        });
        expect(response.headers.get('content-type')).toBe('application/json');
        expect(await response.json()).toEqual({ price: 7 });
      });

      it('answers in structured mode where that is accepted; what the target correlated stays', async () => {
        const harness = await create();
        await withRule(harness, { targets });
        harness.answer = () => toStructured({ ...reply, causationid: 'own' });
        const response = await publish(harness, createEvent('e1', { correlationid: 'flow-1' }), {
          prefer: 'reply, wait=10',
          accept: 'application/cloudevents+json',
        });
        expect(response.headers.get('content-type')).toMatch(/^application\/cloudevents\+json/);
        expect(await response.json()).toEqual({ ...reply, causationid: 'own', correlationid: 'flow-1' });
      });

      it('publishes the reply on the bus as well', async () => {
        const harness = await create();
        await withRule(harness, { targets });
        await withRule(harness, { filter: { pattern: { source: ['/crm'] } } }, 'replies');
        harness.answer = () => toStructured(reply);
        expect((await publish(harness, createEvent(), { prefer: 'wait=10, reply' })).status).toBe(200);
        await drainUntil(harness, () => harness.received.length === 2);
        expect(harness.received.map(({ headers }) => headers.get('ce-id'))).toEqual(['e1', 'r1']);
        expect(harness.received[1]?.headers.get('ce-causationid')).toBe('e1');
      });

      it('has the reply of the first target that replies, while others hang', async () => {
        const harness = await create();
        await withRule(harness, {
          targets: [...targets, { name: 'slow', http: { url: 'https://slow.example.com/' } }],
        });
        let release = (): void => {};
        harness.answer = ({ url }) =>
          url.includes('slow')
            ? new Promise((resolve) => (release = () => resolve(new Response(null, { status: 503 }))))
            : toStructured(reply);
        const answer = harness.publish(createEvent(), { headers: { prefer: 'wait=10, reply' } });
        const stop = setInterval(() => release(), 300);
        const response = await whileDraining(harness, answer);
        clearInterval(stop);
        expect(response.status).toBe(200);
      });

      it('answers 204 where a target has the event and replies nothing', async () => {
        const harness = await create();
        await withRule(harness, { targets });
        const response = await publish(harness, createEvent(), { prefer: 'wait=10, reply' });
        expect(response.status).toBe(204);
        expect(await response.text()).toBe('');
      });

      it('answers 502 where no target took the event, with what became of it', async () => {
        const harness = await create();
        await withRule(harness, { targets });
        harness.answer = () => new Response(null, { status: 400 });
        const response = await publish(harness, createEvent(), { prefer: 'wait=10, reply' });
        expect(response.status).toBe(502);
        expect(response.headers.get('content-type')).toBe('application/problem+json');
        expect(await response.json()).toMatchObject({
          code: 'reply_missing',
          status: 502,
          id: 'e1',
          deliveries: [{ rule: 'all', target: 'crm', status: 'dead-lettered', attempts: 1, code: 400 }],
        });
        const none = await publish(harness, createEvent('e2', { source: '/other' }), { prefer: 'wait=10, reply' });
        expect(await none.json()).toMatchObject({ code: 'reply_missing', detail: 'No rule matched the event.' });
      });

      it('answers 504 when the time is over, and says that the event is durable', async () => {
        const harness = await create();
        await withRule(harness, { targets });
        let isDown = true;
        harness.answer = () => (isDown ? new Response(null, { status: 503 }) : toStructured(reply));
        const response = await publish(harness, createEvent(), { prefer: 'wait=1, reply', passes: true });
        expect(response.status).toBe(504);
        expect(await response.json()).toMatchObject({
          code: 'reply_late',
          detail: expect.stringContaining('durable'),
          deliveries: [{ target: 'crm', status: 'retrying', attempts: 1 }],
        });
        isDown = false;
        await harness.drain(harness.now + 600_000);
        expect(harness.received).toHaveLength(2);
      });

      it('takes a reply in binary mode, with bytes that are no text', async () => {
        const harness = await create();
        await withRule(harness, { targets });
        harness.answer = () =>
          new Response('%PDF', {
            headers: {
              'content-type': 'application/pdf',
              'ce-specversion': '1.0',
              'ce-id': 'r1',
              'ce-source': '/crm',
              'ce-type': 'invoice',
            },
          });
        const response = await publish(harness, createEvent(), { prefer: 'wait=10, reply' });
        expect(response.headers.get('content-type')).toBe('application/pdf');
        expect(await response.text()).toBe('%PDF');
      });

      it('answers in structured mode where the attributes are more than headers should carry', async () => {
        const harness = await create();
        await withRule(harness, { targets });
        harness.answer = () => toStructured({ ...reply, note: 'n'.repeat(20_000) });
        const response = await publish(harness, createEvent(), { prefer: 'wait=10, reply' });
        expect(response.headers.get('content-type')).toMatch(/^application\/cloudevents\+json/);
        expect(await response.json()).toMatchObject({ id: 'r1', note: 'n'.repeat(20_000) });
      });
    });
  });
}

interface Answer {
  events: { deliveries: { status: string }[] }[];
}

/** Publishes while the queue drains; `until` moves its clock on from retry to retry, `passes` lets the time be over. */
async function publish(
  harness: Harness,
  event: unknown,
  { until = 0, passes = false, ...headers }: { prefer: string; accept?: string; until?: number; passes?: boolean },
): Promise<Response> {
  const end = harness.now + until;
  const options: PublishOptions = { headers };
  return whileDraining(harness, harness.publish(event, options), () => {
    // Less than a retry takes.
    if (passes) harness.now += 10;
    return Math.max(end, harness.now);
  });
}

async function whileDraining(
  harness: Harness,
  answer: Promise<Response>,
  until: () => number = () => harness.now,
): Promise<Response> {
  const answered = { yet: false };
  void answer.finally(() => (answered.yet = true)).catch(() => undefined);
  while (!answered.yet) {
    await turn();
    // A target that hangs holds the drain up, not the publisher.
    await Promise.race([harness.drain(until()), answer]);
  }
  return answer;
}

async function drainUntil(harness: Harness, isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await turn();
    await Promise.race([harness.drain(), turn()]);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 5));
}

async function deliveriesOf(response: Response): Promise<unknown[] & Answer['events'][number]['deliveries']> {
  return ((await response.json()) as Answer).events[0]?.deliveries ?? [];
}

function toStructured(event: unknown): Response {
  return new Response(JSON.stringify(event), { headers: { 'content-type': 'application/cloudevents+json' } });
}

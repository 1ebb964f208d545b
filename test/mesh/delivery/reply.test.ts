import { describe, expect, it } from 'vitest';
import { TulleError } from '../../../event/error.ts';
import { fromObject } from '../../../event/create.ts';
import { publishReply } from '../../../mesh/delivery/reply.ts';
import type { AttemptResult } from '../../../mesh/sink.ts';
import { createEvent, createHarness, type Harness, withRule } from '../harness.ts';

const replyHeaders = { 'ce-specversion': '1.0', 'ce-id': 'r1', 'ce-source': '/crm', 'ce-type': 'order.checked' };
const home = { tenant: 'default', bus: 'default' };

/** `ask` sends orders to a target that may reply; `log` has everything that the target replies. */
async function withReplies(answer: () => Response): Promise<Harness> {
  const harness = createHarness();
  harness.answer = ({ url }) => (url.includes('crm') ? answer() : new Response(null, { status: 204 }));
  await withRule(
    harness,
    { targets: [{ name: 'crm', http: { url: 'https://crm.example.com/', reply: true } }] },
    'ask',
  );
  const log = { name: 'log', http: { url: 'https://log.example.com/' } };
  await withRule(harness, { filter: { pattern: { source: ['/crm'] } }, targets: [log] }, 'log');
  await harness.publish(createEvent());
  await harness.drain();
  return harness;
}

function sentTo(harness: Harness, name: string) {
  return harness.received.filter(({ url }) => url.includes(name));
}

describe('a reply', () => {
  it('is asked for, and goes to the rules of the bus like any event', async () => {
    const harness = await withReplies(() => new Response('{"ok":true}', { headers: replyHeaders }));
    expect(sentTo(harness, 'crm')[0]?.headers.get('prefer')).toBe('reply');
    const [logged] = sentTo(harness, 'log');
    expect(logged?.headers.get('ce-type')).toBe('order.checked');
    expect(logged?.headers.get('ce-tullehops')).toBe('1');
    expect(logged?.body).toBe('{"ok":true}');
    expect(await harness.deliveries('rule=ask')).toMatchObject([{ status: 'delivered', code: 200 }]);
  });

  it('may be structured', async () => {
    const body = JSON.stringify({ specversion: '1.0', id: 'r1', source: '/crm', type: 'x', data: 1 });
    const headers = { 'content-type': 'application/cloudevents+json' };
    const harness = await withReplies(() => new Response(body, { headers }));
    expect(sentTo(harness, 'log')).toHaveLength(1);
  });

  it.each([
    ['another status than 200', () => new Response('{}', { status: 202, headers: replyHeaders })],
    ['no event', () => new Response('thank you')],
    ['nothing', () => new Response(null, { status: 204 })],
  ])('is not %s: the event is delivered all the same', async (_, answer) => {
    const harness = await withReplies(answer);
    expect(sentTo(harness, 'log')).toEqual([]);
    expect(await harness.deliveries('rule=ask')).toMatchObject([{ status: 'delivered' }]);
  });

  it('that is no valid event fails the delivery', async () => {
    const harness = await withReplies(() => new Response('{}', { headers: { ...replyHeaders, 'ce-id': '' } }));
    const [last] = await harness.deliveries('rule=ask');
    expect(last).toMatchObject({ status: 'retrying', failure: 'response' });
    expect(last?.reason).toContain('no valid event');
  });

  it('is not asked for unless the target says so', async () => {
    const harness = createHarness();
    harness.answer = () => new Response('{}', { headers: { ...replyHeaders, 'ce-source': '/shop' } });
    await withRule(harness);
    await harness.publish(createEvent());
    await harness.drain();
    expect(harness.received).toHaveLength(1);
    expect(harness.received[0]?.headers.has('prefer')).toBe(false);
  });

  it('that answers itself comes to an end', async () => {
    const harness = createHarness();
    let replies = 0;
    harness.answer = () => {
      replies += 1;
      return new Response(null, { headers: { ...replyHeaders, 'ce-id': `r${replies}`, 'ce-source': '/shop' } });
    };
    await withRule(harness, { targets: [{ name: 'crm', http: { url: 'https://crm.example.com/', reply: true } }] });
    await harness.publish(createEvent());
    await harness.drain();
    expect(harness.received).toHaveLength(9);
    expect(await harness.deliveries('status=dead-lettered')).toMatchObject([
      { eventId: 'r8', failure: 'refused', reason: expect.stringContaining('circles') as string },
    ]);
  });

  it('that cannot be stored fails the delivery, so that it comes again', async () => {
    const event = fromObject(createEvent());
    const result: AttemptResult = { ok: true, code: 200, latencyMs: 3, reply: [event] };
    const full = () => Promise.reject(new TulleError('unavailable', 'the queue is full'));
    expect(await publishReply(result, event, home, full)).toEqual({
      ok: false,
      failure: 'network',
      latencyMs: 3,
      reason: 'the reply was not published: the queue is full',
    });
    const broken = () => Promise.reject(new Error('a fault of ours'));
    await expect(publishReply(result, event, home, broken)).rejects.toThrow('a fault of ours');
  });
});

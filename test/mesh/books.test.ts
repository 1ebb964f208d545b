import { describe, expect, it } from 'vitest';
import { fromJson } from '../../event/json-format.ts';
import type { Tally } from '../../mesh/books.ts';
import { decodeEnvelope, deliveriesOf, encodeEnvelope, type PlannedEvent } from '../../mesh/envelope.ts';
import type { Turn } from '../../mesh/ports/consumer.ts';
import { createEvent, createHarness, type Harness, withRule } from './harness.ts';

describe('how many deliveries a message is of', () => {
  it('is the number of its targets, with a part of an event as one', () => {
    const message = toMessage([
      [{ rule: 'a', target: 't' }],
      [
        { rule: 'a', target: 't', parts: [2, 3, 11] },
        { rule: 'b', target: 't' },
      ],
    ]);
    expect(deliveriesOf(message)).toBe(5);
    expect(deliveriesOf(toMessage([]))).toBe(0);
  });

  it('is known of a message from before the number was in it', () => {
    const message = toMessage([[{ rule: 'a', target: 't', parts: [1, 2] }], [{ rule: 'b', target: 't' }]]);
    const [lengths = '', header = '', ...rest] = message.split(/\n(\{.*?\}(?=\{))/s);
    const old = header.replace(/"w":\d+,/, '');
    const message1 = `${lengths.replace(/^\d+/, String(old.length))}\n${old}${rest.join('')}`;
    expect(decodeEnvelope(message1).events).toHaveLength(2);
    expect(deliveriesOf(message1)).toBe(3);
  });

  it('is one of what is no message', () => {
    for (const text of ['', 'm1', '3\n{"a', '12,1\nnot a header', '2\n{}', '9\n{"w":x}', '9\n{"w":-3}'])
      expect(deliveriesOf(text)).toBe(1);
  });
});

describe('what a dispatch tells the books', () => {
  it('is every end by target, whatever is recorded', async () => {
    const harness = createHarness();
    const tallies = watchTallies(harness);
    await withRule(harness, {
      targets: toTargets(['good', 'bad', 'gone'], { preset: 'standard-webhooks', maxAttempts: 1 }),
    });
    await harness.admin('PUT', '/v1/admin/buses/default', { record: 'none' });
    const codes = [204, 500, 410];
    harness.answer = ({ url }) =>
      new Response(null, { status: codes[['good', 'bad', 'gone'].findIndex((name) => url.includes(name))] ?? 500 });
    await harness.publish([createEvent('e1'), createEvent('e2')]);
    await harness.drain();
    expect(tallies).toEqual([
      {
        added: 0,
        ended: { 'all/good': { delivered: 2 }, 'all/bad': { deadLettered: 2 }, 'all/gone': { disabled: 2 } },
      },
    ]);
  });

  it('is the parts that steps make of an event, each with its own end', async () => {
    const harness = createHarness();
    const tallies = watchTallies(harness);
    await withRule(harness, { steps: [split] });
    const codes: Record<string, number> = { '"a"': 204, '"b"': 400, '"c"': 503 };
    harness.answer = ({ body }) => new Response(null, { status: codes[body] ?? 500 });
    await harness.publish(createEvent('e1', { data: ['a', 'b', 'c'] }));
    await harness.drain();
    codes['"c"'] = 204;
    await harness.drain(harness.now + 3_600_000);
    expect(tallies).toEqual([
      { added: 2, ended: { 'all/crm': { delivered: 1, deadLettered: 1 } } },
      { added: 0, ended: { 'all/crm': { delivered: 1 } } },
    ]);
  });

  it('is one delivery more for a dead letter that has a target of its own', async () => {
    const harness = createHarness();
    const tallies = watchTallies(harness);
    const [crm] = toTargets(['crm']);
    const letters = { http: { url: 'https://letters.example.com/' } };
    await withRule(harness, { targets: [{ ...crm, deadLetter: letters }] });
    harness.answer = ({ url }) => new Response(null, { status: url.includes('crm') ? 400 : 204 });
    await harness.publish(createEvent());
    await harness.drain();
    expect(tallies).toEqual([
      { added: 1, ended: { 'all/crm': { deadLettered: 1 } } },
      { added: 0, ended: { 'all/crm~dead': { delivered: 1 } } },
    ]);
  });

  it('is an end of each part where its target is gone, and none where the steps leave nothing', async () => {
    const harness = createHarness();
    const tallies = watchTallies(harness);
    await withRule(harness, { steps: [split] });
    harness.answer = () => new Response(null, { status: 503 });
    await harness.publish([createEvent('e1', { data: ['a', 'b'] }), createEvent('e2', { data: [] })]);
    await harness.drain();
    await harness.admin('DELETE', '/v1/admin/buses/default/rules/all');
    await harness.drain(harness.now + 3_600_000);
    expect(tallies).toEqual([
      { added: 1, ended: { 'all/crm': { filtered: 1 } } },
      { added: 0, ended: { 'all/crm': { disabled: 2 } } },
    ]);
  });
});

/** One event for each element of the data. */
const split = { transform: { jsonata: 'data.$merge([$$, { "data": $ }])', output: 'events' } };

/** What each dispatch tells; and none may lose a delivery between its messages and what it answers. */
function watchTallies({ mesh }: Harness): Tally[] {
  const tallies: Tally[] = [];
  const { dispatch } = mesh;
  const weigh = (bodies: readonly string[]): number => bodies.reduce((sum, body) => sum + deliveriesOf(body), 0);
  Object.assign(mesh, {
    dispatch: async (messages: readonly string[], turn?: Turn) => {
      const settlement = await dispatch(messages, turn);
      const { tally = { added: 0, ended: {} }, turn: outcome, retries } = settlement;
      const ends = Object.values(tally.ended).reduce(
        (sum, by) => sum + Object.values(by).reduce((all, count) => all + count, 0),
        0,
      );
      const left =
        weigh(retries.map(({ body }) => body)) +
        weigh(outcome === undefined ? [] : [...outcome.remains, ...messages.slice(outcome.taken)]);
      expect(weigh(messages) + tally.added).toBe(ends + left);
      tallies.push(tally);
      return settlement;
    },
  });
  return tallies;
}

function toTargets(names: readonly string[], retry: object = {}): object[] {
  return names.map((name) => ({ name, retry, http: { url: `https://${name}.example.com/` } }));
}

function toMessage(plans: readonly PlannedEvent['deliveries'][]): string {
  const event = fromJson(JSON.stringify(createEvent()));
  const events = plans.map((deliveries, index) => ({ event, receipt: { id: 'r', at: 1 }, index, deliveries }));
  return encodeEnvelope({ tenant: 't', bus: 'b', version: 1, attempts: 0, events });
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import { secrets } from '../functions/transform/context.ts';
import {
  eventText,
  isRefused,
  type Redaction,
  redaction,
  redactStep,
  survivors,
} from '../functions/transform/random-redaction.ts';
import { createEvent, createHarness, type Harness, withRule } from './harness.ts';

const rounds = Math.min(Number(process.env.TULLE_PROPERTY_ROUNDS ?? 100), 10_000);

/** What targets answer: some repeat what they were sent, as their error. */
const answers = [
  () => new Response(null, { status: 204 }),
  ({ body, url, headers }: Harness['received'][number]) =>
    new Response(JSON.stringify({ body, url, headers: [...headers] }), { status: 400 }),
  ({ body }: Harness['received'][number]) => new Response(body, { status: 500 }),
  () => Promise.reject(new Error('no connection')),
];

describe('redaction in the mesh', () => {
  it(`lets no redacted value out: to targets, into history, traces or reports, on ${rounds} random events`, async () => {
    // The source is how history finds an event: it is kept as it was accepted, as type and id are.
    const one = redaction.filter(({ attributes }) => !attributes.includes('source'));
    const property = fc.asyncProperty(one, fc.constantFrom(...answers), tryDelivery);
    await fc.assert(property, { numRuns: rounds, seed: 1 });
  }, 3_600_000);
});

describe('a dead letter, which keeps the event as it came in', () => {
  it('shows it to admins only', async () => {
    const harness = createHarness();
    harness.answer = () => new Response(null, { status: 400 });
    await withRule(harness, { steps: [{ redact: { paths: ['data.phone'] } }] });
    await harness.publish(createEvent('e1', { data: { phone: '13812345678' } }));
    await harness.drain();

    const created = await harness.admin('POST', '/v1/admin/keys', { role: 'viewer', buses: ['default'] });
    const { key } = (await created.json()) as { key: string };
    const asked = new Request('https://mesh.test/v1/buses/default/deliveries', {
      headers: { authorization: `Bearer ${key}` },
    });
    const { deliveries } = (await (await harness.mesh.fetch(asked)).json()) as { deliveries: LedgerRecord[] };
    expect(deliveries).toMatchObject([
      { status: 'dead-lettered', eventId: 'e1', steps: [{ touched: ['data.phone'] }] },
    ]);
    expect(JSON.stringify(deliveries)).not.toContain('13812345678');
    expect((await harness.deliveries('status=dead-lettered'))[0]?.event).toContain('13812345678');
  });
});

/** What a viewer is shown of a test of the rule, on the event itself and on those that came. */
async function tryOut(harness: Harness, event: string): Promise<string> {
  const created = await harness.admin('POST', '/v1/admin/keys', { role: 'viewer', buses: ['default'] });
  const { key } = (await created.json()) as { key: string };
  const shown: unknown[] = [];
  for (const body of [`{"event":${event}}`, '{"last":1}']) {
    const request = new Request('https://mesh.test/v1/admin/buses/default/rules:test', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body,
    });
    const answer = await harness.mesh.fetch(request);
    expect(answer.status).toBe(200);
    shown.push(await answer.json());
  }
  return JSON.stringify(shown);
}

async function tryDelivery(one: Redaction, answer: Harness['answer']): Promise<void> {
  const harness = createHarness({ secrets: Object.fromEntries(secrets) });
  harness.answer = answer;
  await withRule(harness, {
    filter: { pattern: { type: ['t'] } },
    steps: [redactStep(one)],
    targets: [
      { name: 'structured', http: { url: 'https://a.example.com/hook', content: 'structured' } },
      { name: 'binary', http: { url: 'https://b.example.com/hook', content: 'binary' } },
    ],
  });
  expect((await harness.publish(eventText(one))).status).toBe(202);
  await harness.drain(harness.now + 60_000);
  const records = await harness.deliveries();
  expect(records.length).toBeGreaterThan(0);
  expect(harness.received.length > 0).toBe(!isRefused(one));

  const told = records.map(({ event: _event, ...record }) => record);
  const traces: string[] = [];
  const id = encodeURIComponent(records[0]?.eventId ?? '');
  for (const steps of [
    [redactStep(one)],
    [{ merge: { data: {} } }, redactStep(one)],
    [redactStep(one), { original: {} }],
  ]) {
    await withRule(harness, { filter: { pattern: { type: ['t'] } }, steps });
    const traced = await harness.admin('GET', `/v1/buses/default/events/${id}`);
    expect(traced.status).toBe(200);
    traces.push(await traced.text());
    expect(traces.at(-1)).toContain('"planned":true');
    traces.push(await tryOut(harness, eventText(one)));
  }
  const sent = harness.received.map(({ url, headers, body }) => ({ url, headers: [...headers], body }));
  const reported = harness.reported.map((error) => (error instanceof Error ? [error.message, error.stack] : error));
  const shown = [...sent, ...told, ...traces.map((text) => JSON.parse(text) as unknown), ...reported]
    .map((part) => JSON.stringify(part))
    .join('\n');
  expect(survivors(one, `${shown}\n${harness.received.map(({ body }) => body).join('\n')}`)).toEqual([]);
}

import { describe, expect, it } from 'vitest';
import type { TulleError } from '../../../event/error.ts';
import {
  type BundledFunction,
  defineFunction,
  type FunctionEvent,
} from '../../../functions/compute/define-function.ts';
import type { FunctionLogEntry } from '../../../functions/compute/function-log.ts';
import { retryLater } from '../../../functions/compute/retry-later.ts';
import type { FunctionSupport } from '../../../mesh/functions/support.ts';
import { createEvent, createHarness, withRule } from '../harness.ts';

type Order = FunctionEvent<{ amount: number }>;

const double = defineFunction({
  name: 'double',
  handler: (event) => ({ ...event, data: { amount: (event as Order).data.amount * 2 } }),
});

const using = (...bundle: BundledFunction[]): { functions: FunctionSupport } => ({ functions: { bundle } });
const steps = (name: string) => ({ steps: [{ compute: name }] });

describe('the step compute', () => {
  it('runs a function of the bundle on the way to the target', async () => {
    const harness = createHarness(using(double));
    await withRule(harness, steps('double'));
    await harness.publish(createEvent());
    await harness.drain();
    expect(harness.received.map(({ body }) => body)).toEqual(['{"amount":25}']);
    expect(harness.reported).toEqual([]);
  });

  it('runs a function that a document names, wherever that is', async () => {
    const calls: string[] = [];
    const harness = createHarness({
      functions: {
        service: (binding) =>
          binding === 'FUNCTION_FAR'
            ? {
                async fetch(request) {
                  calls.push(`${request.method} ${request.headers.get('ce-id')} ${await request.text()}`);
                  const headers = { 'ce-specversion': '1.0', 'ce-id': 'r1', 'ce-source': '/far', 'ce-type': 'done' };
                  return new Response('{"far":true}', { headers: { ...headers, 'content-type': 'application/json' } });
                },
              }
            : undefined,
        lambda: {
          invoke: async (name, event) =>
            JSON.stringify([{ data: name }, { data: (JSON.parse(event) as { id: string }).id }]),
        },
      },
    });
    await harness.admin('PUT', '/v1/admin/functions/far', { runs: { service: 'FUNCTION_FAR' } });
    await harness.admin('PUT', '/v1/admin/functions/lambda', {
      runs: { lambda: 'arn:aws:lambda:eu-west-1:1:function:x' },
    });
    await withRule(harness, steps('far'));
    await withRule(harness, { steps: [{ compute: { function: 'lambda' } }] }, 'second');
    await harness.publish(createEvent());
    await harness.drain();
    expect(calls).toEqual(['POST e1 {"amount":12.5}']);
    const delivered = harness.received.map(({ headers, body }) => [headers.get('ce-id') ?? '', body] as const);
    expect(delivered.toSorted(([one], [other]) => one.localeCompare(other))).toEqual([
      ['e1-1', '"arn:aws:lambda:eu-west-1:1:function:x"'],
      ['e1-2', '"e1"'],
      ['r1', '{"far":true}'],
    ]);
  });

  it('follows a document that moves a function, without a change of the rule', async () => {
    const harness = createHarness({
      functions: {
        bundle: [double],
        service: () => ({ fetch: async () => new Response(null, { status: 204 }) }),
      },
    });
    await withRule(harness, steps('double'));
    await harness.admin('PUT', '/v1/admin/functions/double', { runs: { service: 'FUNCTION_DOUBLE' } });
    await harness.publish(createEvent('e1'));
    await harness.drain();
    expect(harness.received).toEqual([]);
    await harness.admin('DELETE', '/v1/admin/functions/double');
    await harness.admin('PUT', '/v1/admin/functions/double', { runs: 'bundle' });
    await harness.publish(createEvent('e2'));
    await harness.drain();
    expect(harness.received).toHaveLength(1);
  });

  it('ends the delivery with the reason when the function fails', async () => {
    const fails = defineFunction({
      name: 'fails',
      handler() {
        throw new Error('no such car');
      },
    });
    const harness = createHarness(using(fails));
    await withRule(harness, steps('fails'));
    await harness.publish(createEvent());
    await harness.drain();
    const [record] = await harness.deliveries();
    expect(record).toMatchObject({
      status: 'dead-lettered',
      reason: 'step_failed: Step 1 (compute): The function fails failed: no such car',
    });
  });

  it('tries again later when the function asks for it, no sooner than it says', async () => {
    let attempts = 0;
    const closed = defineFunction({
      name: 'closed',
      handler(event) {
        attempts += 1;
        if (attempts < 3) throw retryLater('the bank is closed', { afterSeconds: 600 });
        return event;
      },
    });
    const harness = createHarness(using(closed));
    await withRule(harness, steps('closed'));
    await harness.publish(createEvent());
    await harness.drain();
    expect((await harness.deliveries())[0]).toMatchObject({ status: 'retrying' });
    await harness.drain(harness.now + 599_000);
    expect(attempts).toBe(1);
    await harness.drain(harness.now + 3_600_000);
    expect(attempts).toBe(3);
    expect(harness.received).toHaveLength(1);
  });

  it('loses nothing while what runs the function is away', async () => {
    let deployed = true;
    const worker = { fetch: async () => new Response(null, { status: 204 }) };
    const harness = createHarness({ functions: { service: () => (deployed ? worker : undefined) } });
    await harness.admin('PUT', '/v1/admin/functions/far', { runs: { service: 'FUNCTION_FAR' } });
    await withRule(harness, steps('far'));
    deployed = false;
    await harness.publish(createEvent());
    await harness.drain();
    expect((await harness.deliveries())[0]).toMatchObject({
      status: 'retrying',
      reason: expect.stringContaining('there is no such service binding'),
    });
    deployed = true;
    await harness.drain(harness.now + 3_600_000);
    expect((await harness.deliveries())[0]).toMatchObject({ status: 'filtered' });
  });

  it('publishes what the function emits to the bus that it names, once', async () => {
    const alarm = defineFunction({
      name: 'alarm',
      handler(event, { emit }) {
        emit({ type: 'alarm', source: '/alarms', data: 1 }, { bus: 'alarms' });
        return event;
      },
    });
    const harness = createHarness(using(alarm));
    await withRule(harness, steps('alarm'));
    await harness.admin('PUT', '/v1/admin/buses/alarms', {});
    await harness.admin('PUT', '/v1/admin/buses/alarms/rules/all', {
      filter: { pattern: { type: ['alarm'] } },
      targets: [{ name: 'siren', http: { url: 'https://siren.example.com/' } }],
    });
    await harness.publish(createEvent());
    await harness.drain();
    const ids = harness.received.map(({ url, headers }) => [url, headers.get('ce-id'), headers.get('ce-tullehops')]);
    expect(ids).toEqual([
      ['https://crm.example.com/hook', 'e1', null],
      ['https://siren.example.com/', 'e1-emitted-1', '1'],
    ]);
  });

  it('ends a circle of a rule that matches what its own function emits', async () => {
    let runs = 0;
    const again = defineFunction({
      name: 'again',
      handler(event, { emit }) {
        runs += 1;
        emit({ ...event, id: `again-${runs}`, tullehops: 0 });
        return null;
      },
    });
    const harness = createHarness(using(again));
    // A step before takes the counter away: the circle ends all the same.
    const forget = { transform: { jsonata: '$sift($, function($v, $k) { $k != "tullehops" })', output: 'event' } };
    await withRule(harness, { steps: [forget, { compute: 'again' }] });
    await harness.publish(createEvent());
    await harness.drain();
    expect(runs).toBe(9);
    const [last] = await harness.deliveries('status=dead-lettered');
    expect(last?.reason).toContain('goes in circles');
  });

  it('fails when the function emits to a bus that does not exist', async () => {
    const lost = defineFunction({
      name: 'lost',
      handler(_event, { emit }) {
        emit({}, { bus: 'nowhere' });
        return null;
      },
    });
    const harness = createHarness(using(lost));
    await withRule(harness, steps('lost'));
    await harness.publish(createEvent());
    await harness.drain();
    expect((await harness.deliveries())[0]).toMatchObject({
      status: 'dead-lettered',
      reason: expect.stringContaining('there is no bus nowhere'),
    });
  });

  it('is held to the schemas of the bus that it emits to', async () => {
    const alarm = defineFunction({
      name: 'alarm',
      handler(event, { emit }) {
        emit({ type: 'alarm', data: event.data }, { bus: 'alarms' });
        return event;
      },
    });
    const harness = createHarness(using(alarm));
    await withRule(harness, steps('alarm'));
    const schema = { type: 'object', properties: { amount: { type: 'number', maximum: 100 } } };
    await harness.admin('PUT', '/v1/admin/schemas/alarm', { type: 'alarm' });
    expect((await harness.admin('PUT', '/v1/admin/schemas/alarm/versions/1', schema)).status).toBe(201);
    await harness.admin('PUT', '/v1/admin/buses/alarms', { schemas: 'enforce' });
    await harness.publish(createEvent('e1'));
    await harness.publish(createEvent('e2', { data: { amount: 101 } }));
    await harness.drain();
    expect((await harness.deliveries()).map(({ eventId, status }) => [eventId, status])).toEqual(
      expect.arrayContaining([
        ['e1', 'delivered'],
        ['e2', 'dead-lettered'],
      ]),
    );
  });

  it('gives the function the secrets that its document grants, and no others', async () => {
    const seen: unknown[] = [];
    const reads = defineFunction({
      name: 'reads',
      async handler(event, { secrets }) {
        seen.push(await secrets.get('granted'));
        await secrets.get('other').catch((error: Error) => seen.push(error.message));
        await secrets.get('missing').catch((error: TulleError) => seen.push(error.code));
        return event;
      },
    });
    const harness = createHarness({ ...using(reads), secrets: { granted: 'g-value', other: 'o-value' } });
    await withRule(harness, steps('reads'));
    await harness.publish(createEvent('e1'));
    await harness.drain();
    expect((await harness.deliveries())[0]).toMatchObject({
      status: 'dead-lettered',
      reason: expect.stringContaining('was not granted'),
    });
    await harness.admin('PUT', '/v1/admin/functions/reads', { secrets: ['granted', 'missing'] });
    await harness.publish(createEvent('e2'));
    await harness.drain();
    expect(seen).toEqual(['g-value', expect.stringContaining('was not granted'), 'function_unavailable']);
    expect(JSON.stringify(await harness.deliveries())).not.toMatch(/[go]-value/);
  });

  it('lets the function reach the internet, and nothing inside', async () => {
    const asks = defineFunction({
      name: 'asks',
      async handler(event, { fetch }) {
        const { type } = event;
        const answer = await fetch(type === 'inside' ? 'http://169.254.169.254/' : 'https://rates.example.com/eur');
        return { ...event, data: await answer.json() };
      },
    });
    const harness = createHarness(using(asks));
    await withRule(harness, steps('asks'));
    harness.answer = ({ url }) => (url.includes('rates') ? Response.json({ eur: 1 }) : new Response(null));
    await harness.publish(createEvent('e1'));
    await harness.publish(createEvent('e2', { type: 'inside' }));
    await harness.drain();
    expect(harness.received.map(({ url, body }) => [url, body])).toEqual([
      ['https://rates.example.com/eur', ''],
      ['https://crm.example.com/hook', '{"eur":1}'],
    ]);
    expect((await harness.deliveries('status=dead-lettered'))[0]).toMatchObject({
      eventId: 'e2',
      reason: expect.stringContaining('The target URL is refused'),
    });
  });

  it('writes to the platform’s log', async () => {
    const log: FunctionLogEntry[] = [];
    const says = defineFunction({
      name: 'says',
      handler(event, context) {
        context.log.info('hello', { amount: 1 });
        return event;
      },
    });
    const harness = createHarness({ functions: { bundle: [says], log: (entry) => void log.push(entry) } });
    await withRule(harness, steps('says'));
    await harness.publish(createEvent());
    await harness.drain();
    expect(log).toEqual([{ level: 'info', message: 'hello', function: 'says', event: 'e1', fields: { amount: 1 } }]);
  });
});

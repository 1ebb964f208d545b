import { describe, expect, it } from 'vitest';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { fromJson } from '../../event/json-format.ts';
import { type CompiledSnapshot, compileSnapshot } from '../../mesh/compiled-snapshot.ts';
import { createDispatcher } from '../../mesh/dispatcher.ts';
import { decodeEnvelope, encodeEnvelope } from '../../mesh/envelope.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { Sink } from '../../mesh/sink.ts';
import type { Snapshot } from '../../mesh/snapshot.ts';
import { createEvent, createHarness, withRule } from './harness.ts';

const snapshot: Snapshot = {
  tenant: 't',
  bus: 'b',
  version: 1,
  settings: { shards: 1, record: 'all', retentionSeconds: 60 },
  keys: [],
  rules: [
    {
      name: 'r',
      enabled: true,
      filter: { pattern: { source: ['/shop'] } },
      steps: [],
      targets: [
        {
          name: 'crm',
          kind: 'stub',
          options: {},
          retry: { maxAttempts: 5, maxAgeSeconds: 60 },
          ordering: 'partitionkey',
        },
      ],
    },
  ],
};

function toMessage(id: string): string {
  const event = fromJson(JSON.stringify(createEvent(id)));
  const receipt = { id: 'x', at: 1_000 };
  const deliveries = [{ rule: 'r', target: 'crm' }];
  return encodeEnvelope({
    tenant: 't',
    bus: 'b',
    version: 1,
    attempts: 0,
    events: [{ event, receipt, index: 0, deliveries }],
  });
}

const never = (): never => {
  throw new Error('not used here');
};

function createTestDispatcher(options: {
  readonly read: () => CompiledSnapshot | undefined;
  readonly deliver: Sink['deliver'];
  readonly call?: (event: Event) => Promise<readonly Event[]>;
}): QueueConsumer {
  const { read, deliver, call = never } = options;
  const sink: Sink = { kind: 'stub', description: '', schema: {}, batchSize: () => 1, deliver };
  return createDispatcher({
    queue: { append: never },
    snapshots: { get: never, drop: never, newest: never, atLeast: () => Promise.resolve(read()) },
    sinks: new Map([['stub', sink]]),
    credentials: { secretsOf: () => ({ get: never }), authorizeOf: () => never },
    policy: { allowPrivateTargets: false },
    report: never,
    runtime: { now: () => 1_000, random: () => 0.5, fetch: never, pause: () => Promise.resolve(), waitUntil: never },
    functions: { call: (_scope, _name, event) => call(event), list: never },
    publish: never,
    disable: never,
  });
}

describe('a turn of a lane', () => {
  it('ends nothing that it does not get to, although its rule was removed meanwhile', async () => {
    const versions = [compileSnapshot(snapshot), compileSnapshot({ ...snapshot, rules: [] })];
    const dispatch = createTestDispatcher({
      read: () => versions.shift(),
      deliver: () => Promise.resolve([{ ok: false, failure: 'network', latencyMs: 1, reason: 'it is down' }]),
    });
    const { turn, records } = await dispatch([toMessage('1'), toMessage('2')], { lane: 'r/crm#k', probe: false });
    expect(turn).toMatchObject({ taken: 1, failed: 1 });
    expect(records.map(({ eventId, status }) => [eventId, status])).toEqual([['1', 'retrying']]);
  });
});

describe('an event whose expirytime', () => {
  it.each(['foo 5', '5', '2020-01-01', 'Jan 1 2020'])(
    'is %j, which is no timestamp, is delivered',
    async (expirytime) => {
      const harness = createHarness();
      await withRule(harness);
      await harness.publish(createEvent('e1', { expirytime }));
      await harness.drain();
      expect(await harness.deliveries()).toMatchObject([{ status: 'delivered' }]);
    },
  );

  it('is a leap second that is over is not delivered any more', async () => {
    const harness = createHarness();
    await withRule(harness);
    await harness.publish(createEvent('e1', { expirytime: '2016-12-31T23:59:60Z' }));
    await harness.drain();
    expect(await harness.deliveries()).toMatchObject([{ status: 'expired' }]);
  });
});

describe('a turn of a lane without an order', () => {
  const rules = snapshot.rules.map((rule) => ({
    ...rule,
    steps: [{ compute: 'same' }],
    targets: rule.targets.map(({ ordering: _ordering, ...target }) => ({ ...target, concurrency: 2 })),
  }));
  const compiled = compileSnapshot({ ...snapshot, rules });

  it('is taken again as a whole when a call breaks off in our own code: nothing counts as done', async () => {
    const dispatch = createTestDispatcher({
      read: () => compiled,
      call: (event) => Promise.resolve([event]),
      deliver: () => Promise.reject(new Error('the disk is full')),
    });
    const turn = dispatch([toMessage('1'), toMessage('2'), toMessage('3')], { lane: 'r/crm', probe: false });
    await expect(turn).rejects.toThrow('the disk is full');
  });

  it('hands out again nothing that it has put off, where the target asks for less meanwhile', async () => {
    const dispatch = createTestDispatcher({
      read: () => compiled,
      async call(event) {
        if (event.attributes.id === '1') return [event];
        // Until the target has answered for the first event.
        for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
        throw new TulleError('function_unavailable', 'it does not answer');
      },
      deliver: () =>
        Promise.resolve([{ ok: false, failure: 'response', code: 429, retryAfterMs: 5_000, latencyMs: 1, reason: '' }]),
    });
    const { turn, retries } = await dispatch([toMessage('1'), toMessage('2')], { lane: 'r/crm', probe: false });
    expect(turn).toMatchObject({ taken: 2, remains: [], throttledMs: 5_000 });
    const ids = retries.flatMap(({ body }) => decodeEnvelope(body).events.map(({ event }) => event.attributes.id));
    expect(ids.toSorted()).toEqual(['1', '2']);
  });
});

describe('an event that has to wait for a connection', () => {
  it('is not sent when its time is over by then', async () => {
    const harness = createHarness();
    await withRule(harness);
    harness.answer = () => {
      harness.now += 1_000;
      return new Response(null, { status: 204 });
    };
    const expirytime = new Date(harness.now + 2_500).toISOString();
    await harness.publish(Array.from({ length: 12 }, (_, index) => createEvent(`e${index}`, { expirytime })));
    await harness.drain();
    const expired = await harness.deliveries('status=expired');
    expect(expired.length).toBeGreaterThan(0);
    expect(expired.length + harness.received.length).toBe(12);
  });
});

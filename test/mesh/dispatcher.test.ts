import { describe, expect, it } from 'vitest';
import { fromJson } from '../../event/json-format.ts';
import { compileSnapshot } from '../../mesh/compiled-snapshot.ts';
import { createDispatcher } from '../../mesh/dispatcher.ts';
import { encodeEnvelope } from '../../mesh/envelope.ts';
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

describe('a turn of a lane', () => {
  it('ends nothing that it does not get to, although its rule was removed meanwhile', async () => {
    const versions = [compileSnapshot(snapshot), compileSnapshot({ ...snapshot, rules: [] })];
    const never = (): never => {
      throw new Error('not used here');
    };
    const dispatch = createDispatcher({
      queue: { append: never },
      snapshots: { get: never, drop: never, newest: never, atLeast: () => Promise.resolve(versions.shift()) },
      sinks: new Map([
        [
          'stub',
          {
            kind: 'stub',
            description: '',
            schema: {},
            batchSize: () => 1,
            deliver: () => Promise.resolve([{ ok: false, failure: 'network', latencyMs: 1, reason: 'it is down' }]),
          },
        ],
      ]),
      credentials: { secretsOf: () => ({ get: never }), authorizeOf: () => never },
      policy: { allowPrivateTargets: false },
      report: never,
      runtime: { now: () => 1_000, random: () => 0.5, fetch: never, pause: () => Promise.resolve(), waitUntil: never },
      functions: { call: never, list: never },
      publish: never,
      disable: never,
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

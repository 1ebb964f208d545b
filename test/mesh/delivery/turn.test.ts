import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fromJson } from '../../../event/json-format.ts';
import { compileSnapshot } from '../../../mesh/compiled-snapshot.ts';
import type { Credentials } from '../../../mesh/connections/credentials.ts';
import { type Group, targetKeyOf } from '../../../mesh/delivery/group.ts';
import { createHealth } from '../../../mesh/delivery/health.ts';
import { createJournal } from '../../../mesh/delivery/journal.ts';
import { createSignOffs } from '../../../mesh/delivery/sign-off.ts';
import { takeTurn } from '../../../mesh/delivery/turn.ts';
import type { Runtime } from '../../../mesh/ports/runtime.ts';
import type { AttemptResult, Sink } from '../../../mesh/sink.ts';

describe('the turn of a lane', () => {
  it.each([
    ['one call at a time to a target that is known to be sick', true, 1],
    ['no more calls at a time than it needs to be given up', false, 6],
  ])('has %s, until it takes something', async (_, isSick, most) => {
    const answers: ((result: AttemptResult) => void)[] = [];
    let calls = 0;
    const group = createGroup(40);
    const health = createHealth(Date.now);
    if (isSick) health.sick(targetKeyOf(group));
    const sink = {
      kind: 'fake',
      batchSize: () => 1,
      deliver: () => {
        calls += 1;
        return new Promise((resolve) => answers.push((result) => resolve([result])));
      },
    } as unknown as Sink;
    const turn = takeTurn({ lane: 'r/t', probe: false }, [group], { ...createOptions(sink), health, connections: 16 });
    await settle();
    expect(calls).toBe(most);
    answers.shift()?.({ ok: true, latencyMs: 1 });
    await settle();
    expect(calls).toBe(1 + 16);
    while (answers.length > 0) {
      answers.shift()?.({ ok: true, latencyMs: 1 });
      await settle();
    }
    expect((await turn).turn).toMatchObject({ taken: 1, ok: 40, failed: 0 });
  });
});

function createGroup(count: number): Group {
  const target = { name: 't', kind: 'fake', options: {}, retry: { maxAttempts: 3, maxAgeSeconds: 60 } };
  const compiled = compileSnapshot({
    tenant: 'default',
    bus: 'default',
    version: 1,
    settings: { shards: 1, record: 'none', retentionSeconds: 60 },
    rules: [{ name: 'r', enabled: true, filter: { pattern: { type: ['t'] } }, steps: [], targets: [target] }],
    keys: [],
  });
  const rule = compiled.rule('r');
  if (rule === undefined) throw new Error('there is no rule');
  const items = Array.from({ length: count }, (_, index) => ({
    planned: {
      event: fromJson(JSON.stringify({ specversion: '1.0', id: `${index}`, source: '/s', type: 't' })),
      receipt: { id: 'q', at: Date.now() },
      index,
      deliveries: [{ rule: 'r', target: 't' }],
    },
  }));
  return { tenant: 'default', bus: 'default', compiled, rule, target, attempt: 1, items };
}

function createOptions(sink: Sink) {
  const runtime = { now: Date.now, random: Math.random, pause: () => setImmediate() } as unknown as Runtime;
  const credentials = { secretsOf: () => undefined, authorizeOf: () => undefined } as unknown as Credentials;
  return {
    sinks: new Map([['fake', sink]]),
    credentials,
    policy: { allowPrivateTargets: false },
    runtime,
    journal: createJournal(runtime),
    reshape: (_: unknown, { event }: Group['items'][number]['planned']) => ({ events: [event], notes: [] }),
    signOffs: createSignOffs(() => {}, Date.now),
    publish: () => Promise.reject(new Error('nothing is published')),
    report: () => {},
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

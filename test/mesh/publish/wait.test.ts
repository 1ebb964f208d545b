import { describe, expect, it } from 'vitest';
import { fromJson } from '../../../event/json-format.ts';
import { encodeEnvelope } from '../../../mesh/envelope.ts';
import { createWait } from '../../../mesh/publish/wait.ts';

describe('a wait', () => {
  it('ends at once when the publisher hung up while its events were written', async () => {
    const closed: string[] = [];
    const receipt = { id: 'r1', at: 0, wait: { until: 60_000, reply: false } };
    const message = encodeEnvelope({
      tenant: 'default',
      bus: 'default',
      version: 1,
      attempts: 0,
      events: [
        {
          event: fromJson('{"specversion":"1.0","id":"e1","source":"/shop","type":"order.created"}'),
          receipt,
          index: 0,
          deliveries: [{ rule: 'all', target: 'crm' }],
        },
      ],
    });
    const wait = createWait({
      preference: { waitSeconds: 60, reply: false },
      receipt,
      accept: null,
      signal: AbortSignal.abort(),
      waits: {
        take: () => new Promise(() => undefined),
        close: (_shard, id) => Promise.resolve(void closed.push(id)),
      },
      runtime: { now: () => 0, waitUntil: () => undefined },
      tenant: 'default',
      bus: 'default',
      shards: new Map([[0, { messages: [message] }]]),
    });
    const accepted = { accepted: 1, events: [{ id: 'e1', matched: 1 }] };
    expect(await wait?.answer(accepted)).toBeUndefined();
    expect(closed).toEqual(['r1']);
  });
});

import { describe, expect, it } from 'vitest';
import { dingtalk } from '../../../connectors/sinks/dingtalk.ts';
import { prometheus } from '../../../connectors/sinks/prometheus.ts';
import { wecom } from '../../../connectors/sinks/wecom.ts';
import { fromObject } from '../../../event/create.ts';
import type { SinkContext } from '../../../mesh/sink.ts';

const event = fromObject({
  specversion: '1.0',
  id: 'e1',
  source: '/s',
  type: 't',
  data: { text: '企业'.repeat(2_000), n: 1 },
});
const delivery = { event, id: 'msg_e1', attempt: 1 };

/** Requests end here. */
function contextWith(answer: object, requests: Request[]): SinkContext {
  return {
    runtime: {
      now: () => 1_700_000_000_000,
      random: () => 0.5,
      pause: () => Promise.resolve(),
      waitUntil: () => undefined,
      fetch(request) {
        requests.push(request);
        return Promise.resolve(Response.json(answer));
      },
    },
    secrets: { get: () => Promise.resolve('token') },
    policy: { allowPrivateTargets: false },
  };
}

describe('sinks that only fetch, in the Worker', () => {
  it('sign', async () => {
    const requests: Request[] = [];
    const options = { secret: 'robot', signing: { secret: 'key' }, text: 'x' };
    const results = await dingtalk.deliver([delivery], options, contextWith({ errcode: 0 }, requests));
    expect(results).toMatchObject([{ ok: true }]);
    // HMAC-SHA256 of `1700000000000\ntoken` under `token`.
    expect(requests[0]?.url).toBe(
      'https://oapi.dingtalk.com/robot/send?access_token=token&timestamp=1700000000000&sign=SVmNpZz4d%2B9xPBw4tOQ1rN9ZSNV9dB%2BvwDIAV8G6UAA%3D',
    );
  });

  it('cut', async () => {
    const requests: Request[] = [];
    const options = { secret: 'robot', text: '${data.text}' };
    await wecom.deliver([delivery], options, contextWith({ errcode: 0 }, requests));
    const [request = new Request('https://none.example')] = requests;
    const { text } = await request.json<{ text: { content: string } }>();
    expect(new TextEncoder().encode(text.content).length).toBeLessThanOrEqual(2_048);
    expect(text.content).toMatch(/^(企业)+企?…$/);
  });

  it('write samples', async () => {
    const requests: Request[] = [];
    const options = { url: 'https://prometheus.example.com/api/v1/write', metric: 'm', value: 'data.n' };
    const results = await prometheus.deliver([delivery], options, contextWith({}, requests));
    expect(results).toMatchObject([{ ok: true }]);
    expect(requests[0]?.headers.get('content-encoding')).toBe('snappy');
    expect((await requests[0]?.arrayBuffer())?.byteLength).toBeGreaterThan(20);
  });
});

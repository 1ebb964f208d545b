import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wecom } from '../../../connectors/sinks/wecom.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { type Api, startApi } from './api.ts';
import { type ApiSink, deliverOne, deliveryOf, describeApiSink } from './api-sink.ts';

const key = '693a91f6-7b0a-4bc4-97a0-0ec2d5af2aaa';

function startWecom(): Promise<Api> {
  return startApi(({ url, body }) => {
    if (url.searchParams.get('key') !== key) return { body: { errcode: 93_000, errmsg: 'invalid webhook url' } };
    const message = (body ?? {}) as Record<string, { content?: string } | string | undefined>;
    const type = typeof message['msgtype'] === 'string' ? message['msgtype'] : '';
    const part = message[type];
    if (typeof part !== 'object') return { body: { errcode: 40_008, errmsg: 'invalid message type' } };
    const most = { text: 2_048, markdown: 4_096 }[type] ?? 0;
    if (part.content === undefined) return { body: { errcode: 44_004, errmsg: 'empty content' } };
    if (Buffer.byteLength(part.content) > most)
      return { body: { errcode: 45_002, errmsg: 'content size out of limit' } };
    return { body: { errcode: 0, errmsg: 'ok' } };
  });
}

describeApiSink('wecom', async () => {
  const api = await startWecom();
  return {
    sink: wecom as Sink,
    api,
    secrets: { robot: `${api.origin}/cgi-bin/webhook/send?key=${key}` },
    options: { secret: 'robot', text: '${id}' },
    taken: () => api.requests.map(({ body }) => (body as { text: { content: string } }).text.content),
  };
});

describe('the sink wecom', () => {
  let api: Api;
  let system: Omit<ApiSink, 'taken' | 'api'>;
  beforeEach(async () => {
    api = await startWecom();
    const secrets = { robot: `${api.origin}/cgi-bin/webhook/send?key=${key}` };
    system = { sink: wecom as Sink, secrets, options: { secret: 'robot' } };
  });
  afterEach(() => api.close());

  it('shows Markdown where it is asked to, and lets nobody be called by what an event says', async () => {
    const data = { name: '<@all>' };
    const delivery = deliveryOf('e1', { data });
    await deliverOne(system, { text: '<@zoe> ${data.name}', format: 'markdown' }, delivery);
    expect(api.requests[0]?.body).toEqual({ msgtype: 'markdown', markdown: { content: '<@zoe> <\u200b@all>' } });
  });

  it.each(['text', 'markdown'])('cuts a %s to the bytes that it may have', async (format) => {
    const data = { text: '企业微信'.repeat(1_000) };
    const delivery = deliveryOf('e1', { data });
    expect(await deliverOne(system, { text: '${data.text}', format }, delivery)).toMatchObject({ ok: true });
  });

  it('leaves a robot alone for a minute that is too fast', async () => {
    api.disturb({ body: { errcode: 45_009, errmsg: 'api freq out of limit, hint: [1634264791_224_ada10dc6]' } });
    expect(await deliverOne(system)).toMatchObject({ ok: false, code: 429, retryAfterMs: 60_000 });
  });

  it.each([
    [93_000, 'invalid webhook url', 403],
    [40_058, 'invalid Request Parameter', 400],
    [-1, 'system busy', 500],
  ])('takes %i with 200 for a failure', async (errcode, errmsg, code) => {
    api.disturb({ body: { errcode, errmsg } });
    const reason = `the target answered 200: ${errcode} ${errmsg}`;
    expect(await deliverOne(system)).toMatchObject({ ok: false, failure: 'response', code, reason });
  });
});

import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dingtalk } from '../../../connectors/sinks/dingtalk.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { type Api, startApi } from './api.ts';
import { type ApiSink, deliverOne, deliveryOf, describeApiSink } from './api-sink.ts';

const token = '566cc69da782ec33e42541b09b08551f09fbe864eb8008112e994b43887aeb0e';
const key = 'SEC240d7bb4c0bafc62a8e1f';

/** Signs by the query as DingTalk decodes it, where a bare `+` would be a space. */
function startDingtalk(signed: boolean): Promise<Api> {
  return startApi(({ url, body, headers, bytes }) => {
    const query = url.searchParams;
    if (query.get('access_token') !== token) return { body: { errcode: 300_001, errmsg: 'token is not exist' } };
    if (!headers['content-type']?.startsWith('application/json')) return { body: { errcode: 43_004, errmsg: 'type' } };
    if (signed) {
      const timestamp = query.get('timestamp') ?? '';
      const expected = createHmac('sha256', key).update(`${timestamp}\n${key}`).digest('base64');
      if (Math.abs(Date.now() - Number(timestamp)) > 3_600_000) {
        return { body: { errcode: 310_000, errmsg: 'invalid timestamp' } };
      }
      if (query.get('sign') !== expected) return { body: { errcode: 310_000, errmsg: 'sign not match' } };
    }
    if (bytes.length > 20_000) return { body: { errcode: 460_101, errmsg: 'message too long' } };
    const { msgtype } = (body ?? {}) as Record<string, unknown>;
    if (msgtype === undefined) return { body: { errcode: 40_035, errmsg: 'param error' } };
    return { body: { errcode: 0, errmsg: 'ok' } };
  });
}

const textOf = ({ body }: Api['requests'][number]): string => (body as { text: { content: string } }).text.content;

describeApiSink('dingtalk', async () => {
  const api = await startDingtalk(true);
  return {
    sink: dingtalk as Sink,
    api,
    secrets: { robot: `${api.origin}/robot/send?access_token=${token}`, 'robot-key': key },
    options: { secret: 'robot', signing: { secret: 'robot-key' }, text: '${id}' },
    taken: () => api.requests.map(textOf),
  };
});

describe('the sink dingtalk', () => {
  let api: Api;
  let system: Omit<ApiSink, 'taken' | 'api'>;
  beforeEach(async () => {
    api = await startDingtalk(false);
    const secrets = { robot: `${api.origin}/robot/send?access_token=${token}`, key };
    system = { sink: dingtalk as Sink, secrets, options: { secret: 'robot' } };
  });
  afterEach(() => api.close());

  it('signs each message at its own time', async () => {
    const strict = await startDingtalk(true);
    const secrets = { robot: `${strict.origin}/robot/send?access_token=${token}`, key, other: 'SECother' };
    // Signatures with `+` and `/` come often enough in so many.
    for (let time = 0; time < 20; time += 1) {
      expect(await deliverOne({ ...system, secrets }, { signing: { secret: 'key' } })).toMatchObject({ ok: true });
    }
    expect(await deliverOne({ ...system, secrets }, { signing: { secret: 'other' } })).toMatchObject({
      ok: false,
      code: 403,
      reason: 'the target answered 200: 310000 sign not match',
    });
    strict.close();
  });

  it('shows Markdown with the type as its title where it is asked to', async () => {
    await deliverOne(system, { text: '**${id}**', format: 'markdown' });
    const markdown = { title: 'order.created', text: '**e1**' };
    expect(api.requests[0]?.body).toEqual({ msgtype: 'markdown', markdown });
  });

  it('stays below 20,000 bytes', async () => {
    const data = { text: '钉"钉\n'.repeat(20_000) };
    expect(await deliverOne(system, { text: '${data.text}' }, deliveryOf('e1', { data }))).toMatchObject({ ok: true });
  });

  it('leaves a robot alone for ten minutes that is too fast', async () => {
    api.disturb({ body: { errcode: 130_101, errmsg: 'send too fast, exceed 20 times per minute' } });
    expect(await deliverOne(system)).toMatchObject({ ok: false, code: 429, retryAfterMs: 600_000 });
  });

  it.each([
    [310_000, 'keywords not in content', 400],
    [310_000, 'ip 1.2.3.4 not in whitelist', 403],
    [300_001, 'token is not exist', 403],
    [430_102, 'inappropriate text', 400],
    [-1, 'system busy', 500],
  ])('takes %i %s with 200 for a failure', async (errcode, errmsg, code) => {
    api.disturb({ body: { errcode, errmsg } });
    const reason = `the target answered 200: ${errcode} ${errmsg}`;
    expect(await deliverOne(system)).toMatchObject({ ok: false, failure: 'response', code, reason });
  });
});

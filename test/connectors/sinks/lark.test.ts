import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lark } from '../../../connectors/sinks/lark.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { type Api, startApi } from './api.ts';
import { type ApiSink, deliverOne, deliveryOf, describeApiSink } from './api-sink.ts';

const path = '/open-apis/bot/v2/hook/0d9b2c1e-6f3a-4b6e-9a51-2f7c64d1a111';
const key = 'SuperSecretBotKey0123';

function startLark(signed: boolean): Promise<Api> {
  return startApi(({ url, body, bytes }) => {
    if (url.pathname !== path)
      return { body: { code: 19_001, msg: 'param invalid: incoming webhook access token invalid' } };
    if (bytes.length > 20_480) return { body: { code: 9_499, msg: 'Bad Request', data: {} } };
    const { timestamp, sign, msg_type: type, content } = (body ?? {}) as Record<string, unknown>;
    if (signed) {
      const expected = createHmac('sha256', `${String(timestamp)}\n${key}`).digest('base64');
      const isFresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 3_600;
      if (sign !== expected || !isFresh || typeof timestamp !== 'string') {
        return { body: { code: 19_021, msg: 'sign match fail or timestamp is not within one hour from current time' } };
      }
    }
    if (type === undefined) return { body: { code: 19_002, msg: 'params error, msg_type need' } };
    if (content === undefined) return { body: { code: 9_499, msg: 'Bad Request', data: {} } };
    return { body: { code: 0, msg: 'success', data: {}, Extra: null, StatusCode: 0, StatusMessage: 'success' } };
  });
}

const textOf = ({ body }: Api['requests'][number]): string => (body as { content: { text: string } }).content.text;

describeApiSink('lark', async () => {
  const api = await startLark(true);
  return {
    sink: lark as Sink,
    api,
    secrets: { bot: `${api.origin}${path}`, 'bot-key': key },
    options: { secret: 'bot', signing: { secret: 'bot-key' }, text: '${id}' },
    taken: () => api.requests.map(textOf),
  };
});

describe('the sink lark', () => {
  let api: Api;
  let system: Omit<ApiSink, 'taken' | 'api'>;
  beforeEach(async () => {
    api = await startLark(false);
    system = { sink: lark as Sink, secrets: { bot: `${api.origin}${path}`, key }, options: { secret: 'bot' } };
  });
  afterEach(() => api.close());

  it('signs where a key is named, and a wrong key is for somebody to mend', async () => {
    const strict = await startLark(true);
    const secrets = { bot: `${strict.origin}${path}`, key, other: 'another key' };
    const signing = { secret: 'key' };
    expect(await deliverOne({ ...system, secrets }, { signing })).toMatchObject({ ok: true });
    expect(await deliverOne({ ...system, secrets }, { signing: { secret: 'other' } })).toMatchObject({
      ok: false,
      code: 403,
      reason: expect.stringMatching(/^the target answered 200: 19021 sign match fail/),
    });
    strict.close();
  });

  it('lets nobody be called by what an event says', async () => {
    const data = { name: '<at user_id="all">all</at> a < b' };
    await deliverOne(system, { text: '<at user_id="1">me</at> ${data.name}' }, deliveryOf('e1', { data }));
    expect(textOf(api.requests[0] as Api['requests'][number])).toBe(
      '<at user_id="1">me</at> <\u200bat user_id="all">all<\u200b/at> a < b',
    );
  });

  it('stays below 20 KB', async () => {
    const data = { text: '飞"书\n'.repeat(20_000) };
    expect(await deliverOne(system, { text: '${data.text}' }, deliveryOf('e1', { data }))).toMatchObject({ ok: true });
  });

  it('sends the payload as the message, signed', async () => {
    const data = { msg_type: 'interactive', content: {}, card: { elements: [] } };
    await deliverOne(system, { content: 'raw', signing: { secret: 'key' } }, deliveryOf('e1', { data }));
    expect(api.requests[0]?.body).toMatchObject({ ...data, sign: expect.any(String) });
  });

  it.each([
    [19_024, 'Key Words Not Found', 400],
    [19_022, 'Ip Not Allowed', 403],
    [19_001, 'param invalid: incoming webhook access token invalid', 403],
    [9_499, 'Bad Request', 400],
    [1_500, 'internal error', 500],
  ])('takes %i with 200 for a failure', async (number, msg, code) => {
    api.disturb({ body: { code: number, msg, data: {} } });
    const reason = `the target answered 200: ${number} ${msg}`;
    expect(await deliverOne(system)).toMatchObject({ ok: false, failure: 'response', code, reason });
  });

  it('leaves a bot alone for a minute that is too fast', async () => {
    api.disturb({ body: { code: 11_232, msg: 'frequency limited psm[lark.oapi.app_platform_runtime]' } });
    expect(await deliverOne(system)).toMatchObject({ ok: false, code: 429, retryAfterMs: 60_000 });
  });
});

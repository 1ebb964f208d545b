import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slack, type SlackOptions } from '../../../connectors/sinks/slack.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { type Api, startApi } from './api.ts';
import { type ApiSink, deliverOne, deliveryOf, describeApiSink } from './api-sink.ts';

const path = '/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx';
const token = 'xoxb-1234567890-abcdefghij';

/** Both of Slack's ways: incoming webhooks answer words, the Web API answers 200 with `ok`. */
function startSlack(channels: readonly string[] = ['C1']): Promise<Api> {
  return startApi(({ url, headers, body, method }) => {
    const { text, blocks, channel } = (body ?? {}) as Record<string, unknown>;
    if (method !== 'POST') return { status: 405 };
    const isEmpty = (text === undefined || text === '') && blocks === undefined;
    if (url.pathname === path) {
      if (body === undefined) return { status: 400, body: 'invalid_payload' };
      return isEmpty ? { status: 400, body: 'no_text' } : { body: 'ok' };
    }
    if (url.pathname !== '/api/chat.postMessage') return { status: 404, body: 'no_service' };
    if (headers['authorization'] !== `Bearer ${token}`) return { body: { ok: false, error: 'invalid_auth' } };
    if (!channels.includes(String(channel))) return { body: { ok: false, error: 'channel_not_found' } };
    if (isEmpty) return { body: { ok: false, error: 'no_text' } };
    return { body: { ok: true, channel, ts: '1503435956.000247', message: { text, type: 'message' } } };
  });
}

const idOf = ({ body }: Api['requests'][number]): string => (body as { text: string }).text;

describeApiSink('slack, by webhook', async () => {
  const api = await startSlack();
  return {
    sink: slack as Sink,
    api,
    secrets: { orders: `${api.origin}${path}` },
    options: { secret: 'orders', text: '${id}' },
    taken: () => api.requests.map(idOf),
  };
});

const authorize: NonNullable<ApiSink['context']>['authorize'] = (_name, request) =>
  Promise.resolve({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` }, hidden: [token] });

describeApiSink('slack, as a bot', async () => {
  const api = await startSlack();
  return {
    sink: slack as Sink,
    api,
    secrets: {},
    options: { connection: 'bot', channel: 'C1', url: `${api.origin}/api/chat.postMessage`, text: '${id}' },
    context: { authorize },
    taken: () => api.requests.map(idOf),
  };
});

describe('the sink slack', () => {
  let api: Api;
  let webhook: Omit<ApiSink, 'taken' | 'api'>;
  let bot: typeof webhook;
  beforeEach(async () => {
    api = await startSlack();
    webhook = { sink: slack as Sink, secrets: { orders: `${api.origin}${path}` }, options: { secret: 'orders' } };
    bot = {
      sink: slack as Sink,
      secrets: {},
      options: { connection: 'bot', channel: 'C1', url: `${api.origin}/api/chat.postMessage` },
      context: { authorize },
    };
  });
  afterEach(() => api.close());

  it('writes type, subject and data where no text is given', async () => {
    expect(await deliverOne(webhook, {}, deliveryOf('e1', { subject: 'Zoë' }))).toMatchObject({ ok: true, code: 200 });
    expect(api.requests[0]?.body).toEqual({ text: 'order.created Zoë\n{"id":"e1","total":12.5}' });
  });

  it('fills a text from the event, and lets nothing in it begin a link or a mention', async () => {
    const data = { name: '<!channel> & <https://evil.example|free>' };
    await deliverOne(webhook, { text: '*New*: ${data.name} <https://shop.example|shop>' }, deliveryOf('e1', { data }));
    expect(api.requests[0]?.body).toEqual({
      text: '*New*: &lt;!channel&gt; &amp; &lt;https://evil.example|free&gt; <https://shop.example|shop>',
    });
  });

  it('sends the payload as the message where it is asked to', async () => {
    const data = { blocks: [{ type: 'divider' }] };
    await deliverOne(webhook, { content: 'raw' }, deliveryOf('e1', { data }));
    expect(api.requests[0]?.body).toEqual(data);
    const result = await deliverOne(webhook, { content: 'raw' }, deliveryOf('e1', { data: [1] }));
    expect(result).toMatchObject({ ok: false, failure: 'refused' });
  });

  it('sends to the channel as a bot', async () => {
    expect(await deliverOne(bot, { text: 'Hi' })).toMatchObject({ ok: true });
    expect(api.requests[0]?.body).toEqual({ text: 'Hi', channel: 'C1' });
  });

  it.each([
    ['invalid_auth', 401],
    ['token_expired', 401],
    ['channel_not_found', 404],
    ['is_archived', 410],
    ['not_in_channel', 403],
    ['missing_scope', 403],
    ['msg_too_long', 400],
    ['no_text', 400],
    ['invalid_blocks', 400],
    ['ratelimited', 429],
    ['internal_error', 500],
    ['service_unavailable', 503],
    ['something_new', 500],
  ])('takes %s with 200 for a failure, as %i', async (error, code) => {
    api.disturb({ body: { ok: false, error } });
    const result = await deliverOne(bot);
    expect(result).toMatchObject({ ok: false, failure: 'response', code });
    expect(result).toHaveProperty('reason', `the target answered 200: ${error}`);
  });

  it.each([
    [400, 'invalid_payload'],
    [403, 'action_prohibited'],
    [404, 'no_service'],
    [410, 'channel_is_archived'],
    [500, 'rollup_error'],
  ])('says what a webhook answers: %i %s', async (status, word) => {
    api.disturb({ status, body: word });
    expect(await deliverOne(webhook)).toMatchObject({
      ok: false,
      code: status,
      reason: `the target answered ${status}: ${word}`,
    });
  });

  it('believes a success that repeats more than is read', async () => {
    api.disturb({ body: { ok: true, message: { text: 'x'.repeat(300_000) } } });
    expect(await deliverOne(bot)).toMatchObject({ ok: true });
  });

  it('asks for new credentials once where the old ones are not accepted', async () => {
    const expired: typeof authorize = async (_name, request) => ({
      ...request,
      headers: { ...request.headers, authorization: 'Bearer old' },
      hidden: ['old-token'],
      renew: () => authorize('bot', request),
    });
    expect(await deliverOne({ ...bot, context: { authorize: expired } })).toMatchObject({ ok: true });
    expect(api.requests).toHaveLength(2);
  });

  it('takes a token for a webhook of Slack itself, and no other text', async () => {
    const seen: string[] = [];
    const runtime = {
      now: Date.now,
      random: Math.random,
      pause: () => Promise.resolve(),
      waitUntil: () => undefined,
      fetch: (request: Request) => {
        seen.push(request.url);
        return Promise.resolve(new Response('ok'));
      },
    };
    await deliverOne({ ...webhook, secrets: { orders: 'T1/B1/abc' }, context: { runtime } });
    expect(seen).toEqual(['https://hooks.slack.com/services/T1/B1/abc']);
    const refused = await deliverOne({ ...webhook, secrets: { orders: 'file:///etc/passwd' }, context: { runtime } });
    expect(refused).toMatchObject({ ok: false, reason: 'the secret orders is no address of a webhook' });
  });

  it.each<[string, object, string]>([
    ['both ways at once', { secret: 'a', connection: 'b', channel: 'C' }, '/secret'],
    ['a text beside the payload', { secret: 'a', text: 'x', content: 'raw' }, '/text'],
    ['a text that cannot be read', { secret: 'a', text: '${(}' }, '/text'],
    ['an address with a password', { connection: 'b', channel: 'C', url: 'https://a:b@slack.com/' }, '/url'],
    ['an address without TLS', { connection: 'b', channel: 'C', url: 'http://slack.com/' }, '/url'],
  ])('refuses %s', (_, options, place) => {
    const check = (): void => slack.check?.(options as SlackOptions, { allowPrivateTargets: false });
    expect(check).toThrow(expect.objectContaining({ code: 'target_invalid', place }));
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discord } from '../../../connectors/sinks/discord.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { type Api, startApi } from './api.ts';
import { type ApiSink, deliverOne, deliveryOf, describeApiSink } from './api-sink.ts';

const path = '/api/webhooks/1012345678901234567/aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789';

function startDiscord(): Promise<Api> {
  return startApi(({ url, body }) => {
    if (url.pathname !== path) return { status: 404, body: { message: 'Unknown Webhook', code: 10_015 } };
    const { content, embeds, allowed_mentions: mentions } = (body ?? {}) as Record<string, unknown>;
    const isEmpty = (content === undefined || content === '') && embeds === undefined;
    if (isEmpty) return { status: 400, body: { message: 'Cannot send an empty message', code: 50_006 } };
    if (typeof content === 'string' && content.length > 2_000) {
      return { status: 400, body: { message: 'Invalid Form Body', code: 50_035 } };
    }
    return url.searchParams.get('wait') === 'true' ? { body: { id: '1', content, mentions } } : { status: 204 };
  });
}

describeApiSink('discord', async () => {
  const api = await startDiscord();
  return {
    sink: discord as Sink,
    api,
    secrets: { alerts: `${api.origin}${path}` },
    options: { secret: 'alerts', text: '${id}' },
    taken: () => api.requests.map(({ body }) => (body as { content: string }).content),
  };
});

describe('the sink discord', () => {
  let api: Api;
  let system: Omit<ApiSink, 'taken' | 'api'>;
  beforeEach(async () => {
    api = await startDiscord();
    system = { sink: discord as Sink, secrets: { alerts: `${api.origin}${path}` }, options: { secret: 'alerts' } };
  });
  afterEach(() => api.close());

  it('waits until Discord has the message, and lets nobody be called by it', async () => {
    const data = { name: '@everyone <@1234>' };
    expect(await deliverOne(system, { text: '${data.name}' }, deliveryOf('e1', { data }))).toMatchObject({ ok: true });
    expect(api.requests[0]?.url.search).toBe('?wait=true');
    expect(api.requests[0]?.body).toMatchObject({ allowed_mentions: { parse: [] } });
  });

  it('escapes Markdown in what comes from the event, but not in addresses', async () => {
    const data = { name: 'a_b*c* [x](y)', url: 'https://shop.example/a_b_c' };
    await deliverOne(system, { text: '**New** ${data.name} ${data.url}' }, deliveryOf('e1', { data }));
    expect(api.requests[0]?.body).toMatchObject({
      content: '**New** a\\_b\\*c\\* \\[x\\]\\(y\\) https://shop.example/a_b_c',
    });
  });

  it('cuts a text that is longer than 2,000 characters', async () => {
    const data = { text: '😀'.repeat(2_000) };
    expect(await deliverOne(system, { text: 'x${data.text}' }, deliveryOf('e1', { data }))).toMatchObject({ ok: true });
    const { content = '' } = (api.requests[0]?.body ?? {}) as { content?: string };
    expect(content.length).toBeLessThanOrEqual(2_000);
    expect(content).toMatch(/^x😀+…$/u);
    expect(content.isWellFormed()).toBe(true);
  });

  it('waits as long as the body of 429 says, in seconds with a fraction', async () => {
    const body = { message: 'You are being rate limited.', retry_after: 64.57, global: false };
    api.disturb({ status: 429, headers: { 'retry-after': '65' }, body });
    expect(await deliverOne(system)).toMatchObject({ ok: false, code: 429, retryAfterMs: 64_570 });
  });

  it('sends nothing more to a webhook that was deleted', async () => {
    const gone = { ...system, secrets: { alerts: `${api.origin}/api/webhooks/1/x` } };
    expect(await deliverOne(gone)).toMatchObject({
      ok: false,
      code: 410,
      reason: 'the target answered 404: 10015 Unknown Webhook',
    });
  });

  it('sends the payload as the message, with mentions only where it allows them', async () => {
    const data = { embeds: [{ title: 'x' }] };
    await deliverOne(system, { content: 'raw' }, deliveryOf('e1', { data }));
    expect(api.requests[0]?.body).toEqual({ ...data, allowed_mentions: { parse: [] } });
    const allowed = { ...data, allowed_mentions: { parse: ['users'] } };
    await deliverOne(system, { content: 'raw' }, deliveryOf('e1', { data: allowed }));
    expect(api.requests[1]?.body).toEqual(allowed);
  });

  it('sends no empty message', async () => {
    const result = await deliverOne(system, { text: '${data.missing}' });
    expect(result).toMatchObject({ ok: false, failure: 'refused', reason: 'the text of the message is empty' });
    expect(api.requests).toHaveLength(0);
  });
});

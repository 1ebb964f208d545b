import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { email, type EmailOptions } from '../../../connectors/sinks/email.ts';
import type { Sink } from '../../../mesh/sink.ts';
import { type Api, startApi } from './api.ts';
import { type ApiSink, deliverOne, deliveryOf, describeApiSink } from './api-sink.ts';

const key = 're_123456789_not_a_real_key';

type Body = Readonly<Record<string, unknown>>;

/** The three APIs, as far as their documentation tells what they take and refuse. */
async function startProviders(): Promise<Api> {
  const sent = new Map<string, string>();
  return startApi(({ url, headers, body, bytes }) => {
    const message = (body ?? {}) as Body;
    const isKnown = headers['authorization'] === `Bearer ${key}`;
    if (url.pathname === '/emails') {
      if (!isKnown)
        return { status: 401, body: { statusCode: 401, name: 'missing_api_key', message: 'Missing API key' } };
      const { from, to, subject } = message;
      if (typeof from !== 'string' || !Array.isArray(to) || typeof subject !== 'string') {
        return {
          status: 422,
          body: { statusCode: 422, name: 'missing_required_field', message: 'Missing `to` field.' },
        };
      }
      const id = headers['idempotency-key'];
      if (typeof id === 'string' && sent.has(id)) {
        const isSame = sent.get(id) === bytes.toString();
        return isSame ? { body: { id } } : { status: 409, body: { name: 'invalid_idempotent_request' } };
      }
      if (typeof id === 'string') sent.set(id, bytes.toString());
      return { body: { id: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794' } };
    }
    if (url.pathname === '/v3/mail/send') {
      if (!isKnown) return { status: 401, body: { errors: [{ message: 'authorization required' }] } };
      const { personalizations, content } = message as {
        personalizations?: { to?: { email?: string }[] }[];
        content?: { value: string }[];
      };
      const isComplete = (personalizations?.[0]?.to?.[0]?.email ?? '') !== '' && (content?.[0]?.value ?? '') !== '';
      return isComplete
        ? { status: 202 }
        : { status: 400, body: { errors: [{ message: 'The to array is required' }] } };
    }
    if (url.pathname === '/email') {
      if (headers['x-postmark-server-token'] !== key)
        return { status: 401, body: { ErrorCode: 10, Message: 'Bad token' } };
      if (typeof message['To'] !== 'string')
        return { status: 422, body: { ErrorCode: 300, Message: "Invalid 'To' address" } };
      return { body: { To: message['To'], ErrorCode: 0, Message: 'OK' } };
    }
    return { status: 404 };
  });
}

const places = { resend: '/emails', sendgrid: '/v3/mail/send', postmark: '/email' } as const;

const authorize: NonNullable<ApiSink['context']>['authorize'] = (name, request) => {
  const header = name === 'postmark' ? { 'x-postmark-server-token': key } : { authorization: `Bearer ${key}` };
  return Promise.resolve({ ...request, headers: { ...request.headers, ...header }, hidden: [key] });
};

describe.each(['resend', 'sendgrid', 'postmark'] as const)('%s', (provider) => {
  describeApiSink(`email, by ${provider}`, async () => {
    const api = await startProviders();
    const options = {
      provider,
      connection: 'mail',
      from: 'a@shop.example',
      to: ['b@shop.example'],
      subject: '${id}',
      text: '${id}',
    };
    return {
      sink: email as Sink,
      api,
      secrets: {},
      options: { ...options, url: `${api.origin}${places[provider]}` },
      context: { authorize: (_name, request) => authorize(provider, request) },
      taken: () =>
        api.requests.map(({ body }) => String((body as Body)[provider === 'postmark' ? 'Subject' : 'subject'])),
    };
  });
});

describe('the sink email', () => {
  let api: Api;
  let system: Omit<ApiSink, 'taken' | 'api'>;
  beforeEach(async () => {
    api = await startProviders();
    const options = { connection: 'mail', from: 'Shop <a@shop.example>', to: ['${data.email}'] };
    system = { sink: email as Sink, secrets: {}, options, context: { authorize } };
  });
  afterEach(() => api.close());

  const through = (provider: EmailOptions['provider']): object => ({
    provider,
    url: `${api.origin}${places[provider]}`,
  });
  const order = (data: object) => deliveryOf('e1', { data });
  const whole = {
    cc: ['c@shop.example'],
    replyTo: '${data.reply}',
    subject: 'Order ${data.id}',
    text: 'For ${data.name}',
    html: '<p>For ${data.name}</p>',
  };
  const data = { id: 7, email: 'Zoë Müller <zoe@kunde.example>', reply: 'r@shop.example', name: "<Zoë> & 'Co'" };

  it('is a mail of Resend with an idempotency key', async () => {
    expect(await deliverOne(system, { ...through('resend'), ...whole }, order(data))).toMatchObject({
      ok: true,
      code: 200,
    });
    expect(api.requests[0]?.headers['idempotency-key']).toBe('msg_e1');
    expect(api.requests[0]?.body).toEqual({
      from: '"Shop" <a@shop.example>',
      to: ['"Zoë Müller" <zoe@kunde.example>'],
      cc: ['c@shop.example'],
      reply_to: 'r@shop.example',
      subject: 'Order 7',
      text: "For <Zoë> & 'Co'",
      html: '<p>For &lt;Zoë&gt; &amp; &#39;Co&#39;</p>',
      headers: { 'X-Tulle-Delivery': 'msg_e1' },
    });
  });

  it('is a mail of SendGrid', async () => {
    expect(await deliverOne(system, { ...through('sendgrid'), ...whole }, order(data))).toMatchObject({
      ok: true,
      code: 202,
    });
    expect(api.requests[0]?.body).toMatchObject({
      personalizations: [
        { to: [{ email: 'zoe@kunde.example', name: 'Zoë Müller' }], cc: [{ email: 'c@shop.example' }] },
      ],
      from: { email: 'a@shop.example', name: 'Shop' },
      content: [{ type: 'text/plain' }, { type: 'text/html' }],
    });
  });

  it('is a mail of Postmark, under its own header', async () => {
    const context = {
      authorize: (_name: string, request: Parameters<typeof authorize>[1]) => authorize('postmark', request),
    };
    const result = await deliverOne({ ...system, context }, { ...through('postmark'), ...whole }, order(data));
    expect(result).toMatchObject({ ok: true, code: 200 });
    expect(api.requests[0]?.body).toMatchObject({ To: '"Zoë Müller" <zoe@kunde.example>', Cc: 'c@shop.example' });
  });

  it('sends a repetition once where the provider can tell', async () => {
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      expect(await deliverOne(system, through('resend'), order(data))).toMatchObject({ ok: true });
    }
    expect(api.requests[0]?.bytes.equals(api.requests[1]?.bytes ?? Buffer.of())).toBe(true);
  });

  it.each([
    ['zoe@kunde.example, all@kunde.example'],
    ['zoe@kunde.example\r\nBcc: all@kunde.example'],
    ['<script>'],
    ['"a b"@kunde.example'],
    ['zoe@[10.0.0.1]'],
    [''],
    [{ a: 1 }],
  ])('takes no other than one address from an event: %j', async (address) => {
    const result = await deliverOne(system, through('resend'), order({ email: address }));
    expect(result).toMatchObject({ ok: false, failure: 'refused', reason: 'there is no address where one should be' });
    expect(api.requests).toHaveLength(0);
  });

  it('keeps a subject on one line, and short', async () => {
    const subject = 'a\r\nBcc: x@y.example\u2028';
    await deliverOne(
      system,
      { ...through('resend'), subject: '${data.s}${data.long}' },
      order({ ...data, s: subject, long: 'x'.repeat(500) }),
    );
    const { subject: sent } = (api.requests[0]?.body ?? {}) as { subject?: string };
    expect(sent).toMatch(/^a Bcc: x@y\.example x+…$/);
    expect(sent).toHaveLength(250);
  });

  it.each([
    [422, { statusCode: 422, name: 'validation_error', message: 'Invalid `to` field.' }],
    [429, { statusCode: 429, name: 'rate_limit_exceeded', message: 'Too many requests.' }],
    [409, { statusCode: 409, name: 'concurrent_idempotent_requests', message: 'Same key.' }],
  ])('says what the provider answers: %i', async (status, body) => {
    api.disturb({ status, body });
    const result = await deliverOne(system, through('resend'), order(data));
    expect(result).toMatchObject({ ok: false, code: status, reason: expect.stringContaining(body.message) });
  });

  it.each<[string, object, string]>([
    ['a sender that is no address', { from: 'shop' }, '/from'],
    ['a template that cannot be read', { to: ['${(}'] }, '/to/0'],
    ['an address without TLS', { url: 'http://api.example/' }, '/url'],
  ])('refuses %s', (_, changes, place) => {
    const options = {
      provider: 'resend',
      connection: 'a',
      from: 'a@b.example',
      to: ['c@d.example'],
      ...changes,
    } as EmailOptions;
    expect(() => email.check?.(options, { allowPrivateTargets: false })).toThrow(
      expect.objectContaining({ code: 'target_invalid', place }),
    );
  });
});

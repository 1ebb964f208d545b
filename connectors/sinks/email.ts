import { requireHttps } from '../../mesh/connections/https.ts';
import { checkTargetUrl } from '../../mesh/delivery/guard.ts';
import { type AttemptResult, type Delivery, defineSink, type SinkContext } from '../../mesh/sink.ts';
import {
  type Address,
  compileEmail,
  type EmailMessage,
  emailProperties,
  type EmailTemplates,
  type ReadMessage,
  writeAddress,
} from './email-message.ts';
import { sendRequest, toRefusal } from './request.ts';

export interface EmailOptions extends EmailTemplates {
  readonly provider: 'resend' | 'sendgrid' | 'postmark';
  readonly connection: string;
  readonly url?: string;
  readonly timeoutSeconds?: number;
}

/** A mail for each event, by the HTTP API of a provider; by SMTP there is another sink. */
export const email = defineSink<EmailOptions>({
  kind: 'email',
  description: 'Sends a mail by the API of Resend, SendGrid or Postmark',
  schema: {
    type: 'object',
    required: ['provider', 'connection', 'from', 'to'],
    additionalProperties: false,
    properties: {
      provider: { enum: ['resend', 'sendgrid', 'postmark'], description: 'whose API it is' },
      connection: {
        type: 'string',
        minLength: 1,
        maxLength: 63,
        description: 'bearer with an API key; for postmark apiKey with the header X-Postmark-Server-Token',
      },
      ...emailProperties,
      url: {
        type: 'string',
        minLength: 1,
        maxLength: 2_048,
        description: 'the address of the API, where it is another, such as https://api.eu.sendgrid.com/v3/mail/send',
      },
      timeoutSeconds: {
        type: 'number',
        minimum: 1,
        maximum: 30,
        description: 'how long an attempt may take; by default what the retry preset says',
      },
    },
  },
  example: {
    provider: 'resend',
    connection: 'resend',
    from: 'Shop <orders@shop.example>',
    to: ['${data.customer.email}'],
    subject: 'Your order ${data.id}',
    text: 'It comes on ${data.day}.',
    html: '<p>It comes on <b>${data.day}</b>.</p>',
  },
  guarantees:
    'Resend gets the delivery as its idempotency key, and sends a repetition within 24 hours once; the others send it again. An event without an address where one is asked for becomes a dead letter.',
  check(options, policy) {
    readerOf(options);
    if (options.url !== undefined) requireHttps(checkTargetUrl(options.url, policy, '/url'), policy, '/url');
  },
  batchSize: () => 1,
  async deliver(deliveries, options, context) {
    const results: AttemptResult[] = [];
    for (const delivery of deliveries) results.push(await send(delivery, options, context));
    return results;
  },
});

async function send({ event, id }: Delivery, options: EmailOptions, context: SinkContext): Promise<AttemptResult> {
  const { url, toBody, toHeaders } = providers[options.provider];
  let message: EmailMessage;
  try {
    message = readerOf(options)(event, context.runtime);
  } catch (error) {
    return toRefusal(error, 0);
  }
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'Tulle/0.1',
    ...toHeaders?.(id),
  };
  const { connection, timeoutSeconds } = options;
  const request = { url: options.url ?? url, headers, body: JSON.stringify(toBody(message, id)) };
  return sendRequest(request, { context, connection, timeoutSeconds });
}

interface Provider {
  readonly url: string;
  readonly toBody: (message: EmailMessage, id: string) => object;
  readonly toHeaders?: (id: string) => Readonly<Record<string, string>>;
}

/** All of them say by the status how it went. Who looks at a mail finds the delivery in it. */
const providers: Readonly<Record<EmailOptions['provider'], Provider>> = {
  // https://resend.com/docs/api-reference/emails/send-email, …/dashboard/emails/idempotency-keys
  resend: {
    url: 'https://api.resend.com/emails',
    toHeaders: (id) => ({ 'idempotency-key': id }),
    toBody: ({ from, to, cc, replyTo, subject, text, html }, id) => ({
      from: writeAddress(from),
      to: to.map(writeAddress),
      ...(cc.length === 0 ? {} : { cc: cc.map(writeAddress) }),
      ...(replyTo === undefined ? {} : { reply_to: writeAddress(replyTo) }),
      subject,
      text,
      ...(html === undefined ? {} : { html }),
      headers: { [deliveryHeader]: id },
    }),
  },
  // https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
  sendgrid: {
    url: 'https://api.sendgrid.com/v3/mail/send',
    toBody: ({ from, to, cc, replyTo, subject, text, html }, id) => ({
      personalizations: [{ to: to.map(toEntry), ...(cc.length === 0 ? {} : { cc: cc.map(toEntry) }) }],
      from: toEntry(from),
      ...(replyTo === undefined ? {} : { reply_to: toEntry(replyTo) }),
      subject,
      content: [
        { type: 'text/plain', value: text },
        ...(html === undefined ? [] : [{ type: 'text/html', value: html }]),
      ],
      headers: { [deliveryHeader]: id },
    }),
  },
  // https://postmarkapp.com/developer/api/email-api
  postmark: {
    url: 'https://api.postmarkapp.com/email',
    toBody: ({ from, to, cc, replyTo, subject, text, html }, id) => ({
      From: writeAddress(from),
      To: to.map(writeAddress).join(', '),
      ...(cc.length === 0 ? {} : { Cc: cc.map(writeAddress).join(', ') }),
      ...(replyTo === undefined ? {} : { ReplyTo: writeAddress(replyTo) }),
      Subject: subject,
      TextBody: text,
      ...(html === undefined ? {} : { HtmlBody: html }),
      Headers: [{ Name: deliveryHeader, Value: id }],
    }),
  },
};

const deliveryHeader = 'X-Tulle-Delivery';

function toEntry({ address, name }: Address): object {
  return { email: address, ...(name === undefined ? {} : { name }) };
}

/** A declared cache: the options of a target stay the same object while its snapshot lives. */
const readers = new WeakMap<EmailOptions, ReadMessage>();

function readerOf(options: EmailOptions): ReadMessage {
  let reader = readers.get(options);
  if (reader === undefined) {
    reader = compileEmail(options);
    readers.set(options, reader);
  }
  return reader;
}

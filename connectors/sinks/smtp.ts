import type { Transporter } from 'nodemailer';
import { TulleError } from '../../event/error.ts';
import type { Delivery, Sink } from '../../mesh/sink.ts';
import { connectMs, type Protocols, resolveEndpoint } from '../drivers/endpoint.ts';
import { createDriverSink, type DriverOptions, type Opening, type Outcome } from './driver-sink.ts';
import { type Address, compileEmail, emailProperties, type EmailTemplates, type ReadMessage } from './email-message.ts';

export interface SmtpOptions extends EmailTemplates, DriverOptions {
  /** Whether a connection that begins without TLS has to change to it; default true. */
  readonly startTls?: boolean;
}

interface Session {
  readonly transport: Transporter;
  readonly read: ReadMessage;
  /** What a mail calls its sender's host. */
  readonly domain: string;
}

const protocols: Protocols = {
  'smtp:': { port: 587, isEncrypted: true },
  'smtps:': { port: 465, isEncrypted: true },
};

/** Of mail: a request to another could be read as commands there. */
const ports = new Set(['', '25', '465', '587', '2525']);

/** A mail for each event, through a mail server (RFC 5321): TLS from the start (`smtps:`), or STARTTLS before all else. */
export function createSmtpSink(): Sink<SmtpOptions> {
  return createDriverSink<SmtpOptions, Session>({
    kind: 'smtp',
    description: 'Sends a mail through a mail server, by SMTP',
    protocols: Object.keys(protocols),
    required: ['from', 'to'],
    properties: {
      ...emailProperties,
      startTls: {
        type: 'boolean',
        default: true,
        description: 'whether smtp:// has to change to TLS; without it no password is sent outside of development',
      },
    },
    example: {
      secret: 'mail-server',
      from: 'Shop <orders@shop.example>',
      to: ['${data.customer.email}'],
      subject: 'Your order ${data.id}',
      text: 'It comes on ${data.day}.',
    },
    guarantees:
      '`smtps://` is TLS from the start (port 465 by default), `smtp://` changes to it by STARTTLS (port 587) or sends nothing. Every attempt has the same Message-ID, by which many mail systems tell a repetition. Where a server takes a mail for some receivers only, it was sent to those, and the delivery becomes a dead letter that says so.',
    check: (options) => void compileEmail(options),
    batchSize: () => 1,
    open,
    close: async ({ transport }) => transport.close(),
    async send({ transport, read, domain }, deliveries, { now }) {
      const outcomes: Outcome[] = [];
      for (const delivery of deliveries) outcomes.push(await sendOne(transport, domain, read, delivery, now));
      return outcomes;
    },
  });
}

async function open({ options, url, sockets, policy }: Opening<SmtpOptions>): Promise<Session> {
  const { startTls = true } = options;
  if (!policy.allowPrivateTargets && !ports.has(url.port)) {
    throw new TulleError('target_invalid', `port ${url.port} is none of mail servers`);
  }
  if (!policy.allowPrivateTargets && !startTls && url.protocol === 'smtp:' && url.password !== '') {
    throw new TulleError('target_invalid', 'a password is sent over TLS only', { mend: 'Leave startTls away.' });
  }
  const { host, port, tls, user, password } = await resolveEndpoint(url, protocols, sockets);
  // Loaded by whoever uses it.
  const { createTransport } = await import('nodemailer');
  const read = compileEmail(options);
  const domain = /@([^>]+)/.exec(options.from)?.[1] ?? 'localhost';
  const transport = createTransport({
    pool: true,
    maxConnections: 1,
    host,
    port,
    secure: url.protocol === 'smtps:',
    requireTLS: startTls,
    ignoreTLS: !startTls,
    // The certificate is that of the name.
    tls: { minVersion: 'TLSv1.2', ...(tls?.servername === undefined ? {} : { servername: tls.servername }) },
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    name: domain,
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: 30_000,
    // A text is a text: not a file of ours, nor an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return { transport, read, domain };
}

async function sendOne(
  transport: Transporter,
  domain: string,
  read: ReadMessage,
  { event, id }: Delivery,
  now: () => number,
): Promise<Outcome> {
  let message: ReturnType<ReadMessage>;
  try {
    message = read(event, { now, random: Math.random });
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    return { ok: false, code: 422, reason: error.message };
  }
  const { from, to, cc, replyTo, subject, text, html } = message;
  try {
    const { rejected = [] } = await transport.sendMail({
      from: toMailbox(from),
      to: to.map(toMailbox),
      cc: cc.map(toMailbox),
      ...(replyTo === undefined ? {} : { replyTo: toMailbox(replyTo) }),
      subject,
      text,
      ...(html === undefined ? {} : { html }),
      date: new Date(now()),
      textEncoding: 'quoted-printable',
      messageId: `<${id}@${domain}>`,
      headers: { 'X-Tulle-Delivery': id },
    });
    if (rejected.length === 0) return { ok: true };
    const reason = `the mail was sent, but not to ${rejected.length} of ${to.length + cc.length} receivers`;
    return { ok: false, code: 422, reason };
  } catch (error) {
    const code = codeOf(error);
    // Nothing is known of it: the connection is given up.
    if (code === undefined || !(error instanceof Error)) throw error;
    return { ok: false, code, reason: error.message };
  }
}

function toMailbox({ address, name = '' }: Address): { readonly address: string; readonly name: string } {
  return { address, name };
}

/**
 * What the server's reply means in the words of HTTP (RFC 5321, 4.2.1): 5yz is not to be tried again as it is, 4yz later.
 * Credentials that are refused are for somebody to mend. Undefined where there was no reply.
 */
function codeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const reply: unknown = Reflect.get(error, 'responseCode');
  const kind: unknown = Reflect.get(error, 'code');
  if (kind === 'EAUTH' || kind === 'ENOAUTH' || reply === 530 || reply === 535) return 401;
  if (kind === 'ETLS' || typeof reply !== 'number') return undefined;
  if (reply === 421) return undefined;
  return reply >= 500 ? 422 : 503;
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { SMTPServer } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSockets } from '../../../adapters/node/sockets.ts';
import { createSmtpSink, type SmtpOptions } from '../../../connectors/sinks/smtp.ts';
import type { AttemptResult, Delivery, Sink, SinkContext } from '../../../mesh/sink.ts';
import { describeSink, type Item } from '../../conformance/sink.ts';
import { deliveryOf, secretsOf } from './api-sink.ts';
import { nodeContext } from './context.ts';

const password = 'not-a-real-password';
let key = '';
let cert = '';
const authorities = getCACertificates('default');

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-smtp-'));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=mail.example', '-addext', 'subjectAltName=DNS:mail.example,IP:127.0.0.1'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', [...made, ...subject], { stdio: 'ignore' });
  [key, cert] = [readFileSync(keyFile, 'utf8'), readFileSync(certFile, 'utf8')];
  rmSync(folder, { recursive: true });
  setDefaultCACertificates([...authorities, cert]);
});
afterAll(() => setDefaultCACertificates(authorities));

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly raw: string;
}

interface MailServer {
  readonly port: number;
  readonly mails: Mail[];
  close(): Promise<void>;
}

/** A mail server as it is run for tests everywhere; what it refuses is told by the local part of the receiver. */
async function startMailServer(options: { secure?: boolean; withoutTls?: boolean } = {}): Promise<MailServer> {
  const { secure = false, withoutTls = false } = options;
  const mails: Mail[] = [];
  const server = new SMTPServer({
    secure,
    key,
    cert,
    size: 10_000_000,
    authOptional: withoutTls,
    ...(withoutTls ? { disabledCommands: ['STARTTLS', 'AUTH'] } : {}),
    onAuth({ username, password: given }, _session, callback) {
      if (username === 'tulle' && given === password) callback(null, { user: username });
      else callback(new Error('Invalid username or password'));
    },
    onRcptTo({ address }, _session, callback) {
      const [, code] = /^refused-(\d{3})/.exec(address) ?? [];
      if (code === undefined) callback();
      else
        callback(
          Object.assign(new Error(`${code === '450' ? 'busy' : 'no such'} mailbox`), { responseCode: Number(code) }),
        );
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          user: typeof session.user === 'string' ? session.user : undefined,
          raw: Buffer.concat(chunks).toString('latin1'),
        });
        callback();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The text of a mail of one part. */
function textOf({ raw }: Mail): string {
  const at = raw.indexOf('\r\n\r\n');
  const [head, body] = [raw.slice(0, at), raw.slice(at + 4)];
  if (/^content-transfer-encoding: base64/im.test(head)) return Buffer.from(body, 'base64').toString();
  if (!/^content-transfer-encoding: quoted-printable/im.test(head))
    return Buffer.from(body, 'latin1').toString().trimEnd();
  const bytes = body
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString().trimEnd();
}

for (const protocol of ['smtp', 'smtps'] as const) {
  describeSink(protocol, async () => {
    const server = await startMailServer({ secure: protocol === 'smtps' });
    return {
      sink: createSmtpSink() as Sink,
      port: server.port,
      optionsFor: () => ({ secret: 'mail', from: 'a@shop.example', to: ['b@shop.example'], text: '${data}' }),
      secretsFor: (port) => ({ mail: `${protocol}://tulle:${password}@127.0.0.1:${port}` }),
      wrongSecretsFor: (port, wrong) => ({ mail: `${protocol}://tulle:${wrong}@127.0.0.1:${port}` }),
      idempotent: false,
      arrived: async () => server.mails.map((mail) => JSON.parse(textOf(mail)) as Item),
      close: () => server.close(),
    };
  });
}

describe('the sink smtp', () => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  async function start(options: Parameters<typeof startMailServer>[0] = {}) {
    const server = await startMailServer(options);
    const sink = createSmtpSink();
    ends.push(
      async () => sink.close?.(),
      () => server.close(),
    );
    const address = `smtp${options.secure === true ? 's' : ''}://tulle:${password}@127.0.0.1:${server.port}`;
    const base = { secret: 'mail', from: 'Shop <a@shop.example>', to: ['b@shop.example'], timeoutSeconds: 5 };
    const send = async (
      changes: Partial<SmtpOptions> = {},
      delivery: Delivery = deliveryOf(),
      context: Partial<SinkContext> = {},
    ): Promise<AttemptResult> => {
      const sockets = createSockets({ allowPrivateTargets: true });
      const whole = nodeContext({ secrets: secretsOf({ mail: address }), sockets, ...context });
      const [result] = await sink.deliver([delivery], { ...base, ...changes }, whole);
      if (result === undefined) throw new Error('no result');
      return result;
    };
    return { ...server, send };
  }

  it.each([false, true])('sends over TLS, with its password (from the start: %s)', async (secure) => {
    const { send, mails } = await start({ secure });
    expect(await send({ subject: 'Order ${data.id} – paid' })).toMatchObject({ ok: true });
    expect(mails).toMatchObject([{ from: 'a@shop.example', to: ['b@shop.example'], secure: true, user: 'tulle' }]);
    expect(mails[0]?.raw).toMatch(/^Message-ID: <msg_e1@shop\.example>\r$/m);
    expect(mails[0]?.raw).toMatch(/^X-Tulle-Delivery: msg_e1\r$/m);
    expect(mails[0]?.raw).toMatch(/^From: Shop <a@shop\.example>\r$/m);
  });

  it('sends nothing, and no password, where the server has no TLS', async () => {
    const { send, mails } = await start({ withoutTls: true });
    expect(await send()).toMatchObject({ ok: false, failure: 'network' });
    expect(mails).toEqual([]);
  });

  it('trusts no certificate of somebody else', async () => {
    const { send, mails } = await start();
    const secret = { secrets: secretsOf({ mail: `smtp://tulle:${password}@mail.invalid:587` }) };
    const sockets = { create: () => undefined, resolve: () => Promise.resolve('127.0.0.1') };
    expect(await send({}, deliveryOf(), { ...secret, sockets })).toMatchObject({ ok: false, failure: 'network' });
    setDefaultCACertificates(authorities);
    expect(await send()).toMatchObject({ ok: false, failure: 'network', reason: expect.stringMatching(/certificate/) });
    setDefaultCACertificates([...authorities, cert]);
    expect(mails).toEqual([]);
  });

  it('says that it is not let in, for somebody to mend', async () => {
    const { send, port } = await start();
    const secrets = secretsOf({ mail: `smtp://tulle:wrong-hunter2-wrong@127.0.0.1:${port}` });
    const result = await send({}, deliveryOf(), { secrets });
    expect(result).toMatchObject({ ok: false, failure: 'response', code: 401, reason: expect.stringContaining('535') });
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  it.each([
    ['refused-550@x.example', 422],
    ['refused-450@x.example', 503],
  ])('takes %s as the server means it', async (receiver, code) => {
    const { send, mails } = await start();
    expect(await send({ to: [receiver] })).toMatchObject({ ok: false, failure: 'response', code });
    expect(mails).toEqual([]);
    expect(await send()).toMatchObject({ ok: true });
  });

  it('says when a mail went to some of its receivers only', async () => {
    const { send, mails } = await start();
    const result = await send({ to: ['b@shop.example', 'refused-550@x.example'] });
    expect(result).toMatchObject({ ok: false, code: 422, reason: 'the mail was sent, but not to 1 of 2 receivers' });
    expect(mails[0]?.to).toEqual(['b@shop.example']);
  });

  it('lets nothing of an event begin a header, a receiver or a command', async () => {
    const { send, mails } = await start();
    const data = {
      s: 'x\r\nBcc: evil@x.example',
      text: 'one\r\n.\r\nMAIL FROM:<evil@x.example>\r\n',
      to: 'a@b.example>\r\nRCPT TO:<c@d.example',
    };
    expect(await send({ subject: '${data.s}', text: '${data.text}' }, deliveryOf('e1', { data }))).toMatchObject({
      ok: true,
    });
    expect(mails).toHaveLength(1);
    expect(mails[0]?.to).toEqual(['b@shop.example']);
    expect(mails[0]?.raw).not.toMatch(/^Bcc:/m);
    expect(textOf(mails[0] as Mail)).toBe('one\r\n.\r\nMAIL FROM:<evil@x.example>');
    const refused = await send({ to: ['${data.to}'] }, deliveryOf('e1', { data }));
    expect(refused).toMatchObject({ ok: false, code: 422, reason: 'there is no address where one should be' });
  });

  it('sends HTML beside the text', async () => {
    const { send, mails } = await start();
    await send({ html: '<b>${data.id}</b>', text: 'plain ${data.id}' });
    expect(mails[0]?.raw).toMatch(/multipart\/alternative/);
    expect(mails[0]?.raw).toContain('<b>e1</b>');
    expect(mails[0]?.raw).toContain('plain e1');
  });

  it.each<[string, string, Partial<SmtpOptions>]>([
    ['a port of another service', `smtp://tulle:${password}@127.0.0.1:6379`, {}],
    ['a private address', `smtp://tulle:${password}@127.0.0.1:587`, {}],
    ['a password without TLS', `smtp://tulle:${password}@127.0.0.1:587`, { startTls: false }],
    ['an address of another kind', `https://tulle:${password}@mail.example`, {}],
  ])('dials not for %s', async (_, mail, changes) => {
    const { send } = await start();
    const result = await send(changes, deliveryOf(), {
      policy: { allowPrivateTargets: false },
      sockets: createSockets({ allowPrivateTargets: false }),
      secrets: secretsOf({ mail }),
    });
    expect(result).toMatchObject({ ok: false });
    expect(JSON.stringify(result)).not.toContain(password);
  });
});

import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSender, masterKey, seal, toSettings } from './context.ts';
import { startRealServer } from './servers.ts';

const marker = 'Marker-0123456789/+=&';

describe('a request through a connection', () => {
  it.each([true, false])('carries a bearer token (by the short way: %s)', async (short) => {
    const target = await startRealServer();
    const { send } = createSender({ short });
    const headers = { Authorization: 'Basic of-the-target', 'x-own': 'stays' };
    const results = await send(await toSettings({ kind: 'bearer' }, marker), { url: target.url, headers });
    expect(results).toMatchObject([{ ok: true, code: 204 }]);
    expect(target.calls[0]?.headers).toMatchObject({
      authorization: `Bearer ${marker}`,
      'x-own': 'stays',
      'ce-id': 'e1',
    });
  });

  it('carries a user and a password, as UTF-8', async () => {
    const target = await startRealServer();
    const connection = await toSettings({ kind: 'basic', username: 'tülle' }, 'pä:ss🔑');
    await createSender().send(connection, { url: target.url });
    const [, pair = ''] = target.calls[0]?.headers.authorization?.split(' ') ?? [];
    expect(Buffer.from(pair, 'base64').toString()).toBe('tülle:pä:ss🔑');
  });

  it('carries an API key in a header', async () => {
    const target = await startRealServer();
    await createSender().send(await toSettings({ kind: 'apiKey', header: 'X-Api-Key' }, marker), { url: target.url });
    expect(target.calls[0]?.headers['x-api-key']).toBe(marker);
  });

  it.each([
    ['/hook', `/hook?key=${encodeURIComponent(marker)}`],
    ['/hook?a=%20b&c', `/hook?a=%20b&c&key=${encodeURIComponent(marker)}`],
    ['/hook?a=1#part', `/hook?a=1&key=${encodeURIComponent(marker)}`],
  ])('carries an API key in the query of %s, and leaves the rest as it is', async (path, expected) => {
    const target = await startRealServer();
    const connection = await toSettings({ kind: 'apiKey', query: 'key' }, marker);
    await createSender().send(connection, { url: target.url + path });
    expect(target.calls[0]?.path).toBe(expected);
  });

  it('carries a signature over what is sent, of both secrets until the former one ends', async () => {
    const target = await startRealServer();
    const sender = createSender();
    const connection = await toSettings(
      {
        kind: 'hmac',
        algorithm: 'sha256',
        header: 'X-Signature',
        content: '{timestamp}.{body}',
        format: 't={timestamp},v1={signature}',
        encoding: 'hex',
        secretEncoding: 'text',
        timestamp: 'seconds',
        separator: ' ',
      },
      'new-secret',
      { former: { sealed: await seal('old-secret'), until: sender.clock.now + 1_000 } },
    );
    await sender.send(connection, { url: target.url, content: 'structured' });
    sender.clock.now += 1_000;
    await sender.send(connection, { url: target.url });
    const expected = (secret: string, index: number): string => {
      const time = 1_700_000_000 + index;
      const content = `${time}.${target.calls[index]?.body}`;
      return `t=${time},v1=${createHmac('sha256', secret).update(content).digest('hex')}`;
    };
    expect(target.calls[0]?.headers['x-signature']).toBe(`${expected('new-secret', 0)} ${expected('old-secret', 0)}`);
    expect(target.calls[1]?.headers['x-signature']).toBe(expected('new-secret', 1));
  });

  it('goes through the certificate that the platform holds', async () => {
    const target = await startRealServer();
    const asked: string[] = [];
    const certificate = (binding: string) => ({
      fetch(request: Request) {
        asked.push(`${binding} ${request.headers.get('ce-id')}`);
        return fetch(request);
      },
    });
    const connection = await toSettings({ kind: 'mtls', binding: 'MTLS_CRM' });
    const results = await createSender({ support: { certificate } }).send(connection, { url: target.url });
    expect([results[0]?.ok, asked]).toEqual([true, ['MTLS_CRM e1']]);
    const missing = await createSender().send(connection, { url: target.url });
    expect(missing).toMatchObject([{ failure: 'network', reason: expect.stringContaining('MTLS_CRM') }]);
  });

  it('is signed as Standard Webhooks says as well', async () => {
    const target = await startRealServer();
    const results = await createSender().send(await toSettings({ kind: 'bearer' }, marker), {
      url: target.url,
      signing: { secret: 'missing' },
    });
    expect(results).toMatchObject([{ failure: 'refused', reason: 'There is no secret named missing' }]);
    expect(target.calls).toEqual([]);
  });

  it('is not made where the host is not one of the connection', async () => {
    const target = await startRealServer();
    const sender = createSender();
    const send = async (hosts: string[]) => {
      const connection = await toSettings({ kind: 'bearer' }, marker, { hosts });
      return (await sender.send(connection, { url: target.url }))[0];
    };
    for (const hosts of [['crm.example.com'], ['*.0.0.1'], []]) {
      const result = await send(hosts);
      const isSuffix = hosts[0] === '*.0.0.1';
      expect(result?.ok).toBe(isSuffix);
      if (!isSuffix) expect(result).toMatchObject({ failure: 'refused', reason: expect.stringContaining('host') });
    }
    expect(await send(['crm.example.com', '127.0.0.1'])).toMatchObject({ ok: true });
  });

  it('is not made over plain http where private targets are not allowed', async () => {
    const { send } = createSender({ policy: { allowPrivateTargets: false } });
    const results = await send(await toSettings({ kind: 'bearer' }, marker), { url: 'http://crm.example.com/' });
    expect(results).toMatchObject([{ failure: 'refused', reason: 'Credentials are sent over https only' }]);
  });

  it.each<[string, Parameters<typeof createSender>[0], string]>([
    ['another master key', { masterKeys: { current: btoa('b'.repeat(32)) } }, 'a master key that is not here'],
    ['no master key', { masterKeys: {} }, 'no master key'],
    ['a master key that is none', { masterKeys: { current: 'nonsense' } }, 'not the base64 of 32 bytes'],
  ])('is tried again later with %s', async (_name, settings, reason) => {
    const target = await startRealServer();
    const results = await createSender(settings).send(await toSettings({ kind: 'bearer' }, marker), {
      url: target.url,
    });
    expect(results).toMatchObject([{ failure: 'network', reason: expect.stringContaining(reason) }]);
    expect(target.calls).toEqual([]);
  });

  it('is made with a former master key', async () => {
    const target = await startRealServer();
    const masterKeys = { current: btoa('b'.repeat(32)), previous: masterKey };
    await createSender({ masterKeys }).send(await toSettings({ kind: 'bearer' }, marker), { url: target.url });
    expect(target.calls[0]?.headers.authorization).toBe(`Bearer ${marker}`);
  });

  it('is not made with a ciphertext that another tenant or name was given', async () => {
    const target = await startRealServer();
    const connection = { ...(await toSettings({ kind: 'bearer' }, marker)), name: 'billing' };
    const results = await createSender().send(connection, { url: target.url, connection: 'billing' });
    expect(results).toMatchObject([{ failure: 'network', reason: expect.stringContaining('cannot be decrypted') }]);
    expect(target.calls).toEqual([]);
  });

  it('is not made through a connection that is not there', async () => {
    const results = await createSender().send(await toSettings({ kind: 'bearer' }, marker), {
      url: 'https://crm.example.com/',
      connection: 'gone',
    });
    expect(results).toMatchObject([{ failure: 'network', reason: 'there is no connection gone now' }]);
  });

  it.each([
    ['a token', { kind: 'bearer' } as const, marker],
    ['a short token', { kind: 'bearer' } as const, 'k7'],
    ['a password', { kind: 'basic', username: 'u' } as const, marker],
    ['a password with quotes', { kind: 'basic', username: 'u' } as const, 'say "Marker" \\ 1'],
    ['a key in the query', { kind: 'apiKey', query: 'key' } as const, marker],
  ])('leaves no trace of %s in the reason, whatever the target echoes', async (_name, scheme, secret) => {
    const target = await startRealServer((call, response) => {
      response
        .writeHead(422)
        .end(`You sent ${call.path} ${JSON.stringify({ ...call.headers, secret })} ${secret} ${btoa(secret)}`);
    });
    const results = await createSender().send(await toSettings(scheme, secret), { url: target.url });
    expect(results).toMatchObject([{ ok: false, code: 422 }]);
    const text = JSON.stringify(results);
    expect(text).not.toContain('Marker');
    for (const form of [secret, encodeURIComponent(secret), btoa(secret), btoa(`u:${secret}`)]) {
      expect(text).not.toContain(form);
    }
  });
});

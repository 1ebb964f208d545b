import { describe, expect, it } from 'vitest';
import { freePort } from '../../cli/tulle.ts';
import { createSender, toClient, toSettings } from './context.ts';
import { answerJson, startRealServer, startTokenServer } from './servers.ts';

const secret = 'Client-Secret/+=: ü';

describe('OAuth 2.0 client credentials', () => {
  it('ask for a token as RFC 6749 says, with the client in a header', async () => {
    const [target, tokens] = [await startRealServer(), await startTokenServer()];
    const client = toClient(`${tokens.url}/oauth/token`, {
      clientId: 'a client:1',
      scopes: ['read', 'write'],
      audience: 'https://crm.example.com',
      parameters: { resource: 'a b&c' },
    });
    const results = await createSender().send(await toSettings(client, secret), { url: target.url });
    expect(results).toMatchObject([{ ok: true }]);
    expect(target.calls[0]?.headers.authorization).toBe('Bearer token-1');
    const { path, headers, body = '' } = tokens.calls[0] ?? {};
    expect(path).toBe('/oauth/token');
    expect(headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' });
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'read write',
      audience: 'https://crm.example.com',
      resource: 'a b&c',
    });
    const [, pair = ''] = headers?.authorization?.split(' ') ?? [];
    const decode = (text = ''): string => decodeURIComponent(text.replaceAll('+', ' '));
    expect(atob(pair).split(':').map(decode)).toEqual(['a client:1', secret]);
  });

  it('may have the client among the parameters', async () => {
    const [target, tokens] = [await startRealServer(), await startTokenServer()];
    const client = toClient(tokens.url, { clientAuth: 'body' });
    await createSender().send(await toSettings(client, secret), { url: target.url });
    expect(tokens.calls[0]?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(tokens.calls[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'tulle',
      client_secret: secret,
    });
  });

  it('ask once for 50 deliveries at the same time', async () => {
    const target = await startRealServer();
    const tokens = await startRealServer((_call, response) => {
      setTimeout(() => answerJson(response, { access_token: `token-${tokens.calls.length}`, expires_in: 60 }), 60);
    });
    const results = await createSender().send(await toSettings(toClient(tokens.url), secret), { url: target.url }, 50);
    expect(results.filter(({ ok }) => ok)).toHaveLength(50);
    expect(tokens.calls).toHaveLength(1);
    expect(new Set(target.calls.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer token-1']));
  });

  it.each([
    ['a minute before it expires', { expires_in: 3_600 }, 3_540],
    ['a tenth before, where it is short', { expires_in: 100 }, 90],
    ['as well when the time is a text', { expires_in: '3600' }, 3_540],
    ['after some minutes where the server says nothing', {}, 270],
    ['after a day at most', { expires_in: 1e9 }, 86_340],
    ['after a second at least', { expires_in: -5 }, 1],
  ])('keep a token until %s', async (_name, life, seconds) => {
    const [target, tokens] = [await startRealServer(), await startTokenServer(life)];
    const sender = createSender();
    const connection = await toSettings(toClient(tokens.url), secret);
    await sender.send(connection, { url: target.url });
    sender.clock.now += seconds * 1_000 - 1;
    await sender.send(connection, { url: target.url });
    expect(tokens.calls).toHaveLength(1);
    sender.clock.now += 1;
    await sender.send(connection, { url: target.url });
    expect(tokens.calls).toHaveLength(2);
    expect(target.calls.at(-1)?.headers.authorization).toBe('Bearer token-2');
  });

  it('are asked again for another version of the connection', async () => {
    const [target, tokens] = [await startRealServer(), await startTokenServer()];
    const sender = createSender();
    const connection = await toSettings(toClient(tokens.url), secret);
    await sender.send(connection, { url: target.url });
    await sender.send({ ...connection, version: 2 }, { url: target.url });
    expect(tokens.calls).toHaveLength(2);
  });

  it.each([401, 407])(
    'are renewed once after %d, and the request is sent again in the same attempt',
    async (status) => {
      const tokens = await startTokenServer();
      const target = await startRealServer(({ headers }, response) => {
        response.writeHead(headers.authorization === 'Bearer token-1' ? status : 204).end();
      });
      const sender = createSender();
      const connection = await toSettings(toClient(tokens.url), secret);
      expect(await sender.send(connection, { url: target.url })).toMatchObject([{ ok: true, code: 204 }]);
      expect([target.calls.length, tokens.calls.length]).toEqual([2, 2]);
      expect(target.calls[0]?.body).toBe(target.calls[1]?.body);
      // The new one is kept.
      await sender.send(connection, { url: target.url });
      expect([target.calls.length, tokens.calls.length]).toEqual([3, 2]);
    },
  );

  it('are renewed once for 50 deliveries that were refused together', async () => {
    const tokens = await startTokenServer();
    const target = await startRealServer(({ headers }, response) => {
      response.writeHead(headers.authorization === 'Bearer token-1' ? 401 : 204).end();
    });
    const sender = createSender();
    const results = await sender.send(await toSettings(toClient(tokens.url), secret), { url: target.url }, 50);
    expect(results.filter(({ ok }) => ok)).toHaveLength(50);
    expect(tokens.calls).toHaveLength(2);
  });

  it('are not renewed a second time: the answer is the target’s', async () => {
    // A server that gives the same token again and again.
    const tokens = await startTokenServer({ access_token: 'token-same', expires_in: 60 });
    const target = await startRealServer((_call, response) => response.writeHead(401).end('no'));
    const results = await createSender().send(await toSettings(toClient(tokens.url), secret), { url: target.url });
    expect(results).toMatchObject([{ failure: 'response', code: 401 }]);
    expect([target.calls.length, tokens.calls.length]).toEqual([2, 2]);
  });

  it('of another kind have nothing to renew', async () => {
    const target = await startRealServer((_call, response) => response.writeHead(401).end('no'));
    const results = await createSender().send(await toSettings({ kind: 'bearer' }, 'token'), { url: target.url });
    expect([results[0]?.ok, target.calls.length]).toEqual([false, 1]);
  });

  it.each<[string, number, unknown, string]>([
    ['refuses the client', 401, { error: 'invalid_client' }, 'answered 401 (invalid_client)'],
    ['repeats what was sent', 400, { error: secret, error_description: secret }, 'answered 400'],
    ['is redirected', 302, {}, 'answered 302'],
    ['fails', 500, 'sorry', 'answered 500'],
    ['answers no token', 200, {}, 'answered without a usable token'],
    ['answers an empty token', 200, { access_token: '' }, 'answered without a usable token'],
    ['answers a token with a line break', 200, { access_token: 'a\r\nx: y' }, 'answered without a usable token'],
    ['answers another type', 200, { access_token: 'a', token_type: 'mac' }, 'answered a token of another type'],
    ['answers no JSON', 200, undefined, 'answered without a usable token'],
    ['answers more than anyone reads', 200, { access_token: 'a', more: 'x'.repeat(70_000) }, 'without a usable token'],
  ])('make a delivery wait where the endpoint %s, and say so without secrets', async (_name, status, answer, said) => {
    const target = await startRealServer();
    const tokens = await startRealServer((_call, response) => answerJson(response, answer, status));
    const results = await createSender().send(await toSettings(toClient(tokens.url), secret), { url: target.url }, 5);
    for (const result of results) {
      const reason = expect.stringContaining(said) as string;
      expect(result).toMatchObject({ ok: false, failure: 'network', reason });
      expect(JSON.stringify(result)).toMatch(/the connection crm: the token endpoint/);
    }
    expect(JSON.stringify(results)).not.toContain(secret);
    // A failure is everybody's for a moment.
    expect([target.calls.length, tokens.calls.length]).toEqual([0, 1]);
  });

  it('recover after a failure', async () => {
    const [target, tokens] = [await startRealServer(), await startTokenServer()];
    const { answer } = tokens;
    tokens.answer = (_call, response) => answerJson(response, {}, 503);
    const sender = createSender();
    const connection = await toSettings(toClient(tokens.url), secret);
    expect(await sender.send(connection, { url: target.url })).toMatchObject([{ ok: false }]);
    tokens.answer = answer;
    sender.clock.now += 1_000;
    expect(await sender.send(connection, { url: target.url })).toMatchObject([{ ok: true }]);
  });

  it('fail where nobody listens, where the address is private, and over plain http', async () => {
    const target = await startRealServer();
    const closed = await toSettings(toClient(`http://127.0.0.1:${await freePort()}/`), secret);
    const [unreachable] = await createSender().send(closed, { url: target.url });
    expect(unreachable).toMatchObject({ failure: 'network', reason: expect.stringContaining('could not be reached') });
    for (const tokenUrl of ['https://169.254.169.254/token', 'http://login.example.com/token']) {
      const { send } = createSender({ policy: { allowPrivateTargets: false } });
      const [result] = await send(await toSettings(toClient(tokenUrl), secret), { url: 'https://crm.example.com/' });
      expect(result).toMatchObject({ ok: false, failure: 'refused' });
    }
  });

  it('keep the token and the secret out of the reason, whatever the target echoes', async () => {
    const tokens = await startTokenServer();
    const target = await startRealServer(({ headers }, response) => {
      response.writeHead(401).end(`${headers.authorization} ${secret}`);
    });
    const results = await createSender().send(await toSettings(toClient(tokens.url), secret), { url: target.url });
    expect(JSON.stringify(results)).not.toMatch(/token-\d|Client-Secret/);
  });
});

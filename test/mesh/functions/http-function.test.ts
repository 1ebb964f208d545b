import { gzipSync } from 'node:zlib';
import { type CloudEvent, HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCredentials } from '../../../mesh/connections/credentials.ts';
import { createVault } from '../../../mesh/connections/vault.ts';
import { createFunctions } from '../../../mesh/functions/functions.ts';
import type { FunctionPlace } from '../../../mesh/functions/settings.ts';
import { failureOf, toEvent } from '../../functions/compute/host.ts';
import { type FunctionServer, startFunctionServer } from './http-server.ts';

let server: FunctionServer;
beforeAll(async () => {
  server = await startFunctionServer();
});
afterAll(() => server.close());

const signingKey = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;

/** Calls a function at `place` with the real network. */
async function call(event: unknown = {}, place: FunctionPlace = { http: server.url }, timeoutSeconds = 5) {
  const policy = { allowPrivateTargets: true };
  const runtime = {
    now: () => Date.now(),
    random: () => 0.5,
    pause: () => new Promise<void>((resolve) => void setTimeout(resolve, 0)),
    fetch: (request: Request) => fetch(request),
    waitUntil: () => undefined,
  };
  const functions = createFunctions({
    support: {},
    publish: () => Promise.reject(new Error('nothing is emitted here')),
    credentials: createCredentials({
      vault: createVault({}),
      secrets: { get: async (name: string) => (name === 'signs' ? signingKey : undefined) },
      policy,
      runtime,
    }),
    policy,
    runtime,
  });
  const settings = { name: 'far', runs: place, timeoutSeconds, secrets: [] };
  const scope = { tenant: 'default', bus: 'default', functions: [settings] };
  const events = await functions.call(scope, 'far', toEvent(event), { now: 0, random: () => 0.5, hops: 0 });
  return events.map(({ json }) => JSON.parse(json) as Record<string, unknown>);
}

const reply = { 'ce-specversion': '1.0', 'ce-id': 'r1', 'ce-source': '/fn', 'ce-type': 'car.seen' };
const structured = 'application/cloudevents+json';

describe('a function behind HTTP', () => {
  it('gets the event in binary mode and is told that an answer is wanted', async () => {
    server.answer = (_call, response) => response.writeHead(204).end();
    await call({ data: { speed: 50 }, subject: 'car 7', region: 'eu' });
    const seen = server.calls.at(-1);
    expect(seen).toMatchObject({
      method: 'POST',
      body: '{"speed":50}',
      headers: { 'ce-id': 'e1', 'ce-type': 'car.moved', 'ce-subject': 'car%207', 'ce-region': 'eu', prefer: 'reply' },
    });
    await call();
    // An event without data is a request without a body, and so without a media type.
    expect(server.calls.at(-1)).toMatchObject({ body: '' });
    expect(server.calls.at(-1)?.headers).not.toHaveProperty('content-type');
    expect(HTTP.toEvent({ headers: seen?.headers ?? {}, body: seen?.body })).toMatchObject({
      id: 'e1',
      data: { speed: 50 },
    });
  });

  it('gets it in structured mode where that is asked for', async () => {
    server.answer = (_call, response) => response.writeHead(204).end();
    await call({ data: { speed: 50 } }, { http: server.url, content: 'structured' });
    const seen = server.calls.at(-1);
    expect(seen?.headers['content-type']).toContain(structured);
    expect(JSON.parse(seen?.body ?? '')).toEqual(JSON.parse(toEvent({ data: { speed: 50 } }).json));
  });

  it('may answer in binary mode, also without data', async () => {
    server.answer = (_call, response) =>
      response.writeHead(200, { ...reply, 'content-type': 'application/json' }).end('{"slow":true}');
    expect(await call()).toEqual([
      {
        specversion: '1.0',
        id: 'r1',
        source: '/fn',
        type: 'car.seen',
        datacontenttype: 'application/json',
        data: { slow: true },
      },
    ]);
    server.answer = (_call, response) => response.writeHead(200, reply).end();
    expect(await call()).toEqual([{ specversion: '1.0', id: 'r1', source: '/fn', type: 'car.seen' }]);
  });

  it('may answer in structured and in batched mode, compressed or not', async () => {
    const event = { specversion: '1.0', id: 'r1', source: '/fn', type: 't' };
    server.answer = (_call, response) =>
      response.writeHead(201, { 'content-type': `${structured}; charset=utf-8` }).end(JSON.stringify(event));
    expect(await call()).toEqual([event]);
    server.answer = (_call, response) =>
      response
        .writeHead(200, { 'content-type': 'application/cloudevents-batch+json', 'content-encoding': 'gzip' })
        .end(gzipSync(JSON.stringify([event, { ...event, id: 'r2' }])));
    expect(await call()).toEqual([event, { ...event, id: 'r2' }]);
    server.answer = (_call, response) =>
      response.writeHead(200, { 'content-type': 'application/cloudevents-batch+json' }).end('[]');
    expect(await call()).toEqual([]);
  });

  it('may be written with the cloudevents package, as functions for Knative are', async () => {
    server.answer = ({ headers, body }, response) => {
      const input = HTTP.toEvent({ headers, body }) as CloudEvent<{ speed: number }>;
      const answer = input.cloneWith({ type: 'car.seen', data: { mph: (input.data?.speed ?? 0) / 1.609344 } });
      const message = HTTP.binary(answer);
      response.writeHead(200, message.headers as Record<string, string>).end(message.body);
    };
    const [answer] = await call({ data: { speed: 160.9344 } });
    expect(answer).toMatchObject({ id: 'e1', type: 'car.seen', source: '/cars', data: { mph: 100 } });
  });

  it.each([200, 202, 204])('drops the event with an empty %i', async (status) => {
    server.answer = (_call, response) => response.writeHead(status).end();
    expect(await call()).toEqual([]);
  });

  it('drops the event with a 202 whatever is in it', async () => {
    server.answer = (_call, response) => response.writeHead(202, reply).end('accepted');
    expect(await call()).toEqual([]);
  });

  it.each([400, 401, 403, 404, 409, 410, 413, 415, 422, 301, 307])('fails for good with %i', async (status) => {
    server.answer = (_call, response) => response.writeHead(status, { location: server.url }).end('no\nsuch thing');
    const error = await failureOf(call());
    expect(error.code).toBe('step_failed');
    expect(error.message).toBe(`The function far: it answered ${status}: no such thing`);
  });

  it.each([408, 425, 429, 500, 502, 503, 504])('may be tried again after %i, when it says so', async (status) => {
    server.answer = (_call, response) => response.writeHead(status, { 'retry-after': '17' }).end();
    expect(await failureOf(call())).toMatchObject({ code: 'function_unavailable', retryAfter: 17 });
  });

  it('may be tried again when nobody is there, or hangs up', async () => {
    const gone = await startFunctionServer();
    await gone.close();
    expect((await failureOf(call({}, { http: gone.url }))).code).toBe('function_unavailable');
    server.answer = (_call, response) => response.destroy();
    expect((await failureOf(call())).code).toBe('function_unavailable');
  });

  it('may be tried again when it does not answer in time, before or within its body', async () => {
    server.answer = () => undefined;
    expect((await failureOf(call({}, { http: server.url }, 0.1))).message).toContain('not done within 0.1 s');
    server.answer = (_call, response) => void response.writeHead(200, { 'content-type': structured }).write('{');
    expect((await failureOf(call({}, { http: server.url }, 0.1))).code).toBe('function_unavailable');
  });

  it.each<[string, Record<string, string>, string]>([
    ['no CloudEvent', { 'content-type': 'text/html' }, '<html>'],
    ['JSON, but no CloudEvent', { 'content-type': 'application/json' }, '{"a":1}'],
    ['broken JSON', { 'content-type': structured }, '{'],
    ['an event that lacks attributes', { 'content-type': structured }, '{"specversion":"1.0","id":"1"}'],
    ['a binary event that lacks attributes', { 'ce-specversion': '1.0', 'ce-id': '1' }, ''],
    ['another format', { 'content-type': 'application/cloudevents+protobuf' }, 'x'],
    ['an object where a batch is announced', { 'content-type': 'application/cloudevents-batch+json' }, '{}'],
  ])('fails for good when it answers %s', async (_name, headers, body) => {
    server.answer = (_call, response) => response.writeHead(200, headers).end(body);
    const error = await failureOf(call());
    expect(error.code).toBe('step_failed');
    expect(error.message).toMatch(/^The function far: its answer is no valid event: /);
    expect(error.mend).toContain('204');
  });

  it('fails for good when its answer is too large', async () => {
    server.answer = (_call, response) =>
      response.writeHead(200, { 'content-type': structured }).end('x'.repeat(5_000_000));
    expect((await failureOf(call())).code).toBe('step_failed');
  });

  it('can tell by the signature that it is we who call, and that it is the same event', async () => {
    server.answer = (_call, response) => response.writeHead(204).end();
    await call({ data: { speed: 50 } }, { http: server.url, signing: 'signs' });
    await call({ data: { speed: 50 } }, { http: server.url, signing: 'signs' });
    const [one, other] = server.calls.slice(-2);
    expect(new Webhook(signingKey).verify(one?.body ?? '', one?.headers as Record<string, string>)).toEqual({
      speed: 50,
    });
    expect(one?.headers['webhook-id']).toBe(other?.headers['webhook-id']);
    const missing = await failureOf(call({}, { http: server.url, signing: 'missing' }));
    expect(missing).toMatchObject({ code: 'function_unavailable', message: expect.stringContaining('missing') });
  });
});

it('a private address is not called where private targets are not allowed', async () => {
  const policy = { allowPrivateTargets: false };
  const runtime = {
    now: () => 0,
    random: () => 0.5,
    pause: () => new Promise<void>((resolve) => void setTimeout(resolve, 0)),
    fetch: () => Promise.reject(new Error('called')),
    waitUntil: () => undefined,
  };
  const functions = createFunctions({
    support: {},
    publish: () => Promise.reject(new Error('nothing is emitted here')),
    credentials: createCredentials({
      vault: createVault({}),
      secrets: { get: async () => undefined },
      policy,
      runtime,
    }),
    policy,
    runtime,
  });
  const settings = { name: 'far', runs: { http: 'http://169.254.169.254/' }, timeoutSeconds: 1, secrets: [] };
  const scope = { tenant: 'default', bus: 'default', functions: [settings] };
  const calling = functions.call(scope, 'far', toEvent(), { now: 0, random: () => 0.5, hops: 0 });
  expect(await failureOf(calling)).toMatchObject({ code: 'step_failed', message: expect.stringContaining('refused') });
});

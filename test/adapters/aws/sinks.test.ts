import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { fromEnvelope } from '../../../adapters/aws/eventbridge-event.ts';
import { isAllowed, readAwsTargets } from '../../../adapters/aws/sinks/arn.ts';
import { sizeOf, toEntry } from '../../../adapters/aws/sinks/event-bridge.ts';
import { createAwsSinks } from '../../../adapters/aws/sinks/sinks.ts';
import { fromJson } from '../../../event/json-format.ts';
import { type Authorize, createAuthorize } from '../../../mesh/connections/authorize.ts';
import type { AttemptResult, Delivery, SinkContext } from '../../../mesh/sink.ts';
import { useAws } from './shared.ts';

const aws = useAws();
const account = '000000000000';
const region = 'us-east-1';
const sinks = new Map(
  createAwsSinks({
    allowed: [
      `arn:aws:*:*:${account}:*`,
      `arn:aws:lambda:*:${account}:function:*`,
      `arn:aws:states:*:${account}:stateMachine:*`,
    ],
  }).map((sink) => [sink.kind, sink]),
);

const runtime: SinkContext['runtime'] = {
  now: () => Date.now(),
  random: () => 0.5,
  fetch: (request) => fetch(request),
  pause: () => Promise.resolve(),
  waitUntil: () => {},
};

/** What services without an emulator were asked, and what they answer. */
let asked: { readonly headers: Record<string, unknown>; readonly path: string; readonly body: string }[] = [];
let answer: (body: string) => {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
};
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      asked.push({ headers: request.headers, path: request.url ?? '', body });
      const { status = 200, headers = {}, body: told } = answer(body);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', ...headers });
      response.end(JSON.stringify(told));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { sqsUrl, dynamoUrl } = aws.services();
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  for (const service of ['SQS', 'SNS']) vi.stubEnv(`AWS_ENDPOINT_URL_${service}`, sqsUrl);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', dynamoUrl);
  for (const service of ['LAMBDA', 'SFN', 'EVENTBRIDGE']) vi.stubEnv(`AWS_ENDPOINT_URL_${service}`, own);
});

afterAll(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  asked = [];
  answer = () => ({ body: {} });
});

describe('a target of AWS', () => {
  it('may use the role of the installation only for what the operator allows', () => {
    const [sqs] = createAwsSinks({ allowed: readAwsTargets('arn:aws:sqs:eu-west-1:123456789012:public-*  nonsense') });
    const check = (options: object) => sqs?.check?.({ arn: '', ...options }, { allowPrivateTargets: false });
    expect(() => check({ arn: 'arn:aws:sqs:eu-west-1:123456789012:public-orders' })).not.toThrow();
    for (const arn of ['arn:aws:sqs:eu-west-1:123456789012:private', 'arn:aws:sqs:eu-west-2:123456789012:public-x']) {
      expect(() => check({ arn })).toThrow('may not be used');
      expect(() => check({ arn, connection: 'own' })).not.toThrow();
    }
    for (const arn of [
      'arn:aws:sns:eu-west-1:123456789012:public-x',
      'https://example.com',
      'arn:aws:sqs:evil.com/:1:x',
    ]) {
      expect(() => check({ arn, connection: 'own' })).toThrow('no ARN of sqs');
    }
  });

  it('has no part of its ARN matched by a star of another part', () => {
    expect(isAllowed('arn:aws:sqs:eu-west-1:1:a', ['arn:aws:sqs:*:a'])).toBe(false);
    expect(isAllowed('arn:aws:lambda:eu-west-1:1:function:f', ['arn:aws:lambda:*:1:function:*'])).toBe(true);
    expect(isAllowed('arn:aws:sqs:eu-west-1:1:axb', ['arn:aws:sqs:eu-west-1:1:a.b'])).toBe(false);
    expect(isAllowed('arn:aws:s3:::ours-2026', ['arn:aws:s3:::ours-*'])).toBe(true);
  });

  it('is called with the keys of its connection, and never with those of the installation', async () => {
    answer = () => ({ body: { Entries: [{ EventId: '1' }], FailedEntryCount: 0 } });
    const authorize: Authorize = async (_name, request) => ({
      ...request,
      headers: { authorization: `Basic ${btoa('AKIATENANT:secret')}` },
      hidden: [],
    });
    const options = { arn: 'arn:aws:events:eu-west-1:999999999999:event-bus/theirs', connection: 'own' };
    expect(await deliver('eventBridge', [toEvent('e1')], options, { authorize })).toMatchObject([{ ok: true }]);
    expect(asked[0]?.headers['authorization']).toContain('Credential=AKIATENANT/');
    expect(asked[0]?.headers['authorization']).toContain('/eu-west-1/events/');
    expect(await deliver('eventBridge', [toEvent('e1')], options)).toMatchObject([{ ok: false, failure: 'network' }]);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['eventBridge', 'arn:aws:events:eu-west-1:999999999999:event-bus/theirs', 'events.eu-west-1.amazonaws.com'],
    ['sqs', 'arn:aws-cn:sqs:cn-north-1:999999999999:orders', 'sqs.cn-north-1.amazonaws.com.cn'],
  ])('asks its connection for the very host: %s', async (kind, arn, host) => {
    answer = () => ({ body: { Entries: [{ EventId: '1' }], FailedEntryCount: 0 } });
    const authorizeFor = (hosts: readonly string[]): Authorize =>
      createAuthorize({
        tenant: 't',
        find: () => ({ name: 'own', version: 1, hosts, sealed: 's', scheme: { kind: 'basic', username: 'AKIA' } }),
        open: async () => 'secret',
        tokens: { get: () => Promise.reject(new Error('no tokens')) },
        runtime: { now: () => 0 },
        policy: { allowPrivateTargets: false },
        support: {},
      });
    const options = { arn, connection: 'own' };
    for (const hosts of [[host], ['*.amazonaws.com', '*.amazonaws.com.cn']]) {
      const [result] = await deliver(kind, [toEvent('e1')], options, { authorize: authorizeFor(hosts) });
      // Whatever the emulator thinks of the resource: it was asked.
      expect(result?.ok === true || result?.failure === 'response').toBe(true);
    }
    const [refused] = await deliver(kind, [toEvent('e1')], options, { authorize: authorizeFor(['other.example']) });
    expect(refused).toMatchObject({ ok: false, failure: 'refused' });
  });
});

describe('sqs', () => {
  it('sends ten in a call, whatever their size', async () => {
    const { queueUrl, queueName } = await aws.install();
    const events = Array.from({ length: 25 }, (_, index) =>
      toEvent(`e${index}`, { data: 'x'.repeat(index === 3 ? 900_000 : 200_000) }),
    );
    const options = { arn: `arn:aws:sqs:${region}:${account}:${queueName}` };
    const results = await deliver('sqs', events, options);
    expect(results.filter(({ ok }) => ok)).toHaveLength(25);
    const sqs = await aws.services().clients.sqs();
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 1 }));
    expect(Messages[0]?.Body).toBe(events[0]?.json);
  });

  it('says of each event what became of it', async () => {
    const { queueName } = await aws.install();
    const options = { arn: `arn:aws:sqs:${region}:${account}:${queueName}`, content: 'raw' };
    const large = toEvent('large', { data: 'x'.repeat(1_048_577) });
    const results = await deliver('sqs', [toEvent('e1'), large, toEvent('e2')], options);
    expect(results).toMatchObject([{ ok: true }, { ok: false, failure: 'response', code: 400 }, { ok: true }]);
  });

  it('is a failed answer where there is no such queue, without a word of the account', async () => {
    const options = { arn: `arn:aws:sqs:${region}:${account}:nobody` };
    const [result] = await deliver('sqs', [toEvent('e1')], options);
    expect(result).toMatchObject({ ok: false, failure: 'response', code: 400 });
    expect(result?.ok === false && result.reason).not.toContain(account);
  });
});

describe('dynamodb', () => {
  const key = { pk: 'source', sk: 'id' };
  // The emulator knows tables by their names only; a name is not an ARN: `arn` is what DynamoDB takes for a name.
  const named = async (request: Request): Promise<Response> => {
    const body = (await request.json()) as { TableName: string };
    asked.push({ headers: {}, path: '/', body: body.TableName });
    const TableName = body.TableName.split(':table/')[1];
    return fetch(
      new Request(request.url, {
        method: 'POST',
        headers: request.headers,
        body: JSON.stringify({ ...body, TableName }),
      }),
    );
  };

  it('puts the attributes of an event, and all of it as text, into the table of the ARN', async () => {
    const { table } = await aws.install();
    const arn = `arn:aws:dynamodb:${region}:${account}:table/${table}`;
    const event = toEvent('e1', { sequence: 7, urgent: true });
    expect(await deliver('dynamodb', [event], { arn, key }, { runtime: { ...runtime, fetch: named } })).toMatchObject([
      { ok: true },
    ]);
    expect(asked.map(({ body }) => body)).toEqual([arn]);
    const dynamo = await aws.services().clients.dynamo();
    const Key = { pk: { S: '/shop' }, sk: { S: 'e1' } };
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: table, Key }));
    expect(Item).toEqual({
      ...Key,
      specversion: { S: '1.0' },
      id: { S: 'e1' },
      source: { S: '/shop' },
      type: { S: 'created' },
      sequence: { N: '7' },
      urgent: { BOOL: true },
      event: { S: event.json },
    });
  });

  it('has failed where the event lacks a part of the key, and where there is no such table', async () => {
    const { table } = await aws.install();
    const deliverTo = (name: string, options: object) =>
      deliver(
        'dynamodb',
        [toEvent('e1')],
        { arn: `arn:aws:dynamodb:${region}:${account}:table/${name}`, ...options },
        {
          runtime: { ...runtime, fetch: named },
        },
      );
    expect(await deliverTo(table, { key: { pk: 'subject', sk: 'id' } })).toMatchObject([
      { ok: false, failure: 'response', code: 400, reason: 'ValidationException' },
    ]);
    expect(await deliverTo('nobody', { key })).toMatchObject([
      { ok: false, failure: 'response', code: 400, reason: 'ResourceNotFoundException' },
    ]);
  });
});

describe('sns', () => {
  it('publishes with type and source beside the message', async () => {
    const { topicArn } = aws.services().fauxqs.createTopic('events');
    const { queueName, queueUrl } = await aws.install();
    aws.services().fauxqs.subscribe({ topic: 'events', queue: queueName });
    const results = await deliver('sns', [toEvent('e1'), toEvent('e2')], { arn: topicArn });
    expect(results).toMatchObject([{ ok: true }, { ok: true }]);
    const sqs = await aws.services().clients.sqs();
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 1 }));
    const told = JSON.parse(Messages[0]?.Body ?? '{}') as { Message: string; MessageAttributes: object };
    expect(told.Message).toBe(toEvent('e1').json);
    expect(told.MessageAttributes).toMatchObject({ type: { Value: 'created' }, source: { Value: '/shop' } });
  });
});

describe('lambda', () => {
  const arn = `arn:aws:lambda:${region}:${account}:function:sink`;

  it('invokes a function with the event', async () => {
    answer = () => ({ status: 202, body: '' });
    expect(await deliver('lambda', [toEvent('e1')], { arn })).toMatchObject([{ ok: true }]);
    expect(asked[0]).toMatchObject({ body: toEvent('e1').json, headers: { 'x-amz-invocation-type': 'Event' } });
  });

  it('has failed where the function has', async () => {
    answer = () => ({ headers: { 'x-amz-function-error': 'Unhandled' }, body: { errorMessage: 'x' } });
    expect(await deliver('lambda', [toEvent('e1')], { arn, invocation: 'request' })).toMatchObject([
      { ok: false, failure: 'response', code: 502 },
    ]);
  });

  it('is asked to be slowed down where AWS throttles', async () => {
    answer = () => ({ status: 429, headers: { 'x-amzn-errortype': 'TooManyRequestsException' }, body: {} });
    expect(await deliver('lambda', [toEvent('e1')], { arn })).toMatchObject([{ ok: false, code: 429 }]);
  });
});

it('stepFunctions starts one execution a delivery, however often it is tried', async () => {
  const arn = `arn:aws:states:${region}:${account}:stateMachine:orders`;
  answer = () => ({ body: { executionArn: 'x', startDate: 0 } });
  expect(await deliver('stepFunctions', [toEvent('e1')], { arn })).toMatchObject([{ ok: true }]);
  expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ stateMachineArn: arn, name: 'd-e1', input: toEvent('e1').json });
  answer = () => ({ status: 400, body: { __type: 'ExecutionAlreadyExists' } });
  expect(await deliver('stepFunctions', [toEvent('e1')], { arn })).toMatchObject([{ ok: true }]);
});

describe('eventBridge', () => {
  const arn = `arn:aws:events:${region}:${account}:event-bus/orders`;

  it('sends what failed of a call once more by itself', async () => {
    let isFirst = true;
    answer = (body) => {
      const { Entries } = JSON.parse(body) as { Entries: { Detail: string }[] };
      const answers = Entries.map(({ Detail }) => {
        const { id } = JSON.parse(Detail) as { id: string };
        const fails = id === 'e3' || (id === 'e2' && isFirst);
        if (id === 'e2') isFirst = false;
        return fails ? { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow' } : { EventId: id };
      });
      return { body: { Entries: answers, FailedEntryCount: 0 } };
    };
    const events = Array.from({ length: 12 }, (_, index) => toEvent(`e${index}`));
    const results = await deliver('eventBridge', events, { arn });
    expect(asked).toHaveLength(4);
    expect(results.map(({ ok }) => ok)).toEqual(events.map((_, index) => index !== 3));
    expect(results[3]).toMatchObject({ code: 429 });
  });

  it('counts a megabyte as AWS counts it', async () => {
    const entry = toEntry(toEvent('é', { time: '2026-03-04T05:06:07Z' }), { arn });
    expect(sizeOf(entry)).toBe(14 + Buffer.byteLength(`/shopcreated${entry.Detail}tulle:hops:1`));
    answer = (body) => {
      const { Entries } = JSON.parse(body) as { Entries: unknown[] };
      return { body: { Entries: Entries.map(() => ({ EventId: '1' })), FailedEntryCount: 0 } };
    };
    const half = toEvent('half', { data: 'é'.repeat(262_000) });
    const results = await deliver('eventBridge', [half, half, toEvent('large', { data: 'x'.repeat(1_048_000) })], {
      arn,
    });
    expect(asked).toHaveLength(2);
    expect(results).toMatchObject([{ ok: true }, { ok: true }, { ok: true }]);
    const [tooLarge] = await deliver('eventBridge', [toEvent('larger', { data: 'x'.repeat(1_048_576) })], { arn });
    expect(tooLarge).toMatchObject({ ok: false, code: 413 });
  });

  it.each(['event', 'data'])('lets nothing go round for ever, with %s as its detail', async (detail) => {
    let entries: PutEventsRequestEntry[] = [];
    answer = (body) => {
      entries = (JSON.parse(body) as { Entries: PutEventsRequestEntry[] }).Entries;
      return { body: { Entries: entries.map(() => ({ EventId: '1' })), FailedEntryCount: 0 } };
    };
    let event = toEvent('e1', { data: { amount: 1.1 }, resources: '["arn:a"]' });
    for (let round = 1; round <= 8; round += 1) {
      expect(await deliver('eventBridge', [event], { arn, detail })).toMatchObject([{ ok: true }]);
      // As a rule of the same bus hands it back.
      const [{ Source: source, DetailType, Detail = '', Resources: resources } = {}] = entries;
      const envelope = { id: `r${round}`, 'detail-type': DetailType, source, resources, time: '2026-03-04T05:06:07Z' };
      event = fromJson(fromEnvelope(`${JSON.stringify(envelope).slice(0, -1)},"detail":${Detail}}`));
      expect(event.attributes).toMatchObject({ eventbridgehops: round, resources: '["arn:a"]' });
    }
    const [result] = await deliver('eventBridge', [event], { arn, detail });
    expect(result).toMatchObject({ ok: false, code: 422, reason: expect.stringContaining('8 times') as string });
    expect(asked).toHaveLength(8);
  });

  it('takes a payload as detail, where it is an object', () => {
    const event = toEvent('e1', { data: { amount: 1 }, resources: '["arn:a","arn:b"]', eventbridgesource: 'my app' });
    expect(toEntry(event, { arn, detail: 'data' })).toEqual({
      EventBusName: arn,
      Source: 'my app',
      DetailType: 'created',
      Detail: '{"amount":1}',
      Resources: ['arn:a', 'arn:b', 'tulle:hops:1'],
    });
  });
});

function toEvent(id: string, more: Record<string, unknown> = {}) {
  return fromJson(JSON.stringify({ specversion: '1.0', id, source: '/shop', type: 'created', data: {}, ...more }));
}

function deliver(
  kind: string,
  events: readonly ReturnType<typeof toEvent>[],
  options: object,
  context: Partial<SinkContext> = {},
): Promise<readonly AttemptResult[]> {
  const sink = sinks.get(kind);
  if (sink === undefined) throw new Error(`there is no sink ${kind}`);
  const deliveries = events.map((event): Delivery => ({ event, id: `d-${event.attributes.id}`, attempt: 1 }));
  return sink.deliver(deliveries, options, {
    runtime,
    secrets: { get: () => Promise.resolve(undefined) },
    policy: { allowPrivateTargets: false },
    ...context,
  });
}

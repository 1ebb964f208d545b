import { PutEventsCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { LambdaRunner } from '../../cli/lambda/runner.ts';
import { credentials } from '../../cli/lambda/stack.ts';
import { admin } from '../adapters/node/main.ts';
import { adminKey, startPackaged } from './start.ts';
import { startTarget, type Target } from './target.ts';

let runner: LambdaRunner;
let target: Target;

beforeAll(async () => {
  target = await startTarget();
  runner = await startPackaged(inject('packageFolder'));
});

afterAll(async () => {
  await runner.stop();
  await target.stop();
});

/** A bus with one rule for it. */
async function withBus(bus: string, rule: Record<string, unknown> = {}, settings = {}): Promise<void> {
  await ask('PUT', `/v1/admin/buses/${bus}`, settings);
  await ask('PUT', `/v1/admin/buses/${bus}/rules/all`, {
    filter: { pattern: { source: ['/shop'] } },
    targets: [{ name: 'crm', http: { url: `${target.url}/${bus}` } }],
    ...rule,
  });
}

function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  return admin(runner.url, method, path, body, adminKey);
}

function publish(bus: string, event: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${runner.url}/v1/buses/${bus}/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${adminKey}`,
      'content-type': `application/cloudevents${Array.isArray(event) ? '-batch' : ''}+json`,
      ...headers,
    },
    body: typeof event === 'string' ? event : JSON.stringify(event),
  });
}

function createEvent(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { specversion: '1.0', id, source: '/shop', type: 'order.created', data: { amount: 12.5 }, ...more };
}

function receivedOn(bus: string) {
  return target.received.filter(({ path }) => path === `/${bus}`);
}

async function deliveries(bus: string, query: string): Promise<Record<string, unknown>[]> {
  const answer = (await ask('GET', `/v1/buses/${bus}/deliveries?${query}`)) as {
    deliveries: Record<string, unknown>[];
  };
  return answer.deliveries;
}

const soon = { timeout: 20_000, interval: 50 };

describe('the packaged mesh', () => {
  it('delivers an event with the bytes that came in', async () => {
    await withBus('plain');
    const data = '{ "amount": 12345678901234567890, "b":1.10 }';
    const response = await publish(
      'plain',
      `{"specversion":"1.0","id":"e1","source":"/shop","type":"t","data":${data}}`,
    );
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ accepted: 1, events: [{ id: 'e1', matched: 1 }] });
    await vi.waitFor(() => expect(receivedOn('plain')).toHaveLength(1), soon);
    expect(receivedOn('plain')[0]).toMatchObject({ body: data, headers: { 'ce-id': 'e1' } });
    await vi.waitFor(
      async () => expect(await deliveries('plain', 'event=e1')).toMatchObject([{ status: 'delivered' }]),
      soon,
    );
  });

  it('masks and reshapes', async () => {
    await withBus('steps', {
      steps: [
        { redact: { paths: ['data.phone'], with: { mask: 'keep-last-4' } } },
        { transform: { jsonata: '{ "tel": data.phone, "sum": data.amount * 2 }' } },
      ],
    });
    await publish('steps', createEvent('e1', { data: { phone: '+49 151 12345678', amount: 3 } }));
    await vi.waitFor(() => expect(receivedOn('steps')).toHaveLength(1), soon);
    const body = JSON.parse(receivedOn('steps')[0]?.body ?? '') as { tel: string; sum: number };
    expect(body).toMatchObject({ sum: 6, tel: expect.stringMatching(/5678$/) as string });
    expect(body.tel).not.toContain('1234');
  });

  it('takes a binary event, a batch, and bytes that are no text', async () => {
    await withBus('binary');
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const response = await fetch(`${runner.url}/v1/buses/binary/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${adminKey}`,
        'content-type': 'application/octet-stream',
        'ce-specversion': '1.0',
        'ce-id': 'b1',
        'ce-source': '/shop',
        'ce-type': 'blob',
      },
      body: bytes,
    });
    expect(response.status).toBe(202);
    expect((await publish('binary', [createEvent('b2'), createEvent('b3')])).status).toBe(202);
    await vi.waitFor(() => expect(receivedOn('binary')).toHaveLength(3), soon);
  });

  it('carries an event that is larger than a message of SQS, by way of S3', async () => {
    await withBus('large');
    // What cannot be deflated: over a million characters that no two alike follow each other.
    const text = Array.from({ length: 1_000_000 }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join(
      '',
    );
    const data = { text: text.replaceAll(/["\\]/g, '!') };
    expect((await publish('large', createEvent('l1', { data }))).status).toBe(202);
    await vi.waitFor(() => expect(receivedOn('large')).toHaveLength(1), soon);
    expect(receivedOn('large')[0]?.body === JSON.stringify(data)).toBe(true);
  });

  it('tries again until the target takes it, and no other target waits for it', async () => {
    await withBus('retry', {
      targets: [
        { name: 'bad', http: { url: `${target.url}/retry-bad` } },
        { name: 'good', http: { url: `${target.url}/retry` } },
      ],
    });
    let failures = 1;
    target.answer = ({ path }) => (path === '/retry-bad' && failures-- > 0 ? 503 : 204);
    await publish('retry', createEvent('r1'));
    await vi.waitFor(() => expect(receivedOn('retry')).toHaveLength(1), soon);
    await vi.waitFor(() => expect(receivedOn('retry-bad')).toHaveLength(2), soon);
    const ids = receivedOn('retry-bad').map(({ headers }) => headers['ce-id']);
    expect(ids).toEqual(['r1', 'r1']);
  });

  it('keeps what was given up as a dead letter, and redrives it', async () => {
    await withBus('dead');
    target.answer = () => 400;
    await publish('dead', createEvent('d1'));
    await vi.waitFor(async () => expect(await deliveries('dead', 'status=dead-lettered')).toHaveLength(1), soon);
    target.answer = () => 204;
    await ask('POST', '/v1/buses/dead/dead-letters:redrive');
    await vi.waitFor(async () => expect(await deliveries('dead', 'status=delivered')).toHaveLength(1), soon);
  });

  it('keeps the order of a partition, and delivers it once', async () => {
    await withBus('ordered', {
      targets: [{ name: 'crm', http: { url: `${target.url}/ordered` }, ordering: 'partitionkey' }],
    });
    const events = Array.from({ length: 12 }, (_, index) => createEvent(`o${index}`, { partitionkey: 'p' }));
    await publish('ordered', events.slice(0, 6));
    await publish('ordered', events.slice(6));
    await vi.waitFor(() => expect(receivedOn('ordered')).toHaveLength(12), soon);
    expect(receivedOn('ordered').map(({ headers }) => headers['ce-id'])).toEqual(events.map(({ id }) => id));
  });

  it('lets a publisher wait for its delivery', async () => {
    await withBus('waits');
    const response = await publish('waits', createEvent('w1'), { prefer: 'wait=10' });
    expect(response.status).toBe(200);
    expect(receivedOn('waits')).toHaveLength(1);
  });

  it('refuses as everywhere: a stranger, what is no event, what is too large', async () => {
    await withBus('refusals');
    expect((await publish('refusals', createEvent('x'), { authorization: 'Bearer nobody' })).status).toBe(401);
    expect((await publish('refusals', '{')).status).toBe(400);
    expect((await publish('refusals', createEvent('x', { data: 'x'.repeat(1_100_000) }))).status).toBe(413);
    const gateway = await publish('refusals', ' '.repeat(10 * 2 ** 20 + 1));
    expect([gateway.status, await gateway.json()]).toEqual([413, { message: 'Request Entity Too Large' }]);
  });

  it('answers an address with what is to be decoded in it', async () => {
    await withBus('paths');
    await publish('paths', createEvent('ä 50%?'));
    await vi.waitFor(async () => {
      const id = encodeURIComponent('ä 50%?');
      expect(await ask('GET', `/v1/buses/paths/events/${id}`)).toMatchObject({ id: 'ä 50%?' });
    }, soon);
  });

  it('does the work of every minute', async () => {
    await runner.tick();
  });

  it('has asked for nothing that AWS refuses', () => {
    expect(runner.refused).toEqual([]);
  });
});

describe('a bus of EventBridge', () => {
  it('hands what is put on it to the mesh, with its numbers as they were', async () => {
    await withBus('default', { filter: { eventbridge: { 'detail-type': ['Order Paid'] } } });
    const client = new EventBridgeClient({ region: 'eu-west-1', credentials, endpoint: runner.buses.url });
    const detail = '{"total":12345678901234567890,"ok":true}';
    const { FailedEntryCount: failed } = await client.send(
      new PutEventsCommand({
        Entries: ['shop', 'my shop'].map((source) => ({
          EventBusName: 'tulle-dev',
          Source: source,
          DetailType: 'Order Paid',
          Detail: detail,
          Resources: ['arn:aws:s3:::orders'],
        })),
      }),
    );
    expect(failed).toBe(0);
    await vi.waitFor(() => expect(receivedOn('default')).toHaveLength(2), soon);
    expect(receivedOn('default').map(({ body }) => body)).toEqual([detail, detail]);
    const sources = receivedOn('default').map(({ headers }) => decodeURIComponent(headers['ce-source'] ?? ''));
    expect(new Set(sources)).toEqual(new Set(['shop', 'my%20shop']));
  });
});

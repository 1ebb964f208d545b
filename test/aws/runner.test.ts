import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LambdaRunner } from '../../cli/lambda/runner.ts';
import { packageFixture } from './fixture.ts';
import { startPackaged } from './start.ts';

const code = `
let calls = 0;
const born = Date.now();
setInterval(() => (beats += 1), 5);
let beats = 0;
export async function http(event) {
  calls += 1;
  const { rawPath, headers, cookies } = event;
  if (rawPath === '/slow') await new Promise((resolve) => setTimeout(resolve, 300));
  if (rawPath === '/late') await new Promise((resolve) => setTimeout(resolve, 5_000));
  if (rawPath === '/throw') throw new Error('broken');
  if (rawPath === '/exit') process.exit(3);
  if (rawPath === '/memory') globalThis.kept = Buffer.alloc(200 * 2 ** 20, 1);
  const body = JSON.stringify({ pid: process.pid, calls, beats, event, secret: process.env.SECRET, home: process.env.HOME });
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, cookies: ['a=1', 'b=2'], body };
}
export async function queue({ Records }) {
  for (const { body, attributes } of Records) console.log('got ' + body + ' ' + attributes.ApproximateReceiveCount);
  if (Records.some(({ body }) => body === 'crash')) process.exit(1);
  if (Records.some(({ body }) => body === 'unknown')) return { batchItemFailures: [{ itemIdentifier: 'nobody' }] };
  return { batchItemFailures: Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
export async function tick(event) { console.log('tick ' + JSON.stringify(event)); }
`;

describe('the local Lambda runner', () => {
  let folder: string;
  let runner: LambdaRunner;
  const lines: string[] = [];

  beforeAll(async () => {
    folder = await packageFixture(code);
    runner = await startPackaged(folder, { log: (line) => void lines.push(line) });
  });
  afterAll(async () => {
    await runner.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => void (lines.length = 0));

  async function get(
    path: string,
  ): Promise<{ pid: number; calls: number; beats: number; event: Record<string, unknown> }> {
    return (await fetch(runner.url + path, { headers: { cookie: 'x=1; y=2' } })).json() as never;
  }
  const count = (line: string): number => lines.filter((one) => one.includes(line)).length;
  const soon = { timeout: 15_000, interval: 50 };

  it('hands over events of payload format 2.0, and cookies apart', async () => {
    const response = await fetch(`${runner.url}/a%20b?x=1&x=2`, { headers: { cookie: 'x=1; y=2' } });
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const { event, secret, home } = (await response.json()) as { event: object; secret: string; home?: string };
    expect(event).toMatchObject({
      version: '2.0',
      rawPath: '/a b',
      rawQueryString: 'x=1&x=2',
      queryStringParameters: { x: '1,2' },
      cookies: ['x=1', 'y=2'],
      isBase64Encoded: false,
      requestContext: { http: { method: 'GET', sourceIp: '127.0.0.1' }, stage: '$default' },
    });
    expect(secret).toBe('admin-key-of-the-aws-test-suite');
    // Nothing of this process's environment is in a function's.
    expect(home).toBeUndefined();
  });

  it('gives one environment one invocation at a time, and uses it again', async () => {
    const together = await Promise.all([get('/slow'), get('/slow')]);
    expect(new Set(together.map(({ pid }) => pid)).size).toBe(2);
    const after = await get('/');
    expect(together.map(({ pid }) => pid)).toContain(after.pid);
    expect(after.calls).toBeGreaterThan(1);
  });

  it('turns away what is above the concurrency', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 3 }, async () => (await fetch(`${runner.url}/slow`)).status),
    );
    expect(statuses.toSorted((one, other) => one - other)).toEqual([200, 200, 503]);
  });

  it.skipIf(process.platform !== 'linux')('lets environments stand still between invocations', async () => {
    const before = await get('/');
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(readFileSync(`/proc/${before.pid}/stat`, 'utf8').split(' ')[2]).toBe('T');
    const after = await get('/');
    expect(after.pid).toBe(before.pid);
    // Eighty beats, had its clock gone on.
    expect(after.beats - before.beats).toBeLessThan(40);
  });

  it('ends what takes too long, dies, throws or needs too much memory, and starts anew', async () => {
    const { pid } = await get('/');
    expect((await fetch(`${runner.url}/late`)).status).toBe(503);
    expect((await fetch(`${runner.url}/exit`)).status).toBe(500);
    const thrown = await fetch(`${runner.url}/throw`);
    expect([thrown.status, await thrown.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    expect((await fetch(`${runner.url}/memory`)).status).toBe(500);
    expect((await get('/')).pid).not.toBe(pid);
  });

  async function send(...bodies: string[]): Promise<void> {
    const QueueUrl = String(runner.template.resolve({ Ref: 'Queue' }));
    const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
    await runner.clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }

  async function guarded(): Promise<string[]> {
    const QueueUrl = String(runner.template.resolve({ Ref: 'Guard' }));
    const { Messages: messages = [] } = await runner.clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 10 }),
    );
    return messages.map(({ Body: body = '' }) => body);
  }

  it('takes back the messages that are named, and no others; the guard has them in the end', async () => {
    await send('good', 'bad', 'fine');
    expect(await guarded()).toEqual(['bad']);
    expect([count('got good'), count('got fine'), count('got bad')]).toEqual([1, 1, 2]);
  });

  it('takes back the whole batch where the answer names a message that is not in it', async () => {
    await send('unknown', 'other');
    const set = new Set<string>();
    await vi.waitFor(async () => {
      for (const body of await guarded()) set.add(body);
      expect(set).toEqual(new Set(['unknown', 'other']));
    }, soon);
  });

  it('hands a batch out again whose environment died', async () => {
    await send('crash');
    expect(await guarded()).toEqual(['crash']);
    expect(count('got crash')).toBe(2);
  });

  it('runs what is scheduled', async () => {
    await runner.tick();
    await vi.waitFor(() => expect(count('tick {"by":"schedule"}')).toBe(1), soon);
  });

  it('refuses what AWS refuses, as the SDK shows it', async () => {
    const QueueUrl = String(runner.template.resolve({ Ref: 'Queue' }));
    const sending = runner.clients.sqs.send(
      new SendMessageCommand({ QueueUrl, MessageBody: 'late', DelaySeconds: 901 }),
    );
    await expect(sending).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    expect(runner.refused.map(({ type }) => type)).toEqual(['InvalidParameterValue']);
  });
});

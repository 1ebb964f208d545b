import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Webhook } from 'standardwebhooks';
import type { EventStory } from '../../cli/demo/follow.ts';
import { descendantsOf, stillRunning } from './processes.ts';
import { freePort, root, runTulle, startTulle, temporaryFolder, type Tulle } from './tulle.ts';

/** The tests follow one state folder through three servers: stopped, killed, and started again. */
describe('tulle dev', () => {
  let folder: string;
  let port: number;
  let tulle: Tulle;

  beforeAll(async () => {
    folder = await temporaryFolder();
    port = await freePort();
    tulle = await startTulle(folder, port);
  }, 60_000);

  afterAll(async () => {
    tulle.process.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('prints where it listens and keeps a key that only its owner can read', async () => {
    expect(tulle.url).toBe(`http://localhost:${port}`);
    expect(tulle.output()).toContain(tulle.key);
    expect((await stat(join(folder, 'admin-key'))).mode & 0o777).toBe(0o600);
  });

  it('delivers the event of its greeting with personal data masked', async () => {
    const event = JSON.parse(await readFile(join(root, 'examples/demo/events/user-created.json'), 'utf8')) as object;
    const response = await publish(tulle, event);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ accepted: 1, events: [{ id: 'user-1', matched: 1 }] });
    await vi.waitFor(async () => {
      const [request] = await inbox(tulle, 'crm');
      expect(request?.headers['ce-type']).toBe('com.example.user.created');
      expect(request?.body).toMatchObject({ name: 'Ada Lovelace', email: 'a****@example.com', idCard: '*****456C' });
    }, 10_000);
  }, 20_000);

  it('follows real GitHub events to their end with tulle demo', async () => {
    const { code, output } = await runTulle('demo', '--state', folder, '--json');
    expect(code).toBe(0);
    const { events } = JSON.parse(output) as { events: EventStory[] };
    const find = (type: string): EventStory['deliveries'][number] | undefined =>
      events.find((event) => event.type === type)?.deliveries[0];

    expect(find('com.github.push')).toMatchObject({
      status: 'dead-lettered',
      attempts: [{ code: 500 }, { code: 500 }],
      received: [{ status: 500, body: { pusher: { email: '2****@users.noreply.github.com' } } }, { status: 500 }],
    });

    const opened = find('com.github.issues.opened');
    expect(opened).toMatchObject({ status: 'delivered', attempts: [{ code: 503 }, { code: 200 }] });
    const [first, second] = opened?.received ?? [];
    expect(first?.headers['webhook-id']).toBe(second?.headers['webhook-id']);
    const webhook = new Webhook(Buffer.from('the demo signs with these 32 byte').toString('base64'));
    expect(webhook.verify(JSON.stringify(second?.body), second?.headers ?? {})).toMatchObject({
      text: 'Codertocat opened Spelling error in the README file in Codertocat/Hello-World',
    });
  }, 90_000);

  it('answers again after workerd has crashed', async () => {
    const workerd = descendantsOf(tulle.process.pid ?? 0).find(({ name }) => name.startsWith('workerd'));
    expect(workerd).toBeDefined();
    process.kill(workerd?.id ?? 0, 'SIGKILL');
    await vi.waitFor(async () => expect(await inbox(tulle, 'crm')).toHaveLength(1), { timeout: 15_000, interval: 200 });
  }, 20_000);

  it('answers again after workerd has crashed while it was starting', async () => {
    const findWorkerd = () =>
      descendantsOf(tulle.process.pid ?? 0).find(({ name }) => name.startsWith('workerd') && name !== 'workerd.sh')?.id;
    const first = findWorkerd() ?? 0;
    process.kill(first, 'SIGKILL');
    const second = await vi.waitUntil(
      () => {
        const id = findWorkerd();
        return id === first ? undefined : id;
      },
      { timeout: 5_000, interval: 1 },
    );
    process.kill(second, 'SIGKILL');
    await vi.waitFor(async () => expect(await inbox(tulle, 'crm')).toHaveLength(1), { timeout: 20_000, interval: 200 });
    expect(tulle.output()).toContain('starting it anew');
  }, 30_000);

  it('refuses a second server on the same state folder', async () => {
    const { code, output } = await runTulle('dev', '--port', String(await freePort()), '--state', folder);
    expect(code).toBe(1);
    expect(output).toContain(`already, at ${tulle.url}`);
  }, 30_000);

  it('says so when the port is in use', async () => {
    const { code, output } = await runTulle('dev', '--port', String(port), '--state', `${folder}/other`);
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^Port ${port} is in use`, 'm'));
    expect(output).not.toContain('    at ');
  }, 30_000);

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends everything it started on %s, and keeps its state',
    async (signal) => {
      const { key } = tulle;
      const deleted = await call(tulle, 'DELETE', '/v1/admin/buses/default/rules/branches-to-legacy');
      expect([204, 404]).toContain(deleted.status);
      const started = descendantsOf(tulle.process.pid ?? 0);
      expect(started.length).toBeGreaterThan(0);

      await tulle.stop(signal);
      await vi.waitFor(() => expect(stillRunning(started)).toEqual([]), { timeout: 5_000, interval: 100 });

      tulle = await startTulle(folder, port);
      expect(tulle.key).toBe(key);
      expect(await inbox(tulle, 'crm')).toHaveLength(1);
      const rules = (await (await call(tulle, 'GET', '/v1/admin/buses/default/rules')).json()) as { items: unknown[] };
      // The first run seeds; what the reader deleted stays away.
      expect(rules.items).toHaveLength(4);
    },
    60_000,
  );

  it('leaves no workerd behind when Node is killed', async () => {
    const started = descendantsOf(tulle.process.pid ?? 0);
    await tulle.stop('SIGKILL');
    await vi.waitFor(() => expect(stillRunning(started)).toEqual([]), { timeout: 5_000, interval: 100 });
    await expect(fetch(`${tulle.url}/healthz`)).rejects.toThrow('fetch failed');
  }, 20_000);
});

describe('tulle', () => {
  it('names a wrong option or command and answers 2', async () => {
    const wrong = await runTulle('dev', '--prot', '1');
    expect(wrong.code).toBe(2);
    expect(wrong.output).toContain('Did you mean --port?');
    expect(await runTulle('dve')).toMatchObject({ code: 2 });
    expect(await runTulle('dev', '--port', '0')).toMatchObject({ code: 2 });
  }, 20_000);
});

interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

async function inbox(tulle: Tulle, receiver: string): Promise<readonly Received[]> {
  const response = await fetch(`${tulle.url}/demo/inbox?receiver=${receiver}`);
  return ((await response.json()) as { requests: Received[] }).requests;
}

function publish(tulle: Tulle, event: object): Promise<Response> {
  return call(tulle, 'POST', '/v1/events', event);
}

function call(tulle: Tulle, method: string, path: string, event?: object): Promise<Response> {
  return fetch(tulle.url + path, {
    method,
    headers: { authorization: `Bearer ${tulle.key}`, 'content-type': 'application/cloudevents+json' },
    ...(event === undefined ? {} : { body: JSON.stringify(event) }),
  });
}

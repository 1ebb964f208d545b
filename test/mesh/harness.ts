import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemoryQueue } from '../../adapters/memory/queue.ts';
import { createMemorySecrets } from '../../adapters/memory/secrets.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import { createMesh, type Mesh } from '../../adapters/mesh.ts';
import type { MasterKeys } from '../../mesh/connections/vault.ts';
import type { Source } from '../../mesh/connector/source.ts';
import type { FunctionSupport } from '../../mesh/functions/support.ts';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import type { Documents } from '../../mesh/ports/documents.ts';
import type { Snapshots } from '../../mesh/ports/snapshots.ts';
import type { SecondQueue } from '../../mesh/snapshot.ts';

export interface Received {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A whole mesh in memory, under a clock and with targets that the test owns. */
export interface Harness {
  readonly mesh: Mesh;
  now: number;
  /** What targets were sent, in order. */
  readonly received: Received[];
  /** What targets answer. */
  answer: (request: Received) => Response | Promise<Response>;
  /** Every failure that was reported. */
  readonly reported: unknown[];
  admin(method: string, path: string, body?: unknown): Promise<Response>;
  publish(event: unknown, options?: PublishOptions): Promise<Response>;
  /** Delivers what is due now; with `until`, moves the clock from retry to retry up to that time. */
  drain(until?: number): Promise<void>;
  deliveries(query?: string): Promise<LedgerRecord[]>;
}

/** What of it a mesh in another process has. */
export type RemoteHarness = Omit<Harness, 'mesh'>;

export interface PublishOptions {
  bus?: string;
  contentType?: string;
  key?: string;
  headers?: Record<string, string>;
}

export const adminKey = 'admin-key-of-the-test-suite';

export function createHarness(
  options: {
    secrets?: Record<string, string>;
    functions?: FunctionSupport;
    masterKeys?: MasterKeys;
    documents?: Documents;
    snapshots?: Snapshots;
    createQueue?: typeof createMemoryQueue;
    queues?: readonly SecondQueue[];
    sources?: readonly Source[];
  } = {},
): Harness {
  const received: Received[] = [];
  const reported: unknown[] = [];
  const { documents = createMemoryDocuments(), snapshots = createMemorySnapshots() } = options;
  const memory = (options.createQueue ?? createMemoryQueue)({
    consume: (messages, turn) => mesh.dispatch(messages, turn),
    now: () => harness.now,
    // Publishers wait by the clock of the test.
    async pause(milliseconds, signal) {
      const until = harness.now + milliseconds;
      while (harness.now < until && signal?.aborted !== true)
        await new Promise((resolve) => void setTimeout(resolve, 1));
    },
  });
  const report = (_message: string, error: unknown): void => void reported.push(error);

  const mesh = createMesh({
    documents,
    snapshots,
    secrets: createMemorySecrets(options.secrets ?? {}),
    queue: memory.queue,
    ledger: memory.ledger,
    deadLetters: memory.deadLetters,
    replays: memory.replays,
    waits: memory.waits,
    runtime: {
      now: () => harness.now,
      random: () => 0.5,
      pause: () => new Promise((resolve) => void setTimeout(resolve, 0)),
      async fetch(request) {
        const seen = { url: request.url, headers: request.headers, body: await request.text() };
        received.push(seen);
        return harness.answer(seen);
      },
      waitUntil: (work) => void work.catch((error: unknown) => report('', error)),
    },
    adminKey,
    verification: () => () => Promise.resolve({ checked: 0, differences: [] }),
    allowPrivateTargets: false,
    masterKeys: options.masterKeys ?? {},
    functions: options.functions ?? {},
    exactLength: false,
    queues: options.queues ?? [],
    sources: options.sources ?? [],
    report,
  });

  const harness: Harness = {
    mesh,
    now: 1_700_000_000_000,
    received,
    reported,
    answer: () => new Response(null, { status: 204 }),
    admin: (method, path, body) =>
      mesh.fetch(
        new Request(`https://mesh.test${path}`, {
          method,
          headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      ),
    publish: (event, { bus, key = adminKey, contentType, headers = {} } = {}) =>
      mesh.fetch(
        new Request(`https://mesh.test${bus === undefined ? '/v1/events' : `/v1/buses/${bus}/events`}`, {
          method: 'POST',
          headers: {
            ...headers,
            authorization: `Bearer ${key}`,
            'content-type': contentType ?? `application/cloudevents${Array.isArray(event) ? '-batch' : ''}+json`,
          },
          body: typeof event === 'string' ? event : JSON.stringify(event),
        }),
      ),
    async drain(until) {
      await memory.drain();
      for (
        let next = memory.nextAt();
        next !== undefined && until !== undefined && next <= until;
        next = memory.nextAt()
      ) {
        harness.now = Math.max(harness.now, next);
        await memory.drain();
      }
      const books = await memory.ledger.books?.({ tenant: 'default', bus: 'default', shard: 0 });
      if (books?.counted !== books?.pending) throw new Error(`the books do not balance: ${JSON.stringify(books)}`);
    },
    async deliveries(query = '') {
      const response = await this.admin('GET', `/v1/buses/default/deliveries?limit=1000&${query}`);
      return ((await response.json()) as { deliveries: LedgerRecord[] }).deliveries;
    },
  };
  return harness;
}

/** A bus with one rule for it, through the admin API. */
export async function withRule(
  harness: Pick<Harness, 'admin'>,
  rule: Record<string, unknown> = {},
  name = 'all',
): Promise<void> {
  await expectOk(await harness.admin('PUT', '/v1/admin/buses/default', {}));
  const response = await harness.admin('PUT', `/v1/admin/buses/default/rules/${name}`, {
    filter: { pattern: { source: ['/shop'] } },
    targets: [{ name: 'crm', http: { url: 'https://crm.example.com/hook' } }],
    ...rule,
  });
  await expectOk(response);
}

async function expectOk(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

export function createEvent(id = 'e1', more: Record<string, unknown> = {}): Record<string, unknown> {
  return { specversion: '1.0', id, source: '/shop', type: 'order.created', data: { amount: 12.5 }, ...more };
}

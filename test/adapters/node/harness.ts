import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createMemorySecrets } from '../../../adapters/memory/secrets.ts';
import { createMesh, type Mesh } from '../../../adapters/mesh.ts';
import { createSqliteDocuments } from '../../../adapters/node/documents.ts';
import { createOutbound } from '../../../adapters/node/outbound.ts';
import { startServer } from '../../../adapters/node/server.ts';
import { createSqlSnapshots } from '../../../adapters/node/snapshots.ts';
import { createNodeSql } from '../../../adapters/node/sql.ts';
import type { Documents } from '../../../mesh/ports/documents.ts';
import type { Queue } from '../../../mesh/ports/queue.ts';
import type { Replays } from '../../../mesh/ports/replays.ts';
import type { Snapshots } from '../../../mesh/ports/snapshots.ts';
import type { QueueHost, QueueUnderTest } from '../../conformance/queue.ts';
import { openSqlLog } from '../../conformance/sql-log.ts';
import { adminKey, type createHarness, type Harness, type Received } from '../../mesh/harness.ts';

/** What the mesh keeps, under the test's clock. */
export interface HarnessStorage {
  readonly documents: Documents;
  readonly snapshots: Snapshots;
  readonly queue: Queue;
  readonly log: Pick<QueueUnderTest, 'drain' | 'nextAt' | 'ledger' | 'deadLetters' | 'waits'> & { replays?: Replays };
  close(): Promise<void>;
}

/**
 * The mesh as it runs on Node: files on disk, a real server before it, and a real one behind it that all targets lead
 * to. Only the clock is the test's.
 */
export async function createNodeHarness(
  { secrets = {}, functions = {} }: Parameters<typeof createHarness>[0] = {},
  open: (host: QueueHost) => HarnessStorage | Promise<HarnessStorage> = openFiles,
): Promise<Harness> {
  const received: Received[] = [];
  const reported: unknown[] = [];
  const report = (_message: string, error: unknown): void => void reported.push(error);
  const storage = await open({
    now: () => harness.now,
    consume: (messages, task) => mesh.dispatch(messages, task),
  });
  const { log } = storage;
  const outbound = createOutbound({ allowPrivateTargets: true });
  const target = await startTarget(received, (seen) => harness.answer(seen));

  const mesh: Mesh = createMesh({
    documents: storage.documents,
    snapshots: storage.snapshots,
    secrets: createMemorySecrets(secrets),
    queue: storage.queue,
    ...(log.waits && { waits: log.waits }),
    ledger: log.ledger,
    deadLetters: log.deadLetters,
    ...(log.replays && { replays: log.replays }),
    runtime: {
      now: () => harness.now,
      random: () => 0.5,
      async fetch(request) {
        const headers = new Headers(request.headers);
        headers.set('x-called', request.url);
        const body = await request.arrayBuffer();
        return outbound.fetch(new Request(target.url, { method: request.method, headers, body, redirect: 'manual' }));
      },
      post: (request) =>
        outbound.post({ ...request, url: target.url, headers: { ...request.headers, 'x-called': request.url } }),
      pause: () => new Promise((resolve) => void setTimeout(resolve, 0)),
      waitUntil: (work) => void work.catch((error: unknown) => report('', error)),
    },
    adminKey,
    allowPrivateTargets: false,
    functions,
    exactLength: true,
    report,
  });
  const server = await startServer({ host: '127.0.0.1', port: 0, fetch: (request) => mesh.fetch(request) });

  async function send(
    method: string,
    path: string,
    key: string,
    contentType: string,
    body?: string,
    more: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(server.url + path, {
      method,
      headers: { ...more, authorization: `Bearer ${key}`, 'content-type': contentType },
      ...(body === undefined ? {} : { body }),
    });
  }

  const harness: Harness = {
    mesh,
    now: 1_700_000_000_000,
    received,
    reported,
    answer: () => new Response(null, { status: 204 }),
    admin: (method, path, body) =>
      send(method, path, adminKey, 'application/json', body === undefined ? undefined : JSON.stringify(body)),
    publish: (event, { bus, key = adminKey, contentType, headers } = {}) =>
      send(
        'POST',
        bus === undefined ? '/v1/events' : `/v1/buses/${bus}/events`,
        key,
        contentType ?? `application/cloudevents${Array.isArray(event) ? '-batch' : ''}+json`,
        typeof event === 'string' ? event : JSON.stringify(event),
        headers,
      ),
    async drain(until) {
      await log.drain();
      for (let next = log.nextAt(); next !== undefined && until !== undefined && next <= until; next = log.nextAt()) {
        harness.now = Math.max(harness.now, next);
        await log.drain();
      }
    },
    async deliveries(query = '') {
      const response = await this.admin('GET', `/v1/buses/default/deliveries?limit=1000&${query}`);
      return ((await response.json()) as { deliveries: Awaited<ReturnType<Harness['deliveries']>> }).deliveries;
    },
  };

  onTestFinished(async () => {
    await server.close(0);
    await outbound.close();
    target.server.closeAllConnections();
    target.server.close();
    await storage.close();
  });
  return harness;
}

function openFiles(host: QueueHost): HarnessStorage {
  const folder = mkdtempSync(join(tmpdir(), 'tulle-node-'));
  const documentsSql = createNodeSql(join(folder, 'documents.sqlite'));
  const logSql = createNodeSql(join(folder, 'log.sqlite'), { sync: 'asked' });
  const log = openSqlLog(host, () => logSql);
  return {
    documents: createSqliteDocuments(documentsSql),
    snapshots: createSqlSnapshots(documentsSql),
    queue: {
      append: ({ retentionSeconds, archiveSeconds }, entries) =>
        log.log().append(entries, retentionSeconds, archiveSeconds),
    },
    log,
    async close() {
      await Promise.all([documentsSql.close(), logSql.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}

async function startTarget(
  received: Received[],
  answer: Harness['answer'],
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer({ maxHeaderSize: 1_048_576 }, (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(request.headers)) {
        if (typeof value === 'string' && name !== 'x-called') headers.set(name, value);
      }
      const seen = { url: String(request.headers['x-called']), headers, body };
      received.push(seen);
      new Promise<Response>((resolve) => resolve(answer(seen)))
        .then(async (answered) => {
          response.writeHead(answered.status, Object.fromEntries(answered.headers));
          response.end(await answered.text());
        })
        // A target that breaks off.
        .catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

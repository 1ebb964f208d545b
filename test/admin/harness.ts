import { createAdminApi } from '../../admin/api.ts';
import { createLiveDocuments } from '../../admin/changes/live-documents.ts';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import { http } from '../../connectors/sinks/http.ts';
import { slack } from '../../connectors/sinks/slack.ts';
import type { ConnectionSupport } from '../../mesh/connections/authorize.ts';
import { createVault, type MasterKeys } from '../../mesh/connections/vault.ts';
import type { FunctionSupport } from '../../mesh/functions/support.ts';
import type { Documents } from '../../mesh/ports/documents.ts';
import type { Runtime } from '../../mesh/ports/runtime.ts';
import type { Snapshots } from '../../mesh/ports/snapshots.ts';
import type { SecondQueue, Snapshot } from '../../mesh/snapshot.ts';

export const adminKey = 'operator-key-for-tests-0123456789';

/** The base64 of 32 bytes. */
export const masterKey = btoa('master-key-of-the-test-suite-032');

export interface Harness {
  /** The store itself. */
  readonly documents: Documents;
  /** As everybody reads them. */
  readonly live: Documents;
  readonly snapshots: Snapshots;
  readonly clock: { now: number };
  /** What went to the log. */
  readonly failures: unknown[];
  readonly published: { tenant: string; bus: string; snapshot: Snapshot | undefined }[];
  readonly runtime: Runtime;
  readonly send: (request: Request) => Promise<Response>;
  /** Sends JSON as the operator, unless another key or other headers are given. */
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  /** Creates a key and answers it. */
  readonly keyFor: (role: string, buses: readonly string[], more?: object) => Promise<string>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // What a test asserts on is whatever came.
  readonly json: Json;
}

export interface Json {
  readonly [name: string]: Json;
  readonly [index: number]: Json;
}

export function createHarness(
  ports: {
    documents?: Documents;
    snapshots?: Snapshots;
    adminKey?: string | undefined;
    functions?: FunctionSupport;
    masterKeys?: MasterKeys;
    connections?: ConnectionSupport;
    queues?: readonly SecondQueue[];
  } = {},
): Harness {
  const documents = ports.documents ?? createMemoryDocuments();
  const snapshots = ports.snapshots ?? createMemorySnapshots();
  const clock = { now: Date.parse('2030-01-01T00:00:00Z') };
  const failures: unknown[] = [];
  const published: Harness['published'] = [];
  const runtime: Runtime = {
    now: () => clock.now,
    random: () => 0.5,
    pause: () => new Promise((resolve) => void setTimeout(resolve, 0)),
    fetch: () => Promise.reject(new Error('The admin API calls nobody.')),
    waitUntil: (work) => {
      work.catch((error: unknown) => failures.push(error));
    },
  };
  const api = createAdminApi({
    documents,
    snapshots,
    sinks: [http, slack],
    policy: { allowPrivateTargets: false },
    adminKey: 'adminKey' in ports ? ports.adminKey : adminKey,
    runtime,
    functions: ports.functions ?? {},
    vault: createVault(ports.masterKeys ?? { current: masterKey }),
    connections: ports.connections ?? {},
    queues: ports.queues ?? [],
    onPublished: (tenant, bus, snapshot) => published.push({ tenant, bus, snapshot }),
  });
  const send = async (request: Request): Promise<Response> => api.fetch(request);
  const call: Harness['call'] = async (method, path, { body, key = adminKey, headers = {} } = {}) => {
    const response = await send(
      new Request(`https://tulle.example/v1/admin${path}`, {
        method,
        headers: {
          ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    const json = text === '' ? {} : JSON.parse(text);
    return { status: response.status, headers: response.headers, text, json };
  };
  return {
    documents,
    live: createLiveDocuments(documents),
    snapshots,
    clock,
    failures,
    published,
    runtime,
    send,
    call,
    async keyFor(role, buses, more = {}) {
      const { json } = await call('POST', '/keys', { body: { role, buses, ...more } });
      return json['key'] as unknown as string;
    },
  };
}

/** In order, for what ran at the same time. */
export function statusesOf(answers: readonly Answer[]): number[] {
  return answers.map(({ status }) => status).toSorted((a, b) => a - b);
}

export const ruleBody = {
  filter: { pattern: { type: ['order.created'] } },
  targets: [{ name: 'crm', http: { url: 'https://crm.example/hooks' } }],
};

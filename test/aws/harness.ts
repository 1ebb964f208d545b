import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { LambdaRunner } from '../../cli/lambda/runner.ts';
import { adminKey } from './start.ts';
import { startTarget } from './target.ts';
import type { PublishOptions, Received, RemoteHarness } from '../mesh/harness.ts';

/** How long a delivery, with its retries, may take on a busy machine. */
const PATIENCE_MS = 40_000;

const LATE_MS = 3_000;

/**
 * The packaged functions as a harness: everything goes by HTTP, targets are on this machine whatever their address says,
 * and time is real. Each harness has a bus of its own, which the test calls `default`.
 */
export async function createPackagedHarness(runner: LambdaRunner): Promise<RemoteHarness> {
  const bus = `bus-${crypto.randomUUID().slice(0, 8)}`;
  const received: Received[] = [];
  const target = await startTarget();
  onTestFinished(() => target.stop());
  target.respond = async ({ path, headers, body }) => {
    const seen = { url: `https://${path.slice(1)}`, headers: new Headers(withoutEmpty(headers)), body };
    received.push(seen);
    return harness.answer(seen);
  };

  function ask(method: string, path: string, key: string, headers: Record<string, string>, body?: string) {
    return fetch(runner.url + path.replace('/buses/default', `/buses/${bus}`), {
      method,
      headers: { authorization: `Bearer ${key}`, ...headers },
      ...(body === undefined ? {} : { body: body.replaceAll('"url":"https://', `"url":"${target.url}/`) }),
    });
  }

  async function isQuiet(): Promise<boolean> {
    const response = await ask('GET', '/v1/buses/default/books', adminKey, {});
    const books = (await response.json()) as { balanced: boolean; pending: number; planned: number };
    if (books.pending > 0 || books.planned < published) return false;
    // The books know nothing of what SQS holds: what was put off comes a little after its time.
    const path = '/v1/buses/default/deliveries?limit=1000&status=retrying';
    const answer = (await (await ask('GET', path, adminKey, {})).json()) as {
      deliveries: { nextAt?: number | string }[];
    };
    return answer.deliveries.every(({ nextAt = 0 }) => new Date(nextAt).getTime() < Date.now() - LATE_MS);
  }
  let published = 0;

  const harness: RemoteHarness = {
    now: Date.now(),
    received,
    answer: () => new Response(null, { status: 204 }),
    reported: [],
    admin: (method, path, body) =>
      ask(
        method,
        path,
        adminKey,
        { 'content-type': 'application/json' },
        body === undefined ? undefined : JSON.stringify(body),
      ),
    async publish(event, { key = adminKey, contentType, headers = {} }: PublishOptions = {}) {
      const type = contentType ?? `application/cloudevents${Array.isArray(event) ? '-batch' : ''}+json`;
      const text = typeof event === 'string' ? event : JSON.stringify(event);
      const response = await ask('POST', '/v1/buses/default/events', key, { ...headers, 'content-type': type }, text);
      const answer = (await response.clone().json()) as { events?: { matched: number }[] };
      for (const { matched } of answer.events ?? []) published += matched;
      return response;
    },
    /** Until everything that was planned has ended; without a time, until a moment after nothing comes any more. */
    async drain(until) {
      const deadline = Date.now() + PATIENCE_MS;
      for (let calls = -1, still = 0; Date.now() < deadline; still = received.length === calls ? still + 1 : 0) {
        if (await isQuiet()) return;
        if (until === undefined && calls === received.length && still >= 4 && received.length > 0) return;
        calls = received.length;
        await pause(100);
      }
    },
    async deliveries(query = '') {
      const response = await this.admin('GET', `/v1/buses/default/deliveries?limit=1000&${query}`);
      return ((await response.json()) as { deliveries: Awaited<ReturnType<RemoteHarness['deliveries']>> }).deliveries;
    },
  };
  return harness;
}

function withoutEmpty(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

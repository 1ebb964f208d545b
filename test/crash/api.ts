import { setTimeout as pause } from 'node:timers/promises';
import type { BusBooks } from '../../mesh/bus-books.ts';
import type { CrashMesh } from './mesh.ts';

const ANSWER_MS = 60_000;
/** What is asked anew may be asked anew for so long: a process starts, a database is recovering. */
const AGAIN_MS = 240_000;

/** A call that may be made twice, for as long as nobody answers it. */
export async function call(
  mesh: Pick<CrashMesh, 'url' | 'key'>,
  method: 'GET' | 'PUT',
  path: string,
  body?: object,
): Promise<unknown> {
  const giveUpAt = performance.now() + AGAIN_MS;
  for (;;) {
    const answer = await ask(mesh, method, path, body).catch((error: unknown) => String(error));
    if (typeof answer !== 'string' && answer.status < 300) return answer.body;
    const said = typeof answer === 'string' ? answer : `${answer.status} ${JSON.stringify(answer.body)}`;
    const mayPass = typeof answer === 'string' || answer.status === 503;
    if (!mayPass || performance.now() > giveUpAt) throw new Error(`${method} ${path}: ${said}`);
    await pause(200);
  }
}

/** Says why the mesh did not take the events; `undefined`: it did. */
export async function publish(
  { url, key }: Pick<CrashMesh, 'url' | 'key'>,
  events: readonly object[],
): Promise<string | undefined> {
  const response = await fetch(`${url()}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(events),
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const text = await response.text();
  return response.status === 202 ? undefined : `${response.status} ${text.slice(0, 200)}`;
}

export async function readBooks(mesh: Pick<CrashMesh, 'url' | 'key'>): Promise<BusBooks> {
  return (await call(mesh, 'GET', '/v1/buses/default/books')) as BusBooks;
}

async function ask(
  { url, key }: Pick<CrashMesh, 'url' | 'key'>,
  method: string,
  path: string,
  body: object | undefined,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(url() + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(ANSWER_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

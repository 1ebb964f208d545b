import type { Mesh } from '../../adapters/mesh.ts';
import type { PostRequest, Runtime } from '../../mesh/ports/runtime.ts';

/** Publishes events of a kilobyte, so many in a request, to a bus with one rule and one target. */
export interface Scenario {
  readonly events: number;
  /** Events in a request. */
  readonly batch: number;
  /** Requests that come in before anything is delivered: under load deliveries are batched. */
  readonly together: number;
}

export const scenarios: readonly Scenario[] = [
  { events: 60, batch: 1, together: 1 },
  { events: 300, batch: 1, together: 10 },
  { events: 400, batch: 10, together: 1 },
  { events: 2_000, batch: 10, together: 10 },
  { events: 2_000, batch: 100, together: 1 },
];

export const adminKey = 'the-key-of-the-cost-benchmark';

/** A runtime whose targets take everything at once. */
export function createRuntime(): Runtime & { readonly delivered: () => number } {
  let delivered = 0;
  return {
    delivered: () => delivered,
    now: () => Date.now(),
    random: () => Math.random(),
    pause: (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds)),
    waitUntil: (work) => void work.catch((error: unknown) => console.error(error)),
    fetch: () => Promise.reject(new Error('targets are posted to')),
    post(_request: PostRequest) {
      delivered += 1;
      return Promise.resolve({ status: 204, text: '' });
    },
  };
}

export async function setUp(mesh: Mesh): Promise<void> {
  const rule = {
    filter: { pattern: { source: ['/shop'] } },
    targets: [{ name: 'crm', http: { url: 'https://crm.example.com/' } }],
  };
  await ask(mesh, 'PUT', '/v1/admin/buses/default', {});
  await ask(mesh, 'PUT', '/v1/admin/buses/default/rules/all', rule);
}

/** Runs it, and proves that every event was delivered. */
export async function run(
  scenario: Scenario,
  mesh: Mesh,
  { drain, delivered }: { readonly drain: () => Promise<void>; readonly delivered: () => number },
): Promise<void> {
  const before = delivered();
  let sent = 0;
  while (sent < scenario.events) {
    await Promise.all(
      Array.from({ length: scenario.together }, () => {
        const events = Array.from({ length: scenario.batch }, () => createEvent(`e${sent++}`));
        return ask(mesh, 'POST', '/v1/events', events, 'application/cloudevents-batch+json');
      }),
    );
    await drain();
  }
  const arrived = delivered() - before;
  if (arrived !== sent) throw new Error(`${sent} events were published and ${arrived} delivered`);
}

async function ask(mesh: Mesh, method: string, path: string, body: unknown, type = 'application/json'): Promise<void> {
  const request = new Request(`http://localhost${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': type },
    body: JSON.stringify(body),
  });
  const response = await mesh.fetch(request);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

/** A kilobyte as JSON. */
function createEvent(id: string): object {
  const event = { specversion: '1.0', id, source: '/shop', type: 'order.created', data: { text: '' } };
  const random = Array.from({ length: 260 }, () => Math.random().toString(36).slice(2, 6)).join('');
  event.data.text = random.slice(0, 1_024 - JSON.stringify(event).length);
  return event;
}

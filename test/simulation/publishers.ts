import type { DeliveryStanding } from '../../mesh/publish/standings.ts';
import { busOf, type Message, type Told } from './oracle-facts.ts';
import type { BusPlan, RequestPlan } from './plan.ts';
import type { Platform } from './platform.ts';
import type { World } from './world.ts';

/** How long a publisher waits for its answer. */
const PATIENCE_MS = 10_000;
/** What an answer may take beside the wait that its publisher asked for. */
const ANSWER_MS = 5_000;
/** After that many attempts it gives up, and may never know. */
const ATTEMPTS = 6;

interface Answer {
  readonly status: number;
  readonly events: readonly (Told & { readonly deliveries?: readonly DeliveryStanding[] })[];
}

const nobodyHangsUp = { addEventListener: () => {}, removeEventListener: () => {} };

/** Publishers send one request after the other, and each again while no answer comes. */
export function startPublishers(world: World, platform: Platform): { readonly areDone: () => boolean } {
  let busy = 0;
  let requests = 0;
  const { scheduler, random, oracle } = world;

  async function work(bus: BusPlan, publisher: number, plans: readonly RequestPlan[]): Promise<void> {
    for (const [index, plan] of plans.entries()) {
      await wait(plan.waitMs);
      await publish(bus, `${publisher}-${index}`, plan);
    }
    busy -= 1;
  }

  async function publish(bus: BusPlan, name: string, plan: RequestPlan): Promise<void> {
    const request = requests++;
    const isOnce = bus.settings.deduplicationSeconds !== undefined;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const place = { request, attempt: isOnce ? 1 : attempt };
      const messages = plan.events.map((event, index) =>
        oracle.published(bus, `${name}-${index}`, { ...place, index }, event),
      );
      // Where the mesh knows what came before, publishers say things twice.
      if (isOnce && random.chance(0.2)) messages.push(random.pick(messages));
      const isAnswered = await send(bus, messages, plan);
      if (isAnswered && !(isOnce && random.chance(0.4))) return;
      await wait(random.between(0, 500));
    }
  }

  /** Whether the request is answered for good. */
  async function send(bus: BusPlan, messages: readonly Message[], plan: RequestPlan): Promise<boolean> {
    world.note('publish', messages.map(({ source, id }) => `${source} ${id}`).join(', '));
    try {
      const answer = await answerOf(bus, messages, plan);
      if (answer === undefined) return false;
      for (const [index, message] of messages.entries()) {
        const { deliveries = [] } = answer.events[index] ?? {};
        oracle.acknowledged(message, answer.events[index]);
        oracle.told(message, deliveries, answer.status === 200);
      }
      world.note('ack', messages.map(({ source, id }) => `${source} ${id}`).join(', '));
      return true;
    } catch (error) {
      world.note('no answer', String(error));
      // There is no such bus: that is an answer, too.
      return error instanceof Error && 'code' in error && error.code === 'bus_not_found';
    }
  }

  function answerOf(
    bus: BusPlan,
    messages: readonly Message[],
    { prefersWait }: RequestPlan,
  ): Promise<Answer | undefined> {
    const { delayMs, answerLost, drop } = world.plan.trouble;
    return new Promise((resolve, reject) => {
      scheduler.after(PATIENCE_MS, () => resolve(undefined));
      if (world.mishap(drop)) return;
      scheduler.after(random.between(0, delayMs), () => {
        const requested = platform.request(toRequest(bus, messages, prefersWait), bus.bus);
        if (prefersWait !== undefined) watch(requested, messages, prefersWait * 1_000 + ANSWER_MS);
        requested.then(async (response) => {
          // To read each answer would be a tenth of the whole simulation.
          const isRead = prefersWait !== undefined || random.chance(0.1);
          const { events } = isRead ? ((await response.json()) as Pick<Answer, 'events'>) : { events: [] };
          const answer = { status: response.status, events };
          if (!world.mishap(answerLost)) scheduler.after(random.between(0, delayMs), () => resolve(answer));
        }, reject);
      });
    });
  }

  /** However a wait ends, it ends in time, unless its process dies. */
  function watch(requested: Promise<unknown>, [message]: readonly Message[], milliseconds: number): void {
    let over = false;
    const end = (): void => void (over = true);
    requested.then(end, end);
    scheduler.after(milliseconds, () => {
      if (!over && message !== undefined) oracle.waited(message, milliseconds);
    });
  }

  function wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => scheduler.after(milliseconds, () => resolve()));
  }

  for (const bus of world.plan.buses) {
    for (const [index, plans] of bus.publishers.entries()) {
      busy += 1;
      void work(bus, index, plans);
    }
  }
  return { areDone: () => busy === 0 };
}

/** As light as what Node's server hands over: headers, and a body that is taken at once. */
function toRequest(bus: BusPlan, messages: readonly Message[], prefersWait: number | undefined): Request {
  const texts = messages.map(({ id, source, event, expiry }) =>
    JSON.stringify({
      specversion: '1.0',
      id,
      source,
      type: event.type,
      ...(event.key === undefined ? {} : { partitionkey: event.key }),
      ...(expiry === Infinity ? {} : { expirytime: new Date(expiry).toISOString() }),
      datacontenttype: 'application/json',
      data: event.data,
    }),
  );
  const isBatch = texts.length > 1;
  const body = new TextEncoder().encode(isBatch ? `[${texts.join(',')}]` : texts.join(''));
  const headers = new Map([
    ['authorization', bus.tenant],
    ['content-type', `application/cloudevents${isBatch ? '-batch' : ''}+json`],
    ['content-length', String(body.length)],
    ...(prefersWait === undefined ? [] : [['prefer', `wait=${prefersWait}`] as const]),
  ]);
  const light = {
    headers: {
      get: (name: string) => headers.get(name) ?? null,
      has: (name: string) => headers.has(name),
      keys: () => headers.keys(),
    },
    arrayBuffer: () => Promise.resolve(body),
    signal: nobodyHangsUp,
    url: `https://mesh.test/v1/buses/${busOf(bus)}/events`,
  };
  return light as unknown as Request;
}

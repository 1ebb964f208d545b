import { describe, expect, it } from 'vitest';
import type { Accepted } from '../../mesh/ingress.ts';
import { createEvent, type createHarness, type Harness, withRule } from '../mesh/harness.ts';

/** What becomes of events that come again to a bus with `deduplication`, on every platform alike. */
export function describeDeduplication(
  platform: string,
  create: (...options: Parameters<typeof createHarness>) => Harness | Promise<Harness>,
): void {
  async function createBus(settings: Record<string, unknown> = {}, rule?: Record<string, unknown>): Promise<Harness> {
    const harness = await create();
    await withRule(harness, rule);
    const bus = { deduplication: { window: '1h' }, ...settings };
    expect((await harness.admin('PUT', '/v1/admin/buses/default', bus)).status).toBe(200);
    return harness;
  }

  describe(`a bus with deduplication: ${platform}`, () => {
    it('leaves out what comes again, and says so, until the window is over', async () => {
      const harness = await createBus();
      expect(await publish(harness, createEvent())).toEqual([{ id: 'e1', matched: 1 }]);
      const again = createEvent('e1', { data: 'another', type: 'order.changed' });
      expect(await publish(harness, again)).toEqual([{ id: 'e1', matched: 1, duplicate: true }]);
      await harness.drain();
      harness.now += 3_599_999;
      expect(await publish(harness, again)).toEqual([{ id: 'e1', matched: 1, duplicate: true }]);
      await harness.drain();
      expect(harness.received.map(({ body }) => body)).toEqual(['{"amount":12.5}']);
      harness.now += 1;
      expect(await publish(harness, again)).toEqual([{ id: 'e1', matched: 1 }]);
      await harness.drain();
      expect(harness.received.map(({ body }) => body)).toEqual(['{"amount":12.5}', '"another"']);
      expect(harness.reported).toEqual([]);
    });

    it('knows events by source and id together', async () => {
      const harness = await createBus({}, { filter: { pattern: { type: ['order.created'] } } });
      // Put together without care, these are one text.
      await publish(harness, createEvent('/b/c', { source: '/a' }));
      expect(await publish(harness, createEvent('/c', { source: '/a/b' }))).toEqual([{ id: '/c', matched: 1 }]);
      expect(await publish(harness, createEvent('c', { source: '/a' }))).toEqual([{ id: 'c', matched: 1 }]);
      expect(await publish(harness, createEvent('C', { source: '/a' }))).toEqual([{ id: 'C', matched: 1 }]);
      await harness.drain();
      expect(harness.received).toHaveLength(4);
    });

    it('leaves out of a batch what is known, and what is in it twice', async () => {
      const harness = await createBus();
      await publish(harness, createEvent('e2'));
      const batch = ['e1', 'e2', 'e3', 'e1'].map((id, index) => createEvent(id, { data: index }));
      expect(await publish(harness, batch)).toEqual([
        { id: 'e1', matched: 1 },
        { id: 'e2', matched: 1, duplicate: true },
        { id: 'e3', matched: 1 },
        { id: 'e1', matched: 1, duplicate: true },
      ]);
      await harness.drain();
      expect(harness.received.map(({ body }) => body)).toEqual(['{"amount":12.5}', '0', '2']);
    });

    it('has one first among publishers that send at once', async () => {
      const harness = await createBus();
      const answers = await Promise.all(Array.from({ length: 20 }, () => publish(harness, createEvent())));
      expect(answers.flat().filter(({ duplicate }) => duplicate === undefined)).toHaveLength(1);
      await harness.drain();
      expect(harness.received).toHaveLength(1);
    });

    it('does not know an event that matched nothing', async () => {
      const harness = await createBus({}, { enabled: false });
      expect(await publish(harness, createEvent())).toEqual([{ id: 'e1', matched: 0 }]);
      await putRule(harness, 'more', [{ name: 'crm', http: { url: 'https://crm.example.com/' } }]);
      expect(await publish(harness, createEvent())).toEqual([{ id: 'e1', matched: 1 }]);
      await harness.drain();
      expect(harness.received).toHaveLength(1);
    });

    it('reaches targets on several shards, and later those on a shard that never had the event', async () => {
      const target = (name: string, more: object = {}) => ({
        name,
        http: { url: `https://${name}.example.com/` },
        ...more,
      });
      const rates = Array.from({ length: 8 }, (_, index) => target(`rated${index}`, { rateLimit: { perSecond: 50 } }));
      const harness = await createBus({ shards: 8 }, { targets: [target('direct'), target('ordered'), rates[0]] });
      expect(await publish(harness, createEvent())).toEqual([{ id: 'e1', matched: 1 }]);
      expect(await publish(harness, createEvent())).toEqual([{ id: 'e1', matched: 1, duplicate: true }]);
      await harness.drain(harness.now + 10_000);
      expect(names(harness)).toEqual(['direct', 'ordered', 'rated0']);
      await putRule(harness, 'more', rates);
      expect(await publish(harness, createEvent())).toEqual([{ id: 'e1', matched: 2 }]);
      expect(await publish(harness, createEvent())).toEqual([{ id: 'e1', matched: 2, duplicate: true }]);
      await harness.drain(harness.now + 10_000);
      // Lanes of these eight names lie on several shards: at least one that had the event, and one that had not.
      const before = new Set(['direct', 'ordered', 'rated0']);
      const more = names(harness).filter((name) => !before.has(name));
      expect(more.length).toBeGreaterThan(0);
      expect(new Set(more).size).toBe(more.length);
    });

    it('takes all that its targets reply with, which no publisher would be told of', async () => {
      const harness = await createBus(
        {},
        { targets: [{ name: 'crm', http: { url: 'https://crm.example.com/', reply: true } }] },
      );
      const log = { name: 'log', http: { url: 'https://log.example.com/' } };
      await putRule(harness, 'replies', [log], { pattern: { source: ['/reply'] } });
      harness.answer = ({ url }) =>
        url.includes('crm')
          ? Response.json(createEvent('same', { source: '/reply' }), {
              headers: { 'content-type': 'application/cloudevents+json' },
            })
          : new Response(null, { status: 204 });
      await publish(harness, [createEvent('e1'), createEvent('e2')]);
      await harness.drain(harness.now + 10_000);
      expect(names(harness).toSorted()).toEqual(['crm', 'crm', 'log', 'log']);
    });
  });

  describe(`a bus without deduplication: ${platform}`, () => {
    it('takes an event as often as it comes', async () => {
      const harness = await create();
      await withRule(harness);
      expect(await publish(harness, [createEvent(), createEvent()])).toEqual([
        { id: 'e1', matched: 1 },
        { id: 'e1', matched: 1 },
      ]);
      expect(await publish(harness, createEvent())).toEqual([{ id: 'e1', matched: 1 }]);
      await harness.drain();
      expect(harness.received).toHaveLength(3);
    });
  });
}

async function publish(harness: Harness, events: unknown): Promise<Accepted['events']> {
  const response = await harness.publish(events);
  expect(response.status).toBe(202);
  return ((await response.json()) as Accepted).events;
}

async function putRule(
  harness: Harness,
  name: string,
  targets: readonly unknown[],
  filter: unknown = { pattern: { source: ['/shop'] } },
): Promise<void> {
  const response = await harness.admin('PUT', `/v1/admin/buses/default/rules/${name}`, { filter, targets });
  expect(response.status).toBe(201);
}

/** The first part of the hosts that were called. */
function names({ received }: Harness): string[] {
  return received.map(({ url }) => new URL(url).hostname.split('.')[0] ?? '');
}

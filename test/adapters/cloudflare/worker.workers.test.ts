import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { admin, deliveries, publish } from './client.ts';

/** What the target got; outbound requests of the Worker end here. */
let received: { url: string; headers: Headers; body: string }[];
let answer: () => Response;

beforeEach(() => {
  received = [];
  answer = () => new Response(null, { status: 204 });
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    received.push({ url: request.url, headers: request.headers, body: await request.text() });
    return answer();
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the Worker', () => {
  it('takes an event in, matches it, masks it and delivers it', async () => {
    await createBus('walk', { steps: [{ redact: { paths: ['data.phone'], with: { mask: 'keep-last-4' } } }] });
    const response = await publish('walk', event('e1', { phone: '+49 151 12345678' }));
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ accepted: 1, events: [{ id: 'e1', matched: 1 }] });
    await vi.waitFor(() => expect(received).toHaveLength(1), 5_000);
    expect(received[0]?.headers.get('ce-id')).toBe('e1');
    expect(received[0]?.body).toMatch(/5678"\}$/);
    expect(received[0]?.body).not.toContain('1234');
    await vi.waitFor(async () => {
      expect(await deliveries('walk')).toMatchObject([{ eventId: 'e1', status: 'delivered', attempt: 1 }]);
    }, 5_000);
  }, 20_000);

  it('tries again by itself when a target fails, until it takes the event', async () => {
    await createBus('again');
    let failures = 1;
    answer = () => new Response(null, { status: failures-- > 0 ? 503 : 204 });
    await publish('again', event('e1'));
    await vi.waitFor(() => expect(received).toHaveLength(2), 20_000);
    await vi.waitFor(async () => {
      expect((await deliveries('again')).map((record) => record.status)).toEqual(['delivered', 'retrying']);
    }, 5_000);
  }, 30_000);

  it('leaves out what comes again to a bus with deduplication', async () => {
    await createBus('once', {}, { shards: 4, deduplication: { window: '1h' } });
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => (await publish('once', event('e1'))).json<{ events: object[] }>()),
    );
    const told = answers.flatMap(({ events }) => events);
    expect(told.filter((one) => 'duplicate' in one)).toHaveLength(7);
    await vi.waitFor(() => expect(received).toHaveLength(1), 5_000);
    expect(await (await publish('once', event('e1'))).json()).toMatchObject({ events: [{ duplicate: true }] });
    expect(received).toHaveLength(1);
  }, 20_000);

  it('is shut without a key, and says how to open', async () => {
    const response = await exports.default.fetch('https://mesh.test/v1/events', { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'authentication_required', mend: expect.any(String) });
  });

  it.each([
    { bus: 'load', settings: {}, events: 3_000, most: 0.3 },
    // A claim is a row an event, and one more when it is deleted.
    { bus: 'load-once', settings: { deduplication: {} }, events: 1_000, most: 2.5 },
  ])(
    'writes at most $most billed rows an event under load, the later clean-up counted in, with $settings',
    async (load) => {
      const { bus, settings, events, most } = load;
      const target = { name: 'batch', http: { url: 'https://sink.example.com/', content: 'batch' } };
      await createBus(bus, { targets: [target] }, settings);
      const log = env.LOG.getByName(`default/${bus}/0`);
      let sent = 0;
      async function client(): Promise<void> {
        while (sent < events) {
          const response = await publish(bus, event(`e${sent++}`));
          expect(response.status).toBe(202);
          await response.arrayBuffer();
        }
      }
      await Promise.all(Array.from({ length: 32 }, client));
      await vi.waitFor(() => {
        const delivered = received.reduce((sum, { body }) => sum + (JSON.parse(body) as unknown[]).length, 0);
        expect(delivered).toBeGreaterThanOrEqual(events);
      }, 10_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
      const written = await log.rowsWritten();
      // Each row that is kept is deleted once, when its time is over.
      const kept = await log.rowsKept();
      const perEvent = (written + kept) / events;
      console.log(
        `billed rows an event, ${bus}: ${perEvent.toFixed(3)} (${written} written, ${kept} to be deleted, ${events} events)`,
      );
      expect(perEvent).toBeLessThanOrEqual(most);
    },
    60_000,
  );
});

function event(id: string, data: unknown = { amount: 1 }): Record<string, unknown> {
  return { specversion: '1.0', id, source: '/shop', type: 'order.created', data };
}

async function createBus(bus: string, rule: Record<string, unknown> = {}, settings: object = {}): Promise<void> {
  await admin(`/v1/admin/buses/${bus}`, settings);
  await admin(`/v1/admin/buses/${bus}/rules/all`, {
    filter: { pattern: { source: ['/shop'] } },
    targets: [{ name: 'crm', http: { url: 'https://crm.example.com/hook' } }],
    ...rule,
  });
}

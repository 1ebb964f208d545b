import { describe, expect, it } from 'vitest';
import { createEvent, createHarness, type Harness, withRule } from './harness.ts';

const read = async (harness: Harness, bus = 'default'): Promise<unknown> =>
  (await harness.admin('GET', `/v1/buses/${bus}/books`)).json();

describe('GET /v1/buses/{bus}/books', () => {
  it('says what became of every delivery, by target and by shard', async () => {
    const harness = createHarness();
    await withRule(harness);
    harness.answer = ({ headers }) => new Response(null, { status: headers.get('ce-id') === 'e1' ? 204 : 400 });
    await harness.publish([createEvent('e1'), createEvent('e2')]);
    expect(await read(harness)).toMatchObject({ balanced: true, planned: 2, pending: 2, delivered: 0 });
    await harness.drain();
    const totals = {
      planned: 2,
      delivered: 1,
      deadLettered: 1,
      disabled: 0,
      expired: 0,
      filtered: 0,
      quarantined: 0,
      pending: 0,
      balanced: true,
    };
    expect(await read(harness)).toEqual({
      bus: 'default',
      ...totals,
      targets: { 'all/crm': { delivered: 1, deadLettered: 1 } },
      shards: [{ shard: 0, ...totals }],
    });
  });

  it('counts a dead letter that is put back as a new delivery', async () => {
    const harness = createHarness();
    await withRule(harness);
    harness.answer = () => new Response(null, { status: 400 });
    await harness.publish(createEvent());
    await harness.drain();
    harness.answer = () => new Response(null, { status: 204 });
    await harness.admin('POST', '/v1/buses/default/dead-letters:redrive');
    await harness.drain();
    expect(await read(harness)).toMatchObject({
      balanced: true,
      planned: 2,
      delivered: 1,
      deadLettered: 1,
      pending: 0,
    });
  });

  it('is for viewers of the bus, and takes no other method', async () => {
    const harness = createHarness();
    await withRule(harness);
    expect((await harness.mesh.fetch(new Request('https://mesh.test/v1/buses/default/books'))).status).toBe(401);
    expect((await harness.admin('GET', '/v1/buses/nowhere/books')).status).toBe(404);
    expect((await harness.admin('POST', '/v1/buses/default/books', {})).status).toBe(405);
  });
});

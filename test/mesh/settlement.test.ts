import { describe, expect, it } from 'vitest';
import { createTally, type End, type Tally } from '../../mesh/books.ts';
import type { Turn } from '../../mesh/ports/consumer.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import { createEvent, createHarness, type Harness, withRule } from './harness.ts';

/** An RPC on Workers takes 32 MiB, and a text that is not all ASCII has two bytes a unit in it. */
const rpcLength = (32 * 1_048_576) / 2;

/** As large as an event may be, and doubled by every JSON around it. */
const large = createEvent('e1', { data: `漢${'\\'.repeat(520_000)}` });

describe('what one dispatch answers', () => {
  it('fits into an RPC when the largest event fails at all the targets of a rule', async () => {
    const harness = createHarness();
    const settlements = watchSettlements(harness);
    await withRule(harness, { targets: createTargets(20) });
    harness.answer = () => new Response('no', { status: 500 });
    expect((await harness.publish(large)).status).toBe(202);
    await harness.drain(harness.now + 3_600_000);
    for (const settlement of settlements) expect(JSON.stringify(settlement).length).toBeLessThan(rpcLength);
    expect(await harness.deliveries('status=dead-lettered')).toHaveLength(20);
    expect(harness.received).toHaveLength(40);
  }, 30_000);

  it('fits into an RPC when a step of every rule fails on the largest event', async () => {
    const harness = createHarness();
    const settlements = watchSettlements(harness);
    const steps = [{ transform: { jsonata: 'data.there.is.nothing' } }];
    for (let number = 0; number < 20; number++) await withRule(harness, { steps }, `rule-${number}`);
    await harness.publish(large);
    await harness.drain(harness.now + 3_600_000);
    for (const settlement of settlements) expect(JSON.stringify(settlement).length).toBeLessThan(rpcLength);
    expect(await harness.deliveries('status=dead-lettered')).toHaveLength(20);
  }, 30_000);

  it('fits into an RPC when thousands of small events fail at length, between others that are taken', async () => {
    const harness = createHarness();
    const settlements = watchSettlements(harness);
    for (let number = 0; number < 2; number++)
      await withRule(harness, { targets: createTargets(20) }, `rule-${number}`);
    harness.answer = ({ headers }) => {
      const isTaken = Number(headers.get('ce-id')) % 2 === 0;
      // Each quote is two characters in JSON.
      return isTaken ? new Response(null, { status: 204 }) : new Response('"'.repeat(600), { status: 500 });
    };
    await harness.publish(Array.from({ length: 600 }, (_, number) => createEvent(String(number))));
    await harness.drain();
    const lengths = settlements.map((settlement) => JSON.stringify(settlement).length);
    expect(Math.max(...lengths)).toBeLessThan(rpcLength);
    expect(harness.received).toHaveLength(24_000);
  }, 60_000);

  it('is in one piece where the targets take the events', async () => {
    const harness = createHarness();
    const settlements = watchSettlements(harness);
    await withRule(harness, { targets: createTargets(20) });
    await harness.publish(large);
    await harness.drain();
    expect(settlements).toHaveLength(1);
    expect(harness.received).toHaveLength(20);
    expect(await harness.deliveries('status=delivered')).toHaveLength(20);
  }, 30_000);
});

function watchSettlements({ mesh }: Harness): Settlement[] {
  const settlements: Settlement[] = [];
  const { dispatch } = mesh;
  Object.assign(mesh, {
    dispatch: async (messages: readonly string[], turn?: Turn) => {
      if (turn !== undefined) {
        const settlement = await dispatch(messages, turn);
        settlements.push(settlement);
        return settlement;
      }
      // The log hands retries out one by one.
      const answers = await Promise.all(messages.map((message) => dispatch([message])));
      settlements.push(...answers);
      return {
        retries: answers.flatMap(({ retries }) => retries),
        records: answers.flatMap(({ records }) => records),
        tally: joinTallies(answers),
      };
    },
  });
  return settlements;
}

function createTargets(count: number): object[] {
  return Array.from({ length: count }, (_, number) => ({
    name: `target-${number}`,
    http: { url: `https://target-${number}.example.com/` },
    retry: { maxAttempts: 2 },
  }));
}

function joinTallies(settlements: readonly Settlement[]): Tally {
  const together = createTally();
  for (const { tally } of settlements) {
    together.add(tally?.added ?? 0);
    for (const [name, ends] of Object.entries(tally?.ended ?? {})) {
      const [rule = '', target = ''] = name.split('/');
      for (const [end, count] of Object.entries(ends)) together.end({ rule, target }, end as End, count);
    }
  }
  return together.total();
}

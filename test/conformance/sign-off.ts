import { describe, expect, it } from 'vitest';
import type { LedgerRecord } from '../../mesh/ledger.ts';
import { createEvent, type Harness, withRule } from '../mesh/harness.ts';

const http = { url: 'https://crm.example.com/hook' };
const rulePath = '/v1/admin/buses/default/rules/all';

/** What becomes of a target that answers 410, on every platform. */
export function describeSignOff(name: string, create: () => Harness | Promise<Harness>): void {
  describe(`a target that answers 410: ${name}`, () => {
    it('is disabled in its rule, visibly, and has no more events', async () => {
      const harness = await create();
      await withRule(harness);
      harness.answer = gone;
      await harness.publish(createEvent('e1'));
      await harness.drain();
      const disabled = await untilDisabled(harness);
      expect(disabled.reason).toContain('asks for no more events');
      expect(Date.parse(disabled.at)).toBeGreaterThan(0);
      const { targets } = await read(harness, '/v1/buses/default/targets');
      expect(targets).toMatchObject([{ target: 'crm', disabled }]);
      await harness.publish([createEvent('e2'), createEvent('e3')]);
      await harness.drain(harness.now + 3_600_000);
      expect(harness.received).toHaveLength(1);
      expect((await harness.deliveries()).map(({ eventId }) => eventId)).toEqual(['e1']);
    });

    it('leaves dead letters of what it met and what waited, which are sent again when it is enabled', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, ordering: 'partitionkey' }] });
      const ids = ['1', '2', '3', '4', '5'];
      harness.answer = gone;
      for (const id of ids) await harness.publish(createEvent(id, { data: id, partitionkey: id === '5' ? 'b' : 'a' }));
      await harness.drain(harness.now + 60_000);
      await untilDisabled(harness);
      await harness.drain(harness.now + 60_000);
      expect(await statuses(harness)).toEqual(ids.map((id) => `${id} dead-lettered`));

      const refused = await harness.admin('POST', '/v1/buses/default/dead-letters:redrive?rule=all');
      expect(await refused.json()).toMatchObject({ redriven: 0 });
      harness.answer = () => new Response(null, { status: 204 });
      await withRule(harness, { targets: [{ name: 'crm', http, ordering: 'partitionkey' }] });
      const redriven = await harness.admin('POST', '/v1/buses/default/dead-letters:redrive?rule=all');
      expect(await redriven.json()).toMatchObject({ redriven: 5 });
      await harness.drain(harness.now + 60_000);
      const delivered = await harness.deliveries('status=delivered');
      expect(delivered.map(({ eventId }) => eventId).toSorted()).toEqual(ids);
    });

    it('ends what waits for it at once, although it had been failing before', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, concurrency: 1 }] });
      harness.answer = () => new Response(null, { status: 503 });
      const events = Array.from({ length: 40 }, (_, index) => createEvent(`e${index}`));
      await harness.publish(events);
      await harness.drain(harness.now + 30_000);
      harness.answer = gone;
      await harness.drain(harness.now + 300_000);
      await untilDisabled(harness);
      await harness.drain(harness.now + 86_400_000);
      const ends = await harness.deliveries('status=dead-lettered');
      expect(new Set(ends.map(({ eventId }) => eventId)).size).toBe(40);
    });

    it('ends its deliveries without a dead letter where the preset has it so', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, retry: { preset: 'standard-webhooks' } }] });
      harness.answer = gone;
      await harness.publish(createEvent('e1'));
      await harness.drain();
      await untilDisabled(harness);
      expect(await statuses(harness)).toEqual(['e1 disabled']);
    });

    it('is not disabled where the preset tries 410 again', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, retry: { preset: 'svix', maxAttempts: 2 } }] });
      harness.answer = gone;
      await harness.publish(createEvent('e1'));
      await harness.drain(harness.now + 60_000);
      expect(harness.received).toHaveLength(2);
      expect(await disabledIn(harness)).toBeUndefined();
    });

    it('stays enabled when its rule was changed while the answer was on its way', async () => {
      const harness = await create();
      await withRule(harness);
      harness.answer = async () => {
        await withRule(harness, { targets: [{ name: 'crm', http: { url: 'https://crm.example.com/moved' } }] });
        return gone();
      };
      await harness.publish(createEvent('e1'));
      await harness.drain();
      await pause();
      expect(await disabledIn(harness)).toBeUndefined();
      harness.answer = () => new Response(null, { status: 204 });
      harness.now += 10_000;
      await harness.publish(createEvent('e2'));
      await harness.drain(harness.now + 10_000);
      expect(harness.received.at(-1)?.url).toBe('https://crm.example.com/moved');
    });

    it('does not keep other targets of the rule from their events', async () => {
      const harness = await create();
      const other = { name: 'other', http: { url: 'https://other.example.com/' } };
      await withRule(harness, { targets: [{ name: 'crm', http }, other] });
      harness.answer = ({ url }) => (url === http.url ? gone() : new Response(null, { status: 204 }));
      await harness.publish(createEvent('e1'));
      await harness.drain();
      await untilDisabled(harness);
      await harness.publish(createEvent('e2'));
      await harness.drain(harness.now + 10_000);
      const delivered = await harness.deliveries('status=delivered');
      expect(sorted(delivered)).toEqual(['e1 other', 'e2 other']);
    });

    it('is disabled as a target for dead letters as well, and the dead letters stay', async () => {
      const harness = await create();
      const deadLetter = { http: { url: 'https://ops.example.com/dead' } };
      await withRule(harness, { targets: [{ name: 'crm', http, retry: { maxAttempts: 1 }, deadLetter }] });
      harness.answer = ({ url }) => new Response(null, { status: url === http.url ? 500 : 410 });
      await harness.publish(createEvent('e1'));
      await harness.drain(harness.now + 1_000);
      await until(async () => (await targetsOf(harness))[0]?.deadLetter?.disabled !== undefined);
      await inUse(harness);
      await harness.publish(createEvent('e2'));
      await harness.drain(harness.now + 10_000);
      expect(harness.received.filter(({ url }) => url !== http.url)).toHaveLength(1);
      const dead = await harness.deliveries('status=dead-lettered');
      expect(sorted(dead)).toEqual(['e1 crm', 'e1 crm~dead', 'e2 crm']);
    });
  });
}

function gone(): Response {
  return new Response(null, { status: 410 });
}

interface TargetDocument {
  readonly disabled?: { readonly reason: string; readonly at: string };
  readonly deadLetter?: { readonly disabled?: unknown };
}

async function read(harness: Harness, path: string): Promise<{ readonly targets: readonly TargetDocument[] }> {
  return (await (await harness.admin('GET', path)).json()) as { targets: TargetDocument[] };
}

async function targetsOf(harness: Harness): Promise<readonly TargetDocument[]> {
  return (await read(harness, rulePath)).targets;
}

async function disabledIn(harness: Harness): Promise<TargetDocument['disabled']> {
  return (await targetsOf(harness))[0]?.disabled;
}

async function statuses(harness: Harness): Promise<string[]> {
  const records = await harness.deliveries();
  return records.map(({ eventId, status }) => `${eventId} ${status}`).toSorted();
}

function sorted(records: readonly LedgerRecord[]): string[] {
  return records.map(({ eventId, target }) => `${eventId} ${target}`).toSorted();
}

/** It is written behind the delivery, a moment later. */
async function untilDisabled(harness: Harness): Promise<NonNullable<TargetDocument['disabled']>> {
  await until(async () => (await disabledIn(harness)) !== undefined);
  const disabled = await disabledIn(harness);
  if (disabled === undefined) throw new Error('the target is not disabled');
  await inUse(harness);
  return disabled;
}

/** A snapshot that is in use is looked at again after a while; and it is published a moment after the documents. */
async function inUse(harness: Harness): Promise<void> {
  await until(async () => {
    harness.now += 10_000;
    const { targets } = await read(harness, '/v1/buses/default/targets');
    return targets.some(({ disabled }) => disabled !== undefined);
  });
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  await expect.poll(holds, { timeout: 10_000, interval: 20 }).toBe(true);
}

function pause(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 20));
}

import { describe, expect, it } from 'vitest';
import { createEvent, type createHarness, type Harness, withRule } from '../mesh/harness.ts';

const http = { url: 'https://crm.example.com/hook' };
const path = '/v1/buses/default/replays';

/** Replays from the archived event to the target that gets it once more, on every platform alike. */
export function describeReplay(
  platform: string,
  create: (...options: Parameters<typeof createHarness>) => Harness | Promise<Harness>,
): void {
  async function createArchived(archive: object = {}): Promise<Harness> {
    const harness = await create();
    await withRule(harness);
    await putArchive(harness, archive);
    return harness;
  }

  describe(`a replay: ${platform}`, () => {
    it('delivers what the archive keeps once more, marked, with the same data', async () => {
      const harness = await create({ secrets: { crm: `whsec_${btoa('0123456789abcdef0123456789abcdef')}` } });
      await withRule(harness, { targets: [{ name: 'crm', http: { ...http, signing: { secret: 'crm' } } }] });
      await putArchive(harness);
      await harness.publish(
        JSON.stringify(createEvent('e1', { data: { total: '#' } })).replace('"#"', '12345678901234567890'),
      );
      await harness.drain();
      const [first] = harness.received.splice(0);
      expect(await replay(harness)).toMatchObject({ state: 'running', archive: 'all', progress: { replayed: 0 } });
      await finish(harness);
      expect(harness.received).toHaveLength(1);
      const [again] = harness.received;
      expect(again?.body).toBe('{"total":12345678901234567890}');
      expect(again?.headers.get('ce-id')).toBe('e1');
      expect(again?.headers.get('ce-replayname')).toBe('again');
      expect(first?.headers.get('ce-replayname')).toBeNull();
      // A target that knows what it has seen by the delivery's id takes it.
      expect(again?.headers.get('webhook-id')).toContain('_0_all_crm');
      expect(again?.headers.get('webhook-id')).not.toBe(first?.headers.get('webhook-id'));
      expect(await progress(harness)).toMatchObject({
        state: 'completed',
        progress: { read: 1, replayed: 1, deliveries: 1, done: 1 },
      });
      expect(harness.reported).toEqual([]);
    });

    it('takes the archive that matches, the range, the filter and the rules that were asked for', async () => {
      const harness = await createArchived({ filter: { pattern: { type: [{ prefix: 'order.' }] } } });
      await withRule(harness, { targets: [{ name: 'two', http: { url: 'https://two.example.com/' } }] }, 'second');
      const publish = async (id: string, type: string): Promise<void> => {
        await harness.publish(createEvent(id, { type }));
        harness.now += 60_000;
      };
      await publish('early', 'order.created');
      const from = harness.now;
      await publish('e1', 'order.created');
      await publish('e2', 'order.deleted');
      await publish('e3', 'user.created');
      const to = harness.now;
      await publish('late', 'order.created');
      await harness.drain();
      harness.received.length = 0;
      const filter = { pattern: { type: [{ 'anything-but': 'order.deleted' }] } };
      await replay(harness, { from: new Date(from).toISOString(), to, filter, rules: ['second'] });
      await finish(harness);
      expect(harness.received.map(({ url, headers }) => `${headers.get('ce-id')} ${url}`)).toEqual([
        'e1 https://two.example.com/',
      ]);
      expect(await progress(harness)).toMatchObject({ progress: { replayed: 1, deliveries: 1, done: 1 } });
    });

    it('keeps an event that no rule matches, and delivers it to a rule that came later', async () => {
      const harness = await create();
      await withRule(harness, { filter: { pattern: { source: ['/nobody'] } } });
      await putArchive(harness);
      const response = await harness.publish(createEvent('e1'));
      expect(await response.json()).toEqual({ accepted: 1, events: [{ id: 'e1', matched: 0 }] });
      await harness.drain();
      expect(harness.received).toEqual([]);
      await withRule(harness, {}, 'new');
      await replay(harness);
      await finish(harness);
      expect(harness.received.map(({ headers }) => headers.get('ce-id'))).toEqual(['e1']);
    });

    it('is never archived itself, so that replays do not loop', async () => {
      const harness = await createArchived();
      await harness.publish([createEvent('e1'), createEvent('e2')]);
      await harness.drain();
      for (const name of ['one', 'two', 'three']) {
        harness.received.length = 0;
        await replay(harness, {}, name);
        await finish(harness);
        expect(harness.received.map(({ headers }) => headers.get('ce-id'))).toEqual(['e1', 'e2']);
        expect(await progress(harness, name)).toMatchObject({ progress: { read: 2 } });
      }
    });

    it('does not feed on what its targets send back, with the mark or without', async () => {
      const harness = await createArchived();
      const answers: unknown[] = [];
      harness.answer = async ({ headers, body }) => {
        const mark = headers.get('ce-replayname');
        const data = JSON.parse(body) as unknown;
        if (answers.length < 10) answers.push(createEvent(`again-${answers.length}`, { data }));
        if (mark !== null) answers.push(createEvent(`marked-${answers.length}`, { data, replayname: mark }));
        return new Response(null, { status: 204 });
      };
      await harness.publish(createEvent('e1'));
      await harness.drain();
      answers.length = 0;
      await replay(harness);
      for (let round = 0; round < 3; round += 1) {
        await harness.drain();
        for (const answer of answers.splice(0)) await harness.publish(answer);
      }
      await finish(harness);
      expect(await progress(harness)).toMatchObject({ state: 'completed', progress: { replayed: 1 } });
    });

    it('leaves the mark on what the steps make, and on what a target replies', async () => {
      const harness = await create();
      await withRule(harness, {
        steps: [
          {
            transform: {
              jsonata: '{ "specversion": "1.0", "id": id & "-new", "source": source, "type": type, "data": 1 }',
              output: 'event',
            },
          },
        ],
      });
      await withRule(
        harness,
        { filter: { pattern: { type: ['reply'] } }, targets: [{ name: 'r', http: { url: 'https://r.example.com/' } }] },
        'replies',
      );
      await putArchive(harness);
      await harness.publish(createEvent('e1'));
      await harness.drain();
      harness.received.length = 0;
      await replay(harness);
      await finish(harness);
      expect(harness.received.map(({ headers }) => headers.get('ce-replayname'))).toEqual(['again']);
    });

    it('counts the age of its deliveries from the replay, and retries them as all others', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, retry: { maxAge: '1h', maxAttempts: 3 } }] });
      await putArchive(harness);
      await harness.publish(createEvent('e1'));
      await harness.drain();
      harness.now += 72_000_000;
      harness.received.length = 0;
      let failures = 1;
      harness.answer = () => new Response(null, { status: failures-- > 0 ? 500 : 204 });
      await replay(harness);
      await finish(harness, 600_000);
      expect(harness.received).toHaveLength(2);
      expect((await harness.deliveries('event=e1')).map(({ status }) => status)).toEqual([
        'delivered',
        'retrying',
        'delivered',
      ]);
    });

    it('waits in the lanes of targets that have them, in order', async () => {
      const harness = await create();
      await withRule(harness, { targets: [{ name: 'crm', http, ordering: 'partitionkey' }] });
      await putArchive(harness);
      const names = Array.from({ length: 30 }, (_, index) => `e${index}`);
      await harness.publish(names.map((id) => createEvent(id, { partitionkey: 'k' })));
      await harness.drain();
      harness.received.length = 0;
      let failures = 3;
      harness.answer = () => new Response(null, { status: failures-- > 0 ? 503 : 204 });
      await replay(harness);
      await finish(harness, 3_600_000);
      const delivered = harness.received.map(({ headers }) => headers.get('ce-id'));
      expect([...new Set(delivered)]).toEqual(names);
    });

    it('keeps to the speed that was asked for, and to the rates of its targets', async () => {
      const harness = await create();
      await withRule(harness);
      await putArchive(harness);
      await harness.publish(Array.from({ length: 50 }, (_, index) => createEvent(`e${index}`)));
      await harness.drain();
      harness.received.length = 0;
      await replay(harness, { perSecond: 10 });
      await harness.drain();
      expect(harness.received).toHaveLength(10);
      await harness.drain(harness.now + 2_000);
      expect(harness.received.length).toBeGreaterThanOrEqual(20);
      expect(harness.received.length).toBeLessThanOrEqual(30);
      expect(await progress(harness)).toMatchObject({ state: 'running', perSecond: 10 });
      await finish(harness, 20_000);
      expect(harness.received).toHaveLength(50);

      await withRule(harness, { targets: [{ name: 'crm', http, rateLimit: { perSecond: 5 } }] });
      await replay(harness, {}, 'slow');
      await harness.drain();
      expect((await progress(harness, 'slow')).progress.replayed).toBeLessThanOrEqual(5);
    });

    it('is cancelled within a second of what it does, and says how far it came', async () => {
      const harness = await createArchived();
      await harness.publish(Array.from({ length: 50 }, (_, index) => createEvent(`e${index}`)));
      await harness.drain();
      harness.received.length = 0;
      await replay(harness, { perSecond: 10 });
      await harness.drain();
      const response = await harness.admin('POST', `${path}/again/cancel`);
      expect(await response.json()).toMatchObject({ state: 'cancelled', progress: { replayed: 10 } });
      await finish(harness, 60_000);
      expect(harness.received).toHaveLength(10);
      expect((await harness.admin('DELETE', `${path}/again`)).status).toBe(204);
      expect((await harness.admin('GET', `${path}/again`)).status).toBe(404);
    });

    it('does not reach further back than the archive keeps, and fails when that is deleted', async () => {
      const harness = await createArchived({ retention: '1h' });
      await harness.publish(createEvent('old'));
      harness.now += 3_000_000;
      await harness.publish(createEvent('young'));
      await harness.drain();
      harness.now += 1_000_000;
      harness.received.length = 0;
      await replay(harness);
      await finish(harness);
      expect(harness.received.map(({ headers }) => headers.get('ce-id'))).toEqual(['young']);
      await replay(harness, {}, 'second');
      expect((await harness.admin('DELETE', '/v1/admin/buses/default/archives/all')).status).toBe(204);
      await finish(harness);
      expect(await progress(harness, 'second')).toMatchObject({
        state: 'failed',
        reason: 'The archive all was deleted.',
      });
    });

    it('is answered once more when it is asked for again, and refused when another has its name', async () => {
      const harness = await createArchived();
      const body = { archive: 'all', from: 0, perSecond: 5 };
      expect((await harness.admin('PUT', `${path}/again`, body)).status).toBe(201);
      harness.now += 1_000;
      expect((await harness.admin('PUT', `${path}/again`, body)).status).toBe(200);
      const other = await harness.admin('PUT', `${path}/again`, { ...body, perSecond: 6 });
      expect([other.status, await other.json()]).toMatchObject([409, { code: 'in_use' }]);
      await harness.admin('PUT', `${path}/other`, body);
      const list = (await (await harness.admin('GET', path)).json()) as { replays: { name: string }[] };
      expect(list.replays.map(({ name }) => name).toSorted()).toEqual(['again', 'other']);
    });
  });
}

async function putArchive(harness: Harness, archive: object = {}): Promise<void> {
  const body = { filter: { pattern: { source: ['/shop'] } }, ...archive };
  const response = await harness.admin('PUT', '/v1/admin/buses/default/archives/all', body);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

interface View {
  readonly state: string;
  readonly progress: { readonly replayed: number };
}

async function replay(harness: Harness, body: object = {}, name = 'again'): Promise<View> {
  // What is accepted at the very moment is not of the past.
  harness.now += 1;
  const response = await harness.admin('PUT', `${path}/${name}`, { archive: 'all', from: 0, ...body });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as View;
}

async function progress(harness: Harness, name = 'again'): Promise<View> {
  return (await (await harness.admin('GET', `${path}/${name}`)).json()) as View;
}

/** Until it has ended: it waits for what may be late. */
function finish(harness: Harness, withinMs = 15_000): Promise<void> {
  return harness.drain(harness.now + withinMs);
}

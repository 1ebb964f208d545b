import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../mesh/problem.ts';
import { createEvent, createHarness, type Harness, withRule } from '../harness.ts';

const path = '/v1/buses/default/dead-letters';
const http = { url: 'https://crm.example.com/hook' };

describe('the dead letters of a bus', () => {
  it('come page by page, newest first, each once', async () => {
    const harness = createHarness();
    await withDead(harness, 7, { shards: 3 });
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list(harness, `limit=3${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      ids.push(...page.deadLetters.map(({ eventId }) => eventId));
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(ids).toEqual(['e6', 'e5', 'e4', 'e3', 'e2', 'e1', 'e0']);
  });

  it('are filtered by what the query names', async () => {
    const harness = createHarness();
    const start = harness.now;
    await withDead(harness, 3);
    const events = async (query: string): Promise<string[]> =>
      (await list(harness, query)).deadLetters.map(({ eventId }) => eventId);
    expect(await events('event=e1')).toEqual(['e1']);
    expect(await events('rule=all&target=crm&type=order.created&source=/shop')).toHaveLength(3);
    expect(await events('rule=other')).toEqual([]);
    expect(await events(`before=${start + 1_500}`)).toEqual(['e1', 'e0']);
    expect(await events(`before=${new Date(start + 1_500).toISOString()}`)).toEqual(['e1', 'e0']);
  });

  it.each([
    ['rul=all', 'rul'],
    ['rule=a&rule=b', 'rule'],
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['before=yesterday', 'before'],
    ['cursor=nonsense', 'cursor'],
  ])('refuse what they do not understand: %s', async (query, place) => {
    const harness = createHarness();
    await withDead(harness, 1);
    for (const [method, address] of [
      ['GET', path],
      ['POST', `${path}:redrive`],
      ['POST', `${path}:purge`],
    ] as const) {
      const response = await harness.admin(method, `${address}?${query}`);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await toProblem(response)).toMatchObject({ status: 400, code: 'request_invalid', place });
    }
    expect((await list(harness)).deadLetters).toHaveLength(1);
  });

  it('are read by viewers, without the event, and changed by admins only', async () => {
    const harness = createHarness();
    await withDead(harness, 1);
    const [letter] = (await list(harness)).deadLetters;
    const viewer = await createKey(harness, 'viewer');
    const publisher = await createKey(harness, 'publisher');
    const ask = async (key: string, method: string, address: string): Promise<Response> =>
      harness.mesh.fetch(
        new Request(`https://mesh.test${address}`, { method, headers: { authorization: `Bearer ${key}` } }),
      );
    const inspected = await ask(viewer, 'GET', `${path}/${letter?.id}`);
    expect(inspected.status).toBe(200);
    expect(await inspected.json()).not.toHaveProperty('event');
    expect((await ask(viewer, 'GET', path)).status).toBe(200);
    expect((await ask(viewer, 'GET', '/v1/buses/default/targets')).status).toBe(200);
    for (const address of [path, `${path}/${letter?.id}`, '/v1/buses/default/targets']) {
      expect((await ask(publisher, 'GET', address)).status).toBe(403);
      expect((await ask('nonsense', 'GET', address)).status).toBe(401);
    }
    for (const key of [viewer, publisher]) {
      expect((await ask(key, 'POST', `${path}/${letter?.id}/redrive`)).status).toBe(403);
      expect((await ask(key, 'POST', `${path}:redrive`)).status).toBe(403);
      expect((await ask(key, 'POST', `${path}:purge`)).status).toBe(403);
      expect((await ask(key, 'DELETE', `${path}/${letter?.id}`)).status).toBe(403);
    }
    expect((await list(harness)).deadLetters).toHaveLength(1);
  });

  it.for(['redrive', 'purge'])('are not touched by a %s whose filter is in its body', async (action) => {
    const harness = createHarness();
    await withDead(harness, 2);
    const answer = await harness.admin('POST', `${path}:${action}`, { rule: 'another' });
    expect(answer.status).toBe(400);
    expect((await list(harness)).deadLetters).toHaveLength(2);
  });

  it('are purged by a filter, so many a call', async () => {
    const harness = createHarness();
    await withDead(harness, 5);
    const purge = async (query: string): Promise<unknown> =>
      (await harness.admin('POST', `${path}:purge?${query}`)).json();
    expect(await purge('event=e3')).toEqual({ purged: 1 });
    const first = (await purge('limit=3')) as { cursor: string };
    expect(first).toEqual({ purged: 3, cursor: expect.any(String) });
    expect(await purge(`limit=3&cursor=${first.cursor}`)).toEqual({ purged: 1 });
    expect((await list(harness)).deadLetters).toEqual([]);
  });

  it('name the methods of their addresses', async () => {
    const harness = createHarness();
    await withDead(harness, 1);
    for (const [method, address, allow] of [
      ['POST', path, 'GET, HEAD'],
      ['GET', `${path}:redrive`, 'POST'],
      ['GET', `${path}:purge`, 'POST'],
      ['PUT', `${path}/0-1`, 'DELETE, GET, HEAD'],
      ['GET', `${path}/0-1/redrive`, 'POST'],
      ['POST', '/v1/buses/default/targets', 'GET, HEAD'],
    ] as const) {
      const response = await harness.admin(method, address);
      expect([address, response.status, response.headers.get('allow')]).toEqual([address, 405, allow]);
    }
    expect((await harness.admin('GET', '/v1/buses/none/dead-letters')).status).toBe(404);
    expect((await harness.admin('POST', '/v1/buses/none/dead-letters:redrive')).status).toBe(404);
  });
});

describe('one dead letter', () => {
  it.each(['0-999999', '1-1', '99-1', 'nonsense', '0-1x', '-1-1', '0-99999999999999999999'])(
    'is not found by the id %s',
    async (id) => {
      const harness = createHarness();
      await withDead(harness, 1);
      for (const [method, address] of [
        ['GET', `${path}/${id}`],
        ['DELETE', `${path}/${id}`],
        ['POST', `${path}/${id}/redrive`],
      ] as const) {
        const problem = await toProblem(await harness.admin(method, address));
        expect(problem).toMatchObject({ status: 404, code: 'not_found', place: 'id', mend: expect.any(String) });
      }
    },
  );

  it('is deleted once', async () => {
    const harness = createHarness();
    await withDead(harness, 2);
    const [letter] = (await list(harness)).deadLetters;
    expect((await harness.admin('DELETE', `${path}/${letter?.id}`)).status).toBe(204);
    expect((await harness.admin('DELETE', `${path}/${letter?.id}`)).status).toBe(404);
    expect((await list(harness)).deadLetters).toHaveLength(1);
  });

  it.each([
    [{ event: { ...createEvent(), id: '' } }, 'event_invalid', '/event/id'],
    [{ event: { specversion: '1.0', id: 'e1', source: '/shop' } }, 'event_invalid', '/event/type'],
    [{ event: 'text' }, 'event_invalid', '/event'],
    [{ event: createEvent(), more: 1 }, 'request_invalid', '/more'],
    [[createEvent()], 'request_invalid', ''],
    ['text', 'request_invalid', ''],
  ])('is not redriven with what is no event: %j', async (body, code, place) => {
    const harness = createHarness();
    await withDead(harness, 1);
    const [letter] = (await list(harness)).deadLetters;
    const problem = await toProblem(await harness.admin('POST', `${path}/${letter?.id}/redrive`, body));
    expect(problem).toMatchObject({ status: 400, code, place, mend: expect.any(String) });
    expect((await list(harness)).deadLetters).toHaveLength(1);
  });

  it('is not redriven with what is no JSON, or too large', async () => {
    const harness = createHarness();
    await withDead(harness, 1);
    const [letter] = (await list(harness)).deadLetters;
    const send = async (body: string): Promise<Problem> =>
      toProblem(
        await harness.mesh.fetch(
          new Request(`https://mesh.test${path}/${letter?.id}/redrive`, {
            method: 'POST',
            headers: { authorization: 'Bearer admin-key-of-the-test-suite' },
            body,
          }),
        ),
      );
    expect(await send('{"event":')).toMatchObject({ status: 400, code: 'json_invalid' });
    expect(await send('{"event":{},"event":{}}')).toMatchObject({ status: 400, code: 'request_invalid' });
    const large = JSON.stringify({ event: createEvent('e1', { data: 'x'.repeat(1_048_576) }) });
    expect(await send(large)).toMatchObject({ status: 413, code: 'too_large' });
  });

  it('keeps the numbers of an edited event as they were written, and takes it as deep as any', async () => {
    const harness = createHarness();
    await withDead(harness, 1);
    harness.answer = () => new Response(null, { status: 204 });
    const [letter] = (await list(harness)).deadLetters;
    const data = `${'['.repeat(63)}12345678901234567890${']'.repeat(63)}`;
    const event = `{"specversion":"1.0","id":"e1","source":"/shop","type":"t","data":${data}}`;
    const response = await harness.mesh.fetch(
      new Request(`https://mesh.test${path}/${letter?.id}/redrive`, {
        method: 'POST',
        headers: { authorization: 'Bearer admin-key-of-the-test-suite' },
        body: ` { "event" : ${event} } `,
      }),
    );
    expect(response.status).toBe(202);
    harness.received.length = 0;
    await harness.drain();
    expect(harness.received.map(({ body }) => body)).toEqual([data]);
  });

  it('is held to the schema of its type where the bus enforces schemas', async () => {
    const harness = createHarness();
    await withDead(harness, 1);
    const schema = { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] };
    await expectOk(await harness.admin('PUT', '/v1/admin/schemas/order', { type: 'order.created' }));
    await expectOk(await harness.admin('PUT', '/v1/admin/schemas/order/versions/1', schema));
    await expectOk(await harness.admin('PUT', '/v1/admin/buses/default', { schemas: 'enforce' }));
    const [letter] = (await list(harness)).deadLetters;
    const body = { event: createEvent('e1', { data: { amount: 'twelve' } }) };
    const problem = await toProblem(await harness.admin('POST', `${path}/${letter?.id}/redrive`, body));
    expect(problem).toMatchObject({ status: 422, code: 'schema_mismatch' });
    expect((await list(harness)).deadLetters).toHaveLength(1);
  });

  it('stays while its rule is not there, alone or among others', async () => {
    const harness = createHarness();
    await withDead(harness, 1);
    await withRule(harness, { targets: [{ name: 'crm', http }] }, 'other');
    await harness.publish(createEvent('both'));
    await harness.drain();
    await withRule(harness, { enabled: false, targets: [{ name: 'crm', http }] });
    const letters = (await list(harness, 'rule=all')).deadLetters;
    const problem = await toProblem(await harness.admin('POST', `${path}/${letters[0]?.id}/redrive`));
    expect(problem).toMatchObject({ code: 'request_invalid', place: 'rule', mend: expect.stringContaining('enable') });
    harness.now += 1;
    const response = await harness.admin('POST', `${path}:redrive`);
    expect(await response.json()).toEqual({ redriven: 1, skipped: 2 });
    expect((await list(harness)).deadLetters.map(({ rule }) => rule)).toEqual(['all', 'all']);
  });
});

/** So many dead letters, a second apart. */
async function withDead(harness: Harness, count: number, bus: object = {}): Promise<void> {
  await withRule(harness, { targets: [{ name: 'crm', http }] });
  await expectOk(await harness.admin('PUT', '/v1/admin/buses/default', bus));
  harness.answer = () => new Response('no such order', { status: 422 });
  for (let number = 0; number < count; number += 1) {
    await expectOk(await harness.publish(createEvent(`e${number}`)));
    await harness.drain();
    harness.now += 1_000;
  }
}

interface Page {
  readonly deadLetters: { id: string; eventId: string; rule: string }[];
  readonly cursor?: string;
}

async function list(harness: Harness, query = ''): Promise<Page> {
  const response = await harness.admin('GET', `${path}?${query}`);
  await expectOk(response);
  return (await response.json()) as Page;
}

async function createKey(harness: Harness, role: string): Promise<string> {
  const response = await harness.admin('POST', '/v1/admin/keys', { role, buses: ['*'] });
  await expectOk(response);
  return ((await response.json()) as { key: string }).key;
}

async function toProblem(response: Response): Promise<Problem> {
  return (await response.json()) as Problem;
}

async function expectOk(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.status} ${await response.clone().text()}`);
}

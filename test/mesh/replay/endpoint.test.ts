import { beforeEach, describe, expect, it } from 'vitest';
import { createHarness, type Harness, withRule } from '../harness.ts';

const path = '/v1/buses/default/replays';
const archives = '/v1/admin/buses/default/archives';
let harness: Harness;

beforeEach(async () => {
  harness = createHarness();
  await withRule(harness);
  await harness.admin('PUT', `${archives}/all`, { filter: { pattern: { source: ['/shop'] } } });
});

async function call(method: string, where: string, body?: unknown): Promise<{ status: number; body: object }> {
  const response = await harness.admin(method, where, body);
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as object) };
}

describe('an archive', () => {
  it('is a document of its bus, with a retention of 30 days where none is said', async () => {
    expect(await call('GET', `${archives}/all`)).toMatchObject({
      status: 200,
      body: { kind: 'archive', name: 'all', bus: 'default', retention: '30d' },
    });
    expect((await call('GET', archives)).body).toMatchObject({ items: [{ document: { name: 'all' } }] });
  });

  it.each([
    [{ filter: { pattern: { source: [{ prefiks: '/' }] } } }, 'filter_invalid', '/filter'],
    [{ filter: {} }, 'resource_invalid', '/filter'],
    [{}, 'resource_invalid', '/filter'],
    [{ filter: { sql: 'TRUE' }, retention: '2s' }, 'resource_invalid', '/retention'],
    [{ filter: { sql: 'TRUE' }, retention: '400d' }, 'resource_invalid', '/retention'],
    [{ filter: { sql: 'TRUE' }, retain: '1d' }, 'resource_invalid', '/retain'],
    [{ filter: { sql: 'TRUE' }, name: 'other' }, 'resource_invalid', '/name'],
  ])('%j is refused with its place', async (body, code, place) => {
    const answer = await call('PUT', `${archives}/new`, body);
    expect(answer).toMatchObject({ status: 400, body: { code } });
    expect((answer.body as { place: string }).place).toMatch(new RegExp(`^${place}`));
  });

  it('keeps its bus from being deleted, and a bus has 20', async () => {
    await call('DELETE', '/v1/admin/buses/default/rules/all');
    expect(await call('DELETE', '/v1/admin/buses/default')).toMatchObject({ status: 409, body: { code: 'in_use' } });
    for (let index = 1; index < 20; index += 1) {
      expect((await call('PUT', `${archives}/a${index}`, { filter: { sql: 'TRUE' } })).status).toBe(201);
    }
    expect(await call('PUT', `${archives}/a20`, { filter: { sql: 'TRUE' } })).toMatchObject({
      status: 409,
      body: { code: 'limit_reached' },
    });
  });
});

describe('the request for a replay', () => {
  it.each([
    [{ archive: 'al', from: 0 }, '/archive', 'Did you mean all?'],
    [{ from: 0 }, '/archive', 'Add archive.'],
    [{ archive: 'all' }, '/from', 'Add from.'],
    [{ archive: 'all', from: 'yesterday' }, '/from', 'Give a time'],
    [{ archive: 'all', from: '2026-13-01T00:00:00Z' }, '/from', 'Give a time'],
    [{ archive: 'all', from: -1 }, '/from', 'Give a time'],
    [{ archive: 'all', from: 0, to: 9_000_000_000_000 }, '/to', 'a time that is over'],
    [{ archive: 'all', from: 5, to: 5 }, '/from', 'an earlier time'],
    [{ archive: 'all', from: 0, rules: ['al'] }, '/rules/0', 'Did you mean all?'],
    [{ archive: 'all', from: 0, rules: [] }, '/rules', 'Give a list'],
    [{ archive: 'all', from: 0, perSecond: 0 }, '/perSecond', 'Give a number'],
    [{ archive: 'all', from: 0, persecond: 5 }, '/persecond', 'Did you mean perSecond?'],
    [{ archive: 'all', from: 0, filter: { pattern: { source: '/shop' } } }, '/filter', ''],
    [{ archive: 'all', from: 0, filter: { sql: `'${'x'.repeat(21_000)}' = ''` } }, '/filter', 'Make it smaller'],
    [[], '', 'Give'],
  ])('%.60j is refused with its place and what mends it', async (body, place, mend) => {
    const answer = await call('PUT', `${path}/new`, body);
    expect(answer.status).toBe(400);
    expect((answer.body as { place?: string }).place ?? '').toMatch(new RegExp(`^${place}`));
    if (place !== '') expect((answer.body as { mend?: string }).mend ?? '').toContain(mend);
    expect((await call('GET', path)).body).toEqual({ replays: [] });
  });

  it('may begin and end with a leap second', async () => {
    const asked = { archive: 'all', from: '2016-12-31T23:59:60Z', to: '2017-06-30T23:59:60Z' };
    expect(await call('PUT', `${path}/leap`, asked)).toMatchObject({
      status: 201,
      body: { from: '2017-01-01T00:00:00.000Z', to: '2017-07-01T00:00:00.000Z' },
    });
    expect((await call('GET', path)).status).toBe(200);
  });

  it('has a name that is one', async () => {
    expect((await call('PUT', `${path}/No_Name`, { archive: 'all', from: 0 })).status).toBe(400);
    expect((await call('GET', `${path}/unknown`)).status).toBe(404);
    expect((await call('DELETE', `${path}/unknown`)).status).toBe(404);
    expect((await call('POST', `${path}/unknown/cancel`)).status).toBe(404);
    expect((await call('POST', `${path}/unknown`)).status).toBe(405);
  });

  it('is refused while ten others are under way', async () => {
    for (let index = 0; index < 10; index += 1) {
      expect((await call('PUT', `${path}/r${index}`, { archive: 'all', from: 0 })).status).toBe(201);
    }
    expect(await call('PUT', `${path}/r10`, { archive: 'all', from: 0 })).toMatchObject({
      status: 409,
      body: { code: 'limit_reached' },
    });
    await call('POST', `${path}/r3/cancel`);
    expect((await call('PUT', `${path}/r10`, { archive: 'all', from: 0 })).status).toBe(201);
  });

  it('is refused to all but one of those who ask for the last place at once', async () => {
    for (let index = 0; index < 9; index += 1) {
      expect((await call('PUT', `${path}/r${index}`, { archive: 'all', from: 0 })).status).toBe(201);
    }
    const names = Array.from({ length: 8 }, (_, index) => `late-${index}`);
    const answers = await Promise.all(names.map((name) => call('PUT', `${path}/${name}`, { archive: 'all', from: 0 })));
    const statuses = answers.map(({ status }) => status);
    expect([statuses.filter((status) => status === 201).length, statuses.length]).toEqual([1, 8]);
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true);
    const { replays } = (await call('GET', path)).body as { replays: { state: string }[] };
    expect(replays.filter(({ state }) => state === 'running')).toHaveLength(10);
  });

  it('takes an admin; a viewer may watch', async () => {
    const { body } = await call('POST', '/v1/admin/keys', { role: 'viewer', buses: ['default'] });
    const { key } = body as { key: string };
    const ask = (method: string, where: string): Promise<Response> =>
      harness.mesh.fetch(
        new Request(`https://mesh.test${where}`, {
          method,
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          ...(method === 'PUT' ? { body: JSON.stringify({ archive: 'all', from: 0 }) } : {}),
        }),
      );
    expect((await ask('GET', path)).status).toBe(200);
    expect((await ask('PUT', `${path}/new`)).status).toBe(403);
    await call('PUT', `${path}/new`, { archive: 'all', from: 0 });
    expect((await ask('POST', `${path}/new/cancel`)).status).toBe(403);
    expect((await ask('DELETE', `${path}/new`)).status).toBe(403);
  });
});

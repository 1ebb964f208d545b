import { describe, expect, it } from 'vitest';
import { bodyMaxBytes } from '../../mesh/protocols/json-body.ts';
import { adminKey, createHarness, type Harness, ruleBody } from './harness.ts';

const encoder = new TextEncoder();

async function sendBody(harness: Harness, body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  return harness.send(
    new Request('https://tulle.example/v1/admin/buses/orders', {
      method: 'PUT',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', ...headers },
      body,
      duplex: 'half',
    } as RequestInit),
  );
}

async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })]);
}

describe('hostile bodies', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['two documents', '{}{}'],
    ['a comment', '{}//'],
    ['NaN', '{"shards":NaN}'],
    ['text behind', '{} x'],
    ['a secret that must not come back', '{"password":"hunter2"'],
  ])('%s is refused', async (_name, body) => {
    const response = await sendBody(createHarness(), body);
    const text = await response.clone().text();
    expect(text).not.toContain('hunter2');
    await expectProblem(response, 400, 'json_invalid');
  });

  it('is refused when it is not UTF-8', async () => {
    const latin1 = new Uint8Array([...encoder.encode('{"description":"'), 0xe9, ...encoder.encode('"}')]);
    await expectProblem(await sendBody(createHarness(), latin1), 400, 'json_invalid');
    const utf16 = new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x7d, 0]);
    await expectProblem(await sendBody(createHarness(), utf16), 400, 'json_invalid');
  });

  it.each([
    ['arrays', '['.repeat(200_000)],
    ['arrays, closed', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(50_000)],
    ['65 levels', '{"description":'.repeat(65) + '1' + '}'.repeat(65)],
  ])('deep %s are refused', async (_name, body) => {
    await expectProblem(await sendBody(createHarness(), body), 400, 'json_invalid');
  });

  it('brackets inside of strings are no depth', async () => {
    const harness = createHarness();
    const description = '[{"\\'.repeat(200);
    const answer = await harness.call('PUT', '/buses/orders', { body: { description } });
    expect(answer.json).toMatchObject({ description });
  });

  it('of 10 MB is refused without reading it to its end', async () => {
    const harness = createHarness();
    let sent = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
        if (sent >= 10_000_000) controller.close();
      },
    });
    await expectProblem(await sendBody(harness, stream), 413, 'too_large');
    expect(sent).toBeLessThan(bodyMaxBytes + 5 * 65_536);
    await expectProblem(await sendBody(harness, 'x'.repeat(10_000_000)), 413, 'too_large');
    await expectProblem(await sendBody(harness, '{}', { 'content-length': '10000000' }), 413, 'too_large');
  });

  it('may be as large as the limit', async () => {
    const harness = createHarness();
    const padded = (bytes: number): string => `{}${' '.repeat(bytes - 2)}`;
    expect((await sendBody(harness, padded(bodyMaxBytes))).status).toBe(201);
    await expectProblem(await sendBody(harness, padded(bodyMaxBytes + 1)), 413, 'too_large');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'text/json', ''])(
    'announced as %j is refused',
    async (type) => {
      await expectProblem(
        await sendBody(createHarness(), '{}', { 'content-type': type }),
        415,
        'media_type_unsupported',
      );
    },
  );

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.tulle.bus+json'])(
    'announced as %s is taken',
    async (type) => {
      expect((await sendBody(createHarness(), '{}', { 'content-type': type })).status).toBe(201);
    },
  );

  it('that says it is compressed has to be', async () => {
    const broken = await sendBody(createHarness(), '{}', { 'content-encoding': 'gzip' });
    await expectProblem(broken, 400, 'request_invalid');
    const unknown = await sendBody(createHarness(), '{}', { 'content-encoding': 'br' });
    await expectProblem(unknown, 415, 'media_type_unsupported');
  });

  it('that names a member twice is refused', async () => {
    const response = await sendBody(createHarness(), '{"shards":1,"description":{"a":1,"a":2}}');
    await expectProblem(response, 400, 'json_invalid');
  });

  it.each([
    '{"__proto__":{"polluted":true}}',
    '{"description":"x","a":{"__proto__":{"polluted":true}}}',
    '{"a":[[{"\\u005f_proto__":1}]]}',
    '{"\\ud800":1}',
  ])('%s is refused', async (body) => {
    await expectProblem(await sendBody(createHarness(), body), 400, 'json_invalid');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each<object>([
    { filter: { pattern: { data: { constructor: { prototype: ['x'] } } } } },
    { filter: { constructor: {} } },
    { filter: { toString: {} } },
    { targets: [{ name: 'a', constructor: {} }] },
    { targets: [{ name: 'a', hasOwnProperty: {} }] },
    { steps: [{ valueOf: {} }] },
    { steps: [{ redact: { paths: ['constructor.prototype.x'] } }] },
    { steps: [null, 1, 'x', [], {}] },
    { targets: [null, 1, 'x', [], {}] },
    { targets: { length: 1 } },
    { name: { toString: 1 }, bus: [] },
  ])('a rule with %j is answered without a failure of ours', async (change) => {
    const harness = createHarness();
    await harness.call('PUT', '/buses/orders', { body: {} });
    const { status } = await harness.call('PUT', '/buses/orders/rules/crm', { body: { ...ruleBody, ...change } });
    expect([201, 400]).toContain(status);
    expect(harness.failures).toEqual([]);
  });

  it('many faults are named up to a bound', async () => {
    const harness = createHarness();
    const members = Array.from({ length: 5_000 }, (_, index) => [`unknown-${index}-${'x'.repeat(20)}`, 1]);
    const answer = await harness.call('PUT', '/buses/orders', { body: Object.fromEntries(members) });
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(30_000);
  });

  it('a name of 100 kB does not come back', async () => {
    const harness = createHarness();
    const answer = await harness.call('PUT', '/buses/orders', { body: { ['x'.repeat(100_000)]: 1 } });
    expect(answer.json).toMatchObject({ code: 'json_invalid' });
    expect(answer.text.length).toBeLessThan(1_000);
  });
});

describe('failures of ours', () => {
  it('are logged and answered without their message', async () => {
    const failure = new Error('connection string postgres://user:hunter2@db');
    const healthy = createHarness();
    const harness = createHarness({
      documents: { ...healthy.documents, get: () => Promise.reject(failure), list: () => Promise.reject(failure) },
    });
    const answer = await harness.call('GET', '/buses');
    expect(answer.status).toBe(500);
    expect(answer.json).toEqual({
      type: 'urn:tulle:error:internal',
      title: 'Something failed on our side',
      status: 500,
      code: 'internal',
    });
    expect(harness.failures).toEqual([failure]);
  });
});

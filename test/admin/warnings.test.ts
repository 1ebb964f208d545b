import { beforeEach, describe, expect, it } from 'vitest';
import { createHarness, type Harness, ruleBody } from './harness.ts';

describe('a change of what is allowed, and most likely not meant', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = createHarness();
    await harness.call('PUT', '/buses/orders', { body: {} });
  });

  async function change(...rules: readonly object[]): Promise<unknown> {
    const edits = rules.map((rule, index) => ({
      put: { kind: 'rule', bus: 'orders', name: `rule-${index}`, ...ruleBody, ...rule },
    }));
    const { status, json, text } = await harness.call('POST', '/changes', { body: { edits } });
    if (status >= 300) throw new Error(text);
    return json['warnings'];
  }

  const http = (options: object): object => ({
    targets: [{ name: 'crm', http: { url: 'http://crm.example/', ...options } }],
  });

  it.each<[string, object, object]>([
    [
      'a filter that takes nothing',
      { filter: { pattern: { specversion: ['2.0'] } } },
      { code: 'never_matches', place: '/edits/0/put/filter/pattern' },
    ],
    [
      'names of EventBridge in the wrong language',
      { filter: { pattern: { 'detail-type': ['Order'] } } },
      { code: 'never_matches', mend: expect.stringContaining('eventbridge') as string },
    ],
    ['a rule that is switched off', { enabled: false }, { code: 'no_effect', place: '/edits/0/put/enabled' }],
    [
      'a rule whose targets are all disabled',
      { targets: [{ name: 'crm', http: { url: 'https://crm.example/' }, disabled: { reason: '410', at: 'now' } }] },
      { code: 'no_effect', place: '/edits/0/put/targets' },
    ],
    [
      'a signature that everybody can read',
      http({ signing: { secret: 'crm' } }),
      { code: 'credentials_in_clear', place: '/edits/0/put/targets/0/http/url' },
    ],
    [
      'a credential in a header',
      http({ headers: { 'X-Api-Key': 'k' } }),
      { code: 'credentials_in_clear', message: 'The header X-Api-Key goes over plain HTTP.' },
    ],
    [
      'the same at a dead-letter target',
      {
        targets: [
          { ...ruleBody.targets[0], deadLetter: { http: { url: 'http://dead.example/', signing: { secret: 'x' } } } },
        ],
      },
      { code: 'credentials_in_clear', place: '/edits/0/put/targets/0/deadLetter/http/url' },
    ],
  ])('warns of %s', async (_what, rule, expected) => {
    expect(await change(rule)).toEqual([
      {
        code: expect.any(String),
        message: expect.any(String),
        place: expect.any(String),
        mend: expect.any(String),
        ...expected,
      },
    ]);
  });

  it('warns of what is delivered twice, in one change and beside what is there', async () => {
    expect(await change({}, {})).toMatchObject([
      { code: 'duplicate_delivery', place: '/edits/0/put/targets/0', message: expect.stringContaining('rule-1') },
      { code: 'duplicate_delivery', place: '/edits/1/put/targets/0', message: expect.stringContaining('rule-0') },
    ]);
    const { headers } = await harness.call('PUT', '/buses/orders/rules/third', { body: ruleBody });
    expect(JSON.parse(headers.get('tulle-warnings') ?? '')).toMatchObject([
      { code: 'duplicate_delivery', place: '/targets/0' },
    ]);
  });

  it('finds the same delivery whatever the order in which a filter says it', async () => {
    const data = { a: [{ numeric: ['>', 1, '<', 5] }], b: [{ 'anything-but': ['x', 'y'] }] };
    const other = { b: [{ 'anything-but': ['y', 'x', 'x'] }], a: [{ numeric: ['>', 1, '<', 5] }] };
    expect(
      await change(
        { filter: { pattern: { type: ['one', { prefix: 'two' }], data } } },
        { filter: { pattern: { data: other, type: [{ prefix: 'two' }, 'one'] } } },
      ),
    ).toMatchObject([{ code: 'duplicate_delivery' }, { code: 'duplicate_delivery' }]);
    expect(
      await change(
        { filter: { filters: [{ exact: { type: 'a' } }, { any: [{ exact: { id: 'b' } }, { prefix: { id: 'c' } }] }] } },
        { filter: { filters: [{ any: [{ prefix: { id: 'c' } }, { exact: { id: 'b' } }] }, { exact: { type: 'a' } }] } },
      ),
    ).toMatchObject([{ code: 'duplicate_delivery' }, { code: 'duplicate_delivery' }]);
    expect(
      await change(
        { filter: { pattern: { data: { a: [{ numeric: ['>', 1, '<=', 5] }] } } } },
        { filter: { pattern: { data: { a: [{ numeric: ['>', 1, '<', 5] }] } } } },
      ),
    ).toBeUndefined();
  });

  it('is silent where nothing is wrong, or where it cannot know', async () => {
    const disabled = { reason: '410', at: 'now' };
    const target = { name: 'crm', http: { url: 'https://crm.example/hooks' } };
    expect(
      await change(
        {},
        { steps: [{ omit: { paths: ['data.a'] } }] },
        { filter: { pattern: { type: ['order.paid'] } } },
        { targets: [{ name: 'crm', http: { url: 'https://crm.example/other' } }] },
        {
          targets: [
            { ...target, disabled },
            { name: 'other', http: { url: 'https://other.example/' } },
          ],
        },
        { ...http({}), filter: { pattern: { type: ['plain'] } } },
      ),
    ).toBeUndefined();
  });

  it('tells the answer to one document in a header, in ASCII and no longer than one may be', async () => {
    const { headers, status } = await harness.call('PUT', '/buses/orders/rules/x', {
      body: {
        filter: { pattern: { 'größe-日本': ['x'] } },
        targets: Array.from({ length: 20 }, (_, index) => ({
          name: `t-${index}`,
          http: { url: `http://t-${index}.example/`, signing: { secret: 's' } },
        })),
      },
    });
    expect(status).toBe(201);
    const header = headers.get('tulle-warnings') ?? '';
    expect(header.length).toBeLessThanOrEqual(4_096);
    expect(header).toMatch(/^[ -~]+$/);
    const [first, second] = JSON.parse(header) as { code: string; message: string }[];
    expect([first?.message, second?.code]).toEqual([
      'No event can match: none that is accepted has größe-日本.',
      'credentials_in_clear',
    ]);
    const quiet = await harness.call('PUT', '/buses/orders/rules/y', { body: ruleBody });
    expect(quiet.headers.get('tulle-warnings')).toBeNull();
  });

  it('says so in a dry run as well, and no more than a hundred times', async () => {
    const edits = Array.from({ length: 150 }, (_, index) => ({
      put: { kind: 'rule', bus: 'orders', name: `rule-${index}`, ...ruleBody, enabled: false },
    }));
    const { json } = await harness.call('POST', '/changes', { body: { edits, dryRun: true } });
    expect(json['warnings']).toHaveLength(100);
  });
});

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RuleTest } from '../../client/rule-test.ts';
import { adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';
import { type Ran, run } from './run.ts';
import { root, temporaryFolder } from './tulle.ts';

const example = 'examples/orders';

describe('rules that are tried from the command line', { timeout: 60_000 }, () => {
  let folder: string;
  let node: RunningNode;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    node = await startNode({
      TULLE_DATA: join(folder, 'data'),
      TULLE_MASTER_KEY: btoa('master-key-of-the-test-suite-032'),
    });
    env = { TULLE_URL: node.url, TULLE_ADMIN_KEY: adminKey };
    // With the token that the folder does not have.
    await fetch(`${node.url}/v1/admin/connections/warehouse`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ hosts: ['warehouse.example.com'], bearer: { token: 'a-real-token' } }),
    });
    expect(await tulle('rules', 'apply', example, '--yes')).toMatchObject({ code: 0 });
  }, 30_000);
  afterAll(async () => {
    await node.stop('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });

  const tulle = (...words: readonly string[]): Promise<Ran> => run(env, words);

  it('show what each rule makes of an event, and every request, with secrets masked', async () => {
    const { code, stdout } = await tulle('rules', 'test', '--bus', 'orders', '--event', `${example}/paid.event.json`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^order-1 \(order\.paid of \/shop\/berlin\)\n/);
    expect(stdout).toContain(
      '  + large-orders-to-warehouse: takes it\n      step 1 redact: done: data.customer, data.card\n      to warehouse #',
    );
    expect(stdout).toContain('POST https://warehouse.example.com/orders\n');
    expect(stdout).toContain('authorization: ****\n');
    expect(stdout).not.toContain('a-real-token');
  });

  it('keep what an event says as it is written, and give it the names that it lacks', async () => {
    const event =
      '{ "source": "/shop", "type": "order.placed", "data": { "total": 100, "number": 12345678901234567890 } }';
    const words = ['rules', 'test', 'large-orders-to-warehouse', '-b', 'orders', '--event', '-', '--json'];
    const { stdout } = await run(env, words, { input: `${event}\n${event}\n` });
    const { events, requests } = JSON.parse(stdout) as RuleTest;
    expect(events.map(({ id }) => id)).toEqual(['test-1', 'test-2']);
    expect(requests[0]?.body).toBe('{"total":100,"number":12345678901234567890}');
  });

  it('try rules of a file that are not stored, and kept events', async () => {
    const file = join(folder, 'new.yaml');
    await writeFile(
      file,
      'kind: rule\nbus: orders\nname: new\nfilter: { sql: "EXISTS region" }\ntargets: [{ name: a, http: { url: https://a.example.com/ } }]\n',
    );
    const event = JSON.stringify({ source: '/shop', type: 'order.placed', region: 'eu' });
    const { stdout } = await run(env, ['rules', 'test', '--file', file, '--event', '-'], { input: event });
    expect(stdout).toContain('  + new: takes it\n      to a #0\n');
    await run(env, ['publish', '-b', 'orders', `${example}/paid.event.json`]);
    const last = await tulle('rules', 'test', 'items-to-stock', '-b', 'orders', '--last', '5');
    expect(last.stdout).toContain('order-1 (order.paid of /shop/berlin)\n  + items-to-stock: takes it');
  });

  it('explain events that are not published', async () => {
    const event = JSON.stringify({ source: '/shop', type: 'order.placed', data: { total: 5 } });
    const { stdout } = await run(env, ['rules', 'explain', '--event', '-', '-b', 'orders'], { input: event });
    expect(stdout).toBe(
      'test-1\titems-to-stock\tno\ttype is string, and equals asks for "order.paid"\n' +
        'test-1\tlarge-orders-to-warehouse\tno\tdata.total is number, and numeric asks for "[100, Infinity)"\n',
    );
  });

  it('say what is missing', async () => {
    for (const words of [
      ['rules', 'test'],
      ['rules', 'test', '--last', '1', '--event', 'x'],
      ['rules', 'test', '--last', '0'],
      ['rules', 'explain'],
    ]) {
      expect(await tulle(...words), words.join(' ')).toMatchObject({ code: 2, stdout: '' });
    }
    expect(await tulle('rules', 'test', '--event', 'nowhere.json')).toMatchObject({ code: 1 });
  });
});

describe('tulle test', { timeout: 60_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await cp(join(root, example), folder, { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  // Without an address and without a key: it needs no server.
  const test = (...words: readonly string[]): Promise<Ran> => run({}, ['test', ...words]);

  it('passes where everything is as expected', async () => {
    const { code, stdout, stderr } = await test(folder);
    expect([code, stderr.split('\n').at(-2)]).toEqual([0, '3 passed']);
    expect(stdout.split('\n').filter((line) => line.startsWith('ok   '))).toHaveLength(3);
  });

  it('says what is not as expected, for people, programs and CI', async () => {
    await mkdir(join(folder, 'wrong'));
    await writeFile(
      join(folder, 'wrong/wrong.test.yaml'),
      `name: <wrong> & "wrong"
bus: orders
event: ../paid.event.json
expect:
  rules: [items-to-stock, other]
  refused: true
  sent:
    - { rule: large-orders-to-warehouse, url: 'https://warehouse.example.com/', contains: { total: 130 } }
    - { rule: gone }
---
name: an event that is none
bus: orders
event: { source: '', type: order.paid }
expect: { rules: [] }
`,
    );
    const junit = join(folder, 'results.xml');
    const { code, stdout, stderr } = await test(folder, '--json', '--junit', junit);
    expect([code, stderr.split('\n').at(-2)]).toEqual([1, '3 passed, 2 failed']);
    const { cases } = JSON.parse(stdout) as { cases: { name: string; deviations: string[] }[] };
    expect(cases.filter(({ deviations }) => deviations.length > 0)).toMatchObject([
      {
        deviations: [
          'rules: other is missing',
          'rules: large-orders-to-warehouse is not expected',
          'refused: the bus accepts it',
          'sent: large-orders-to-warehouse: url: "https://warehouse.example.com/" → "https://warehouse.example.com/orders"',
          'sent: large-orders-to-warehouse: body/total: 130 → 129.8',
          expect.stringMatching(/^sent: gone: rule: /),
        ],
      },
      { deviations: ['The attribute source is empty (/events/0/source)'] },
    ]);
    const xml = await readFile(junit, 'utf8');
    expect(xml).toContain('<testcase name="&lt;wrong&gt; &amp; &quot;wrong&quot;"');
    expect(xml).toContain('tests="2" failures="2"');
    await rm(join(folder, 'wrong'), { recursive: true });
  });

  it('names every fault of cases and documents with its file', async () => {
    const file = join(folder, 'bad.test.yaml');
    for (const [text, fault] of [
      ['event: {}\nexpect: {}', 'case 1: expect says nothing.'],
      ['event: {}\nexpect: { rules: all }', 'case 1: expect.rules is a list'],
      ['event: {}\nexpct: {}', 'case 1: The case has expct, which is not known.'],
      ['event: nowhere.json\nexpect: { rules: [] }', 'case 1: nowhere.json cannot be read.'],
      ['event: {}\nat: soon\nexpect: { rules: [] }', 'case 1: at is no time'],
      ['event: {}\nexpect: { sent: [{ to: x }] }', 'case 1: expect.sent[0] has to, which is not known.'],
      ['event: [', 'bad.test.yaml: '],
    ] as const) {
      await writeFile(file, text);
      const { code, stderr } = await test(folder);
      expect([code, stderr]).toEqual([1, expect.stringContaining(fault)]);
    }
    await rm(file);
    await writeFile(join(folder, 'bad.yaml'), 'kind: rule\nbus: orders\nname: bad\nfilter: {}\ntargets: []\n');
    const { code, stderr } = await test(folder);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/bad\.yaml: \/filter: /)]);
    await rm(join(folder, 'bad.yaml'));
    expect(await test(join(folder, 'nothing'))).toMatchObject({ code: 1 });
  });

  it('takes a folder that was written for another platform, without its secrets', async () => {
    const other = join(folder, 'other');
    await mkdir(other);
    const documents = [
      { kind: 'bus', name: 'cloud', queue: 'cloudflare-queues' },
      { kind: 'secret', name: 'crm-signing' },
      { kind: 'function', name: 'score', runs: { service: 'FUNCTION_SCORE' } },
      { kind: 'connection', name: 'crm', hmac: { header: 'x-sign' } },
      {
        kind: 'rule',
        bus: 'cloud',
        name: 'crm',
        filter: { pattern: { type: ['t'] } },
        targets: [{ name: 'crm', http: { url: 'https://crm.example.com/', connection: 'crm' } }],
      },
      {
        kind: 'rule',
        bus: 'elsewhere',
        name: 'score',
        filter: { pattern: { type: ['t'] } },
        steps: [{ compute: 'score' }],
        targets: [{ name: 'crm', http: { url: 'https://crm.example.com/', signing: { secret: 'crm-signing' } } }],
      },
    ];
    await writeFile(join(other, 'all.json'), JSON.stringify(documents));
    const event = { source: '/s', type: 't' };
    await writeFile(
      join(other, 'all.test.json'),
      JSON.stringify([
        { name: 'a', bus: 'cloud', event, expect: { sent: [{ headers: { 'X-Sign': '****' } }] } },
        { name: 'b', bus: 'elsewhere', event, expect: { rules: ['score'] } },
      ]),
    );
    const { stdout } = await test(other);
    expect(stdout).toMatch(/^ok {3}.*: a\nFAIL .*: b\n {7}score: a step calls a function that is not called here/);
  });
});

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { adminKey, type RunningNode, startNode } from '../adapters/node/main.ts';
import { type Ran, run } from './run.ts';
import { root, temporaryFolder } from './tulle.ts';

/** Every command as a process of its own, against the Node platform in another one. */
describe('the commands', { timeout: 60_000 }, () => {
  let folder: string;
  let node: RunningNode;
  let target: Server;
  let targetUrl: string;
  let env: Record<string, string>;
  let broken = false;

  beforeAll(async () => {
    folder = await temporaryFolder();
    node = await startNode({
      TULLE_DATA: join(folder, 'data'),
      TULLE_MASTER_KEY: btoa('master-key-of-the-test-suite-032'),
    });
    env = { TULLE_URL: node.url, TULLE_ADMIN_KEY: adminKey };
    target = createServer((request, response) => {
      const reply = { specversion: '1.0', id: 'p', source: '/prices', type: 'order.priced', data: { price: 20 } };
      request.resume().on('end', () => {
        response.writeHead(broken ? 400 : 200, { 'content-type': 'application/cloudevents+json' });
        response.end(JSON.stringify(reply));
      });
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    targetUrl = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
    await mkdir(join(folder, 'configuration/rules'), { recursive: true });
    await write('bus.yaml', '---\nkind: bus\nname: shop\nrecord: all\n---\nkind: archive\nbus: shop\nname: all\n', [
      'filter: { pattern: { source: [/shop] } }',
    ]);
    await write('rules/prices.yml', rule('prices'));
    await write(
      'rules/other.json',
      JSON.stringify({ ...ruleBody('other'), targets: [{ name: 'other', http: { url: targetUrl } }] }),
    );
  }, 30_000);
  afterAll(async () => {
    await node.stop('SIGTERM');
    target.close();
    await rm(folder, { recursive: true, force: true });
  });

  const tulle = (...words: readonly string[]): Promise<Ran> => run(env, words);
  const json = async (...words: readonly string[]): Promise<unknown> => {
    const { stdout, stderr, code } = await run(env, [...words, '--json']);
    if (stdout === '') throw new Error(`${code}: ${stderr}`);
    return JSON.parse(stdout) as unknown;
  };
  const configuration = (): string => join(folder, 'configuration');

  async function write(file: string, text: string, more: readonly string[] = []): Promise<void> {
    await writeFile(join(configuration(), file), text + more.join('\n'));
  }

  function ruleBody(name: string) {
    return { kind: 'rule', bus: 'shop', name, filter: { pattern: { type: [`order.${name}`] } } };
  }

  function rule(name: string, description = 'asks'): string {
    const targets = [{ name, http: { url: targetUrl, reply: true } }];
    return JSON.stringify({ ...ruleBody(name), description, targets });
  }

  it('apply a folder in one piece, and say no changes the second time', async () => {
    const differs = await tulle('rules', 'diff', configuration());
    expect([differs.code, differs.stdout.split('\n').sort()]).toEqual([
      2,
      ['', '+ archive shop/all', '+ bus shop', '+ rule shop/other', '+ rule shop/prices'],
    ]);
    const dry = await tulle('rules', 'apply', configuration(), '--dry-run');
    expect([dry.code, dry.stderr]).toEqual([0, 'would be 4 created\n']);
    const applied = await tulle('rules', 'apply', configuration(), '--why', 'the first one');
    expect([applied.code, applied.stderr]).toEqual([0, '4 created: change 1\n']);
    expect(await tulle('rules', 'apply', configuration())).toEqual({ code: 0, stdout: '', stderr: 'no changes\n' });
    expect(await tulle('rules', 'diff', configuration())).toMatchObject({ code: 0 });
    expect(await json('audit', 'list')).toMatchObject([{ change: 1, by: 'operator', why: 'the first one' }]);
    expect((await tulle('rules', 'list', '-b', 'shop')).stdout).toBe(
      'other\t1\tyes\tother\t\nprices\t1\tyes\tprices\tasks\n',
    );
    expect((await tulle('status')).stdout).toMatch(/^shop\tyes\t2\t/);
  });

  it('show what changes in a document, and delete what is gone only when they are told to', async () => {
    await write('rules/prices.yml', rule('prices', 'asks again'));
    await rm(join(configuration(), 'rules/other.json'));
    const { stdout } = await tulle('rules', 'diff', configuration(), '--prune');
    expect(stdout).toBe('~ rule shop/prices\n    description: "asks" → "asks again"\n- rule shop/other\n');
    const unasked = await tulle('rules', 'apply', configuration(), '--prune');
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('Give --yes.')]);
    expect(await json('rules', 'apply', configuration(), '--prune', '--yes')).toMatchObject({
      change: 2,
      created: 0,
      changed: 1,
      deleted: 1,
    });
    const back = await tulle('rules', 'rollback', '1', '--yes');
    expect([back.code, back.stderr]).toEqual([0, '1 created, 1 changed: change 3\n']);
    expect(await json('rules', 'history', 'prices', '-b', 'shop')).toMatchObject([
      { version: 3, why: 'back to change 1', document: { description: 'asks' } },
      { version: 2, document: { description: 'asks again' } },
      { version: 1 },
    ]);
    expect(await tulle('rules', 'rollback', '3', '--yes')).toMatchObject({ code: 0, stderr: 'no changes\n' });
    expect(await tulle('rules', 'rollback', '99', '--yes')).toMatchObject({ code: 2 });
  });

  it('name the file and the place of every fault, and change nothing', async () => {
    await mkdir(join(folder, 'faulty'));
    await writeFile(join(folder, 'faulty/a.yaml'), 'kind: rule\nname: [');
    await writeFile(join(folder, 'faulty/b.json'), '{ "name": "x" }');
    const unread = await tulle('rules', 'apply', join(folder, 'faulty'));
    expect(unread.code).toBe(1);
    expect(unread.stderr).toMatch(/a\.yaml: .* at line 2, column 8\n.*b\.json: The document does not say its kind\./);
    await rm(join(folder, 'faulty/a.yaml'));
    await writeFile(join(folder, 'faulty/b.json'), JSON.stringify({ ...ruleBody('x'), targets: [], stepz: [] }));
    const refused = await tulle('rules', 'diff', join(folder, 'faulty'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/b\.json: \/stepz: /);
    expect(await tulle('rules', 'diff', join(folder, 'nothing'))).toMatchObject({ code: 1 });
  });

  it('publish one event, a file, a stream, and wait for what becomes of it', async () => {
    const one = ['publish', '--bus', 'shop', '--source', '/shop', '--type', 'order.prices', '--data', '{"item":"tea"}'];
    expect(await json(...one, '--id', 'o-1')).toEqual({ accepted: 1, matched: 1, unmatched: 0, duplicates: 0 });
    expect(await json(...one, '--wait', '10')).toMatchObject({ ended: true, deliveries: [{ status: 'delivered' }] });
    expect(await json(...one, '--wait', '10', '--reply')).toMatchObject({ type: 'order.priced', data: { price: 20 } });
    const event = { source: '/shop', type: 'order.many' };
    await writeFile(join(folder, 'events.json'), JSON.stringify([event, event], null, 2));
    expect(await json('publish', '-b', 'shop', join(folder, 'events.json'))).toMatchObject({
      accepted: 2,
      unmatched: 2,
    });
    const lines = Array.from({ length: 2_500 }, (_, index) => JSON.stringify({ ...event, id: `n-${index}` }));
    const piped = await run(env, ['publish', '-b', 'shop', '-', '--json'], { input: lines.join('\n') });
    expect(JSON.parse(piped.stdout)).toMatchObject({ accepted: 2_500 });
    const bad = await run(env, ['publish', '-b', 'shop'], { input: `${lines[0]}\nno json\n` });
    expect(bad).toMatchObject({ code: 1, stderr: expect.stringContaining('-, line 2: this is no JSON.') as string });
    expect(await tulle('publish', '--type', 'x')).toMatchObject({ code: 2 });
    expect(await tulle('publish', join(folder, 'no.json'))).toMatchObject({ code: 1 });
  });

  it('publish what comes into a folder, each file once', async () => {
    const watched = join(folder, 'outbox');
    await mkdir(watched);
    await writeFile(join(watched, '1.json'), JSON.stringify({ source: '/shop', type: 'order.watched', id: 'w-1' }));
    await writeFile(
      join(watched, '2.ndjson'),
      '{"source":"/shop","type":"order.watched"}\n\n{"source":"/shop","type":"t"}\n',
    );
    await writeFile(join(watched, '3.json'), '{"source":"/shop"}');
    await writeFile(join(watched, 'notes.txt'), 'left alone');
    const child = spawn(process.execPath, ['cli/main.ts', 'publish', '--watch', watched, '-b', 'shop'], {
      cwd: root,
      env: Object.assign({}, process.env, env),
      stdio: 'ignore',
    });
    try {
      await vi.waitFor(async () => {
        expect(await readdir(join(watched, 'published'))).toEqual(['1.json', '2.ndjson']);
        expect(await readdir(join(watched, 'refused'))).toEqual(['3.json', '3.json.txt']);
      }, 10_000);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await readFile(join(watched, 'refused/3.json.txt'), 'utf8')).toContain('3.json: this is no event.');
    expect(await json('events', 'list', '-b', 'shop', '--type', 'order.watched')).toHaveLength(2);
  }, 20_000);

  it('tell what became of an event, and why rules took it', async () => {
    const shown = await tulle('events', 'show', 'o-1', '-b', 'shop');
    expect(shown.stdout).toMatch(/^o-1 \(order.prices of \/shop\), received /);
    expect(shown.stdout).toMatch(/✓ prices\n {6}→ prices: delivered\n/);
    const why = await tulle('rules', 'explain', 'o-1', '-b', 'shop');
    expect(why.stdout).toBe('prices\tyes\t\nother\tno\ttype is string, and equals asks for "order.other"\n');
    expect(await tulle('events', 'show', 'none', '-b', 'shop')).toMatchObject({ code: 1, stdout: '' });
  });

  it('show events as they come in, a line of JSON each', async () => {
    const words = ['events', 'tail', '-b', 'shop', '--json', '--data', '--limit', '2', '--type', 'order.tail'];
    const { promise: waiting, resolve } = Promise.withResolvers<void>();
    const tail = run(env, words, { onStderr: (text) => (text.includes('Waiting for events') ? resolve() : undefined) });
    await waiting;
    for (const id of ['t-1', 't-2']) {
      await tulle('publish', '-b', 'shop', '--source', '/shop', '--type', 'order.tail', '--id', id, '--data', '7');
    }
    const { code, stdout } = await tail;
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect([code, lines]).toMatchObject([0, [{ id: 't-1', event: { data: 7 } }, { id: 't-2' }]]);
  }, 20_000);

  it('list, show, send again and throw away dead letters', async () => {
    broken = true;
    const publish = ['publish', '-b', 'shop', '--source', '/shop', '--type', 'order.other', '--wait', '10'];
    expect(await tulle(...publish, '--id', 'd-1')).toMatchObject({ code: 1 });
    await tulle(...publish, '--id', 'd-2');
    await tulle(...publish, '--id', 'd-3');
    const letters = (await json('dlq', 'list', '-b', 'shop', '--rule', 'other')) as { id: string; eventId: string }[];
    expect(letters.map(({ eventId }) => eventId)).toEqual(['d-3', 'd-2', 'd-1']);
    expect((await tulle('dlq', 'show', letters[0]?.id ?? '', '-b', 'shop')).stdout).toContain('id: d-3');
    broken = false;
    expect(await tulle('dlq', 'redrive', '-b', 'shop')).toMatchObject({ code: 2 });
    expect(await tulle('dlq', 'redrive', '-b', 'shop', '--all')).toMatchObject({ code: 2 });
    expect(await tulle('dlq', 'redrive', letters[0]?.id ?? '', '-b', 'shop')).toMatchObject({ code: 0 });
    expect(await json('dlq', 'redrive', '-b', 'shop', '--event', 'd-2', '--yes')).toEqual({ redriven: 1, skipped: 0 });
    expect(await json('dlq', 'purge', '-b', 'shop', '--all', '--yes')).toEqual({ purged: 1 });
    await vi.waitFor(
      async () => expect(await json('books', '-b', 'shop')).toMatchObject({ balanced: true, pending: 0 }),
      5_000,
    );
  }, 30_000);

  it('start replays, follow and cancel them', async () => {
    const done = await json(
      'replay',
      'start',
      'again',
      '-b',
      'shop',
      '--archive',
      'all',
      '--from',
      '1h',
      '--rule',
      'prices',
      '--per-second',
      '1',
    );
    expect(done).toMatchObject({ name: 'again', state: 'running', rules: ['prices'] });
    expect(await json('replay', 'cancel', 'again', '-b', 'shop')).toMatchObject({ state: 'cancelled' });
    expect(await json('replay', 'list', '-b', 'shop')).toMatchObject([{ name: 'again' }]);
    expect((await tulle('replay', 'show', 'again', '-b', 'shop')).stdout).toContain('state: cancelled');
    expect(await tulle('replay', 'start', 'x', '-b', 'shop')).toMatchObject({ code: 2 });
  });

  it('make keys, list them without the keys, and revoke them', async () => {
    const made = (await json('keys', 'create', '--role', 'viewer', '-b', '*', '--description', 'ops')) as Record<
      string,
      string
    >;
    const viewer = { TULLE_URL: node.url, TULLE_KEY: made['key'] ?? '' };
    expect(await run(viewer, ['buses', 'list'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^shop\t/) as string,
    });
    const refused = await run(viewer, ['rules', 'delete', 'prices', '-b', 'shop', '--yes']);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('was answered 403')]);
    expect(JSON.stringify(await json('keys', 'list'))).not.toContain(made['key']);
    const rotated = await json('keys', 'rotate', made['id'] ?? '', '--overlap', '0s');
    const renewed = { ...viewer, TULLE_KEY: (rotated as Record<string, string>)['key'] ?? '' };
    expect(await run(renewed, ['buses', 'list'])).toMatchObject({ code: 0 });
    expect(await run(viewer, ['buses', 'list'])).toMatchObject({ code: 1 });
    expect(await tulle('keys', 'revoke', made['id'] ?? '', '--yes')).toMatchObject({ code: 0 });
    expect(await json('keys', 'list')).toEqual([]);
    expect(await run(renewed, ['buses', 'list'])).toMatchObject({ code: 1 });
  });

  it('verify the chain of changes, and notice a history that was rewritten', async () => {
    const { code, stdout, stderr } = await tulle('audit', 'verify');
    expect([code, stderr]).toEqual([0, expect.stringMatching(/none missing, none altered/)]);
    expect(stdout).toMatch(/^\d+=[0-9a-f]{64}\n$/);
    expect(await tulle('audit', 'verify', '--expect', stdout.trim())).toMatchObject({ code: 0 });
    const wrong = await tulle('audit', 'verify', '--expect', `1=${'0'.repeat(64)}`);
    expect([wrong.code, wrong.stdout]).toEqual([
      1,
      expect.stringContaining('Change 1 does not have the hash that it had'),
    ]);
    expect((await tulle('audit', 'verify', '--expect', `999=${'0'.repeat(64)}`)).stdout).toContain(
      'Change 999 is gone.',
    );
  });

  it('sign and verify webhooks', async () => {
    const secret = { TULLE_SIGNING_SECRET: `whsec_${btoa('a secret of twenty-four bytes')}` };
    const signed = await run(secret, ['signature', 'sign', '--id', 'm', '--json'], { input: '{"a":1}' });
    const headers = JSON.parse(signed.stdout) as Record<string, string>;
    const words = ['signature', 'verify', '--id', 'm', '--timestamp', headers['webhook-timestamp'] ?? ''];
    words.push('--signature', headers['webhook-signature'] ?? '');
    expect(await run(secret, words, { input: '{"a":1}' })).toMatchObject({ code: 0 });
    expect(await run(secret, words, { input: '{"a":2}' })).toMatchObject({ code: 1, stderr: 'No signature fits.\n' });
  });

  it('find what is wrong with an installation', async () => {
    expect(await tulle('doctor')).toMatchObject({ code: 0, stdout: expect.not.stringContaining('wrong') as string });
    const wrong = await run({ ...env, TULLE_ADMIN_KEY: 'not-the-key-of-this-installation' }, ['doctor']);
    expect([wrong.code, wrong.stdout]).toEqual([1, expect.stringMatching(/^wrong\tkey\t/m)]);
  });

  it('never print a key, and say what is missing', async () => {
    const marker = 'marker-0123456789-abcdefghijkl';
    const told = [
      await run({ TULLE_URL: node.url }, ['buses', 'list', '--key', marker]),
      await run({ TULLE_URL: 'http://127.0.0.1:1', TULLE_KEY: marker }, ['doctor', '--json']),
    ];
    for (const { stdout, stderr, code } of told) {
      expect(code).toBe(1);
      expect(stdout + stderr).not.toContain(marker);
    }
    expect(await run({}, ['buses', 'list'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('TULLE_URL') as string,
    });
    expect(await run({ TULLE_URL: 'x:' }, ['buses', 'list'])).toMatchObject({ code: 2 });
    expect(await run({ TULLE_URL: node.url }, ['buses', 'list'])).toMatchObject({ code: 2 });
    expect(await tulle('rules', 'shw')).toMatchObject({ code: 2 });
    expect(await tulle('rules', 'show')).toMatchObject({ code: 2 });
    expect(await tulle('rules')).toMatchObject({ code: 2 });
    expect(await run({}, ['rules', 'diff', configuration()])).toMatchObject({ code: 1 });
  }, 20_000);
});

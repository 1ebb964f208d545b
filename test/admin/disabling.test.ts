import { describe, expect, it } from 'vitest';
import { createMemoryDocuments } from '../../adapters/memory/documents.ts';
import { createMemorySnapshots } from '../../adapters/memory/snapshots.ts';
import { createLiveDocuments } from '../../admin/changes/live-documents.ts';
import { createDisabling } from '../../admin/disabling.ts';
import { documentKeys } from '../../admin/document-keys.ts';
import { createPublisher } from '../../admin/publisher.ts';
import type { RuleDocument } from '../../admin/resources/rule.ts';
import type { Disable } from '../../mesh/delivery/sign-off.ts';
import type { Documents } from '../../mesh/ports/documents.ts';
import type { Runtime } from '../../mesh/ports/runtime.ts';

const key = documentKeys.rule('t', 'b', 'r');
const http = { url: 'https://crm.example.com/' };
const retry = { preset: 'default', maxAttempts: 2, maxAge: '1d' };
const targets = ['crm', 'erp'].map((name) => ({ name, http, retry }));
const rule = { name: 'r', bus: 'b', enabled: true, filter: {}, steps: [], targets };
const signOff = { tenant: 't', bus: 'b', rule: 'r', ruleVersion: 2, target: 'crm', reason: 'gone' };

async function setUp(documents: Documents = createMemoryDocuments()) {
  const works: Promise<unknown>[] = [];
  let writes = 0;
  let paused = 0;
  const counted: Documents = {
    ...documents,
    put(at, value, version) {
      if (at === key) writes += 1;
      return documents.put(at, value, version);
    },
  };
  const runtime: Runtime = {
    now: () => 1_700_000_000_000,
    random: () => 0,
    fetch: () => Promise.reject(new Error('not used here')),
    pause(milliseconds) {
      paused += milliseconds;
      return Promise.resolve();
    },
    waitUntil: (work) => void works.push(work),
  };
  const snapshots = createMemorySnapshots();
  const administrator = createPublisher({ documents, snapshots, runtime });
  /** Changes what an administrator would. */
  async function edit(at: string, document: object | undefined): Promise<void> {
    await administrator.change({ tenant: 't', by: 'an-administrator' }, async (staging) => {
      if (document === undefined) await staging.delete(at);
      else await staging.put(at, document);
    });
  }
  await edit(documentKeys.bus('t', 'b'), { name: 'b', shards: 1, record: 'all', retention: '1d' });
  await edit(key, rule);
  const publisher = createPublisher({ documents: counted, snapshots, runtime });
  const disable: Disable = createDisabling({ publisher, runtime });
  return {
    edit,
    disable,
    settle: () => Promise.all(works.splice(0)),
    read: async () => (await createLiveDocuments(documents).get(key)) as { value: RuleDocument; version: number },
    get writes() {
      return writes;
    },
    get paused() {
      return paused;
    },
  };
}

const disabled = { reason: 'gone', at: '2023-11-14T22:13:20.000Z' };

describe('a target that signs off', () => {
  it('is disabled in a new version of its rule, once, together with others of its bus', async () => {
    const world = await setUp();
    for (const target of ['crm', 'erp', 'crm', 'crm']) world.disable({ ...signOff, target });
    await world.settle();
    const { value, version } = await world.read();
    expect(version).toBe(3);
    expect(value.targets).toEqual(targets.map((target) => ({ ...target, disabled })));
    expect([world.writes, world.paused]).toEqual([1, 1_000]);
  });

  it('stays as it is where the rule is another by now, or is gone', async () => {
    const world = await setUp();
    await world.edit(key, { ...rule, description: 'edited' });
    world.disable(signOff);
    await world.settle();
    await world.edit(key, undefined);
    world.disable({ ...signOff, ruleVersion: 3 });
    await world.settle();
    expect(world.writes).toBe(0);
  });

  it('stays as an administrator writes it in the same moment', async () => {
    const documents = createMemoryDocuments();
    const edited = { ...rule, description: 'edited' };
    let interrupt: (() => Promise<void>) | undefined;
    const world = await setUp({
      ...documents,
      async get(at) {
        const found = await documents.get(at);
        const work = at === key ? interrupt : undefined;
        if (work !== undefined) interrupt = undefined;
        await work?.();
        return found;
      },
    });
    interrupt = () => world.edit(key, edited);
    world.disable(signOff);
    await world.settle();
    expect((await world.read()).value).toEqual(edited);
  });

  it('may be a target for dead letters', async () => {
    const world = await setUp();
    const withDead = [{ name: 'crm', http, retry, deadLetter: { http, retry } }];
    await world.edit(key, { ...rule, targets: withDead });
    world.disable({ ...signOff, ruleVersion: 3, target: 'crm~dead' });
    await world.settle();
    const { value } = await world.read();
    expect(value.targets).toEqual([{ name: 'crm', http, retry, deadLetter: { http, retry, disabled } }]);
  });
});

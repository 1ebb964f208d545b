import { describe, expect, it } from 'vitest';
import { type Change, isIntact } from '../../../admin/changes/change.ts';
import { createChanges } from '../../../admin/changes/changes.ts';
import { readHead } from '../../../admin/changes/head.ts';
import { createLiveDocuments } from '../../../admin/changes/live-documents.ts';
import { sweepDeleted } from '../../../admin/changes/sweep.ts';
import { createMemoryDocuments } from '../../../adapters/memory/documents.ts';
import type { Documents } from '../../../mesh/ports/documents.ts';
import { createJitter, wrap } from '../faults.ts';
import { createMemorySnapshots } from '../../../adapters/memory/snapshots.ts';
import { createHarness } from '../harness.ts';

const { runtime } = createHarness();
const order = { tenant: 'default', by: 'somebody' };

describe('changes', () => {
  it('number what they wrote, and hold the hash of the one before', async () => {
    const documents = createMemoryDocuments();
    const changes = createChanges(documents, runtime);
    for (const value of ['one', 'two']) {
      await changes.commit({ ...order, why: value }, (staging) => staging.put('rule/default/a/r', { value }));
    }
    expect(await createLiveDocuments(documents).get('rule/default/a/r')).toMatchObject({ version: 2 });
    const [first, second] = [await changes.read('default', 1), await changes.read('default', 2)] as [Change, Change];
    expect(second).toMatchObject({ sequence: 2, by: 'somebody', why: 'two', entries: [{ previous: 1 }] });
    expect([await isIntact(first, ''), await isIntact(second, first.hash)]).toEqual([true, true]);
    expect(await isIntact({ ...first, by: 'somebody else' }, '')).toBe(false);
    expect(await isIntact(second, '')).toBe(false);
  });

  it('are none where nothing differs', async () => {
    const documents = createMemoryDocuments();
    const changes = createChanges(documents, runtime);
    const write = () => changes.commit(order, (staging) => staging.put('rule/default/a/r', { b: 1, a: 2 }));
    expect((await write()).change?.sequence).toBe(1);
    expect(await write()).toMatchObject({ sequence: 1 });
    expect((await write()).change).toBeUndefined();
    const created = await changes.commit(order, async (staging) => {
      await staging.put('rule/default/a/other', {});
      await staging.delete('rule/default/a/other');
    });
    expect(created.change).toBeUndefined();
  });

  it('lose no update to one another, whatever the order of calls', async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const documents = createMemoryDocuments();
      const slow = wrap({ documents, snapshots: createMemorySnapshots() }, createJitter(seed)).documents;
      const increments = Array.from({ length: 8 }, () =>
        createChanges(slow, runtime).commit(order, async (staging) => {
          const stored = (await staging.get('rule/default/a/r'))?.value as { count: number } | undefined;
          await staging.put('rule/default/a/r', { count: (stored?.count ?? 0) + 1 });
          await staging.put('rule/default/a/s', { count: (stored?.count ?? 0) + 1 });
        }),
      );
      const sequences = (await Promise.all(increments)).map(({ sequence }) => sequence);
      expect(sequences.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      const live = createLiveDocuments(documents);
      for (const name of ['r', 's'])
        expect(await live.get(`rule/default/a/${name}`)).toMatchObject({ value: { count: 8 } });
    }
  });

  it('are finished by whoever comes next, and by nobody who is late', async () => {
    const documents = createMemoryDocuments();
    const stuck: (() => void)[] = [];
    let isSlow = true;
    // The first to carry out the change is held up before every write of a rule.
    const slow: Documents = {
      ...documents,
      async put(key, value, expectedVersion) {
        if (isSlow && key.startsWith('rule/')) await new Promise<void>((resolve) => stuck.push(resolve));
        return documents.put(key, value, expectedVersion);
      },
    };
    const late = createChanges(slow, runtime).commit(order, async (staging) => {
      await staging.put('rule/default/a/new', { by: 'late' });
      await staging.put('rule/default/a/other', { by: 'late' });
    });
    while (stuck.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const changes = createChanges(documents, runtime);
    const live = createLiveDocuments(documents);
    expect(await changes.settle('default')).toMatchObject({ sequence: 1 });
    expect(await live.get('rule/default/a/new')).toMatchObject({ value: { by: 'late' } });
    await changes.commit(order, async (staging) => {
      await staging.delete('rule/default/a/new');
      await staging.put('rule/default/a/other', { by: 'next' });
    });
    isSlow = false;
    for (const release of stuck) release();
    await late;
    expect(await live.get('rule/default/a/new')).toBeUndefined();
    expect(await live.get('rule/default/a/other')).toMatchObject({ value: { by: 'next' }, version: 2 });
  });

  it('leave marks of what they deleted for a day, which no list shows', async () => {
    const documents = createMemoryDocuments();
    const changes = createChanges(documents, runtime);
    const names = Array.from({ length: 7 }, (_, index) => `rule/default/a/${index}`);
    await changes.commit(order, async (staging) => {
      for (const key of names) await staging.put(key, {});
    });
    await changes.commit(order, async (staging) => {
      for (const key of names.slice(1, 6)) await staging.delete(key);
      expect((await staging.list('rule/default/a/')).items.map(({ key }) => key)).toEqual([names[0], names[6]]);
    });
    const live = createLiveDocuments(documents);
    const first = await live.list('rule/default/a/', { limit: 1 });
    expect(first).toMatchObject({ items: [{ key: names[0] }], next: names[0] });
    const second = await live.list('rule/default/a/', { limit: 1, after: names[0] ?? '' });
    expect(second.items.map(({ key }) => key)).toEqual([names[6]]);
    expect(second.next).toBeUndefined();

    await changes.settle('default');
    await sweepDeleted(documents, changes, 'default', runtime.now() + 3_600_000);
    expect((await documents.list('rule/')).items).toHaveLength(7);
    await sweepDeleted(documents, changes, 'default', runtime.now() + 2 * 86_400_000);
    expect((await documents.list('rule/')).items).toHaveLength(2);
    expect((await readHead(documents, 'default')).swept).toBe(2);
  });
});

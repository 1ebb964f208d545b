import { describe, expect, it } from 'vitest';
import { getMany, putMany } from '../../mesh/many-documents.ts';
import { documentMaxBytes, type Documents } from '../../mesh/ports/documents.ts';

/** What every document store must keep. `create` answers an empty store. */
export function describeDocuments(name: string, create: () => Promise<Documents>): void {
  describe(`documents: ${name}`, () => {
    it('answers undefined for a key that was never written', async () => {
      const documents = await create();
      expect(await documents.get('bus/acme/orders')).toBeUndefined();
    });

    it('answers what was stored, with its version', async () => {
      const documents = await create();
      const value = { name: 'orders', nested: { list: [1, 'two', null, true], unicode: 'Grüße 🎈 \u0000' } };
      const version = await documents.put('bus/acme/orders', value);
      expect(version).toBeGreaterThan(0);
      expect(await documents.get('bus/acme/orders')).toEqual({ key: 'bus/acme/orders', value, version });
    });

    it.each([null, false, 0, '', [], {}])('stores the JSON value %j', async (value) => {
      const documents = await create();
      await documents.put('key', value);
      expect(await documents.get('key')).toMatchObject({ value });
    });

    it('keeps a member named __proto__ a member', async () => {
      const documents = await create();
      await documents.put('key', JSON.parse('{"__proto__":{"polluted":true}}'));
      const stored = await documents.get('key');
      expect(JSON.stringify(stored?.value)).toBe('{"__proto__":{"polluted":true}}');
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    });

    it('hands out copies', async () => {
      const documents = await create();
      const value = { list: [1] };
      await documents.put('key', value);
      value.list.push(2);
      expect(await documents.get('key')).toMatchObject({ value: { list: [1] } });
    });

    it('grows the version with every write', async () => {
      const documents = await create();
      const first = await documents.put('key', 1);
      const second = await documents.put('key', 1);
      const third = await documents.put('key', 2, second);
      expect(second).toBeGreaterThan(first);
      expect(third).toBeGreaterThan(second);
    });

    it('grows the version over a delete', async () => {
      const documents = await create();
      const before = await documents.put('key', 1);
      await documents.delete('key');
      expect(await documents.put('key', 2)).toBeGreaterThan(before);
    });

    it('writes an expected version only', async () => {
      const documents = await create();
      const version = await documents.put('key', 'first');
      await expect(documents.put('key', 'second', version + 1)).rejects.toMatchObject({ code: 'version_conflict' });
      await expect(documents.put('other', 'second', 1)).rejects.toMatchObject({ code: 'version_conflict' });
      expect(await documents.get('key')).toMatchObject({ value: 'first', version });
      expect(await documents.get('other')).toBeUndefined();
    });

    it('creates with the expected version 0, and only then', async () => {
      const documents = await create();
      const version = await documents.put('key', 'first', 0);
      await expect(documents.put('key', 'second', 0)).rejects.toMatchObject({ code: 'version_conflict' });
      await documents.delete('key', version);
      expect(await documents.put('key', 'third', 0)).toBeGreaterThan(version);
      expect(await documents.get('key')).toMatchObject({ value: 'third' });
    });

    it('does not take a version from before a delete', async () => {
      const documents = await create();
      const version = await documents.put('key', 'first');
      await documents.delete('key');
      for (const expected of [version, version + 1]) {
        await expect(documents.put('key', 'second', expected)).rejects.toMatchObject({ code: 'version_conflict' });
      }
    });

    it('deletes, and says whether there was something', async () => {
      const documents = await create();
      await documents.put('key', 1);
      expect(await documents.delete('key')).toBe(true);
      expect(await documents.delete('key')).toBe(false);
      expect(await documents.delete('never')).toBe(false);
      expect(await documents.get('key')).toBeUndefined();
      expect((await documents.list('')).items).toEqual([]);
    });

    it('deletes an expected version only', async () => {
      const documents = await create();
      const version = await documents.put('key', 1);
      await expect(documents.delete('key', version + 1)).rejects.toMatchObject({ code: 'version_conflict' });
      await expect(documents.delete('key', 0)).rejects.toMatchObject({ code: 'version_conflict' });
      await expect(documents.delete('never', 1)).rejects.toMatchObject({ code: 'version_conflict' });
      expect(await documents.delete('never', 0)).toBe(false);
      expect(await documents.delete('key', version)).toBe(true);
    });

    it('lets exactly one of many writers with the same expected version win', async () => {
      const documents = await create();
      const version = await documents.put('key', 'start');
      const writers = Array.from({ length: 10 }, (_, index) => documents.put('key', index, version));
      const outcomes = await Promise.allSettled(writers);
      const winners = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(await documents.get('key')).toMatchObject({ value: winners[0] });
    });

    it('lets exactly one of many creators win', async () => {
      const documents = await create();
      const creators = Array.from({ length: 10 }, (_, index) => documents.put('key', index, 0));
      const outcomes = await Promise.allSettled(creators);
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    });

    it('gives every unconditional writer a version of its own', async () => {
      const documents = await create();
      const versions = await Promise.all(Array.from({ length: 10 }, (_, index) => documents.put('key', index)));
      expect(new Set(versions).size).toBe(10);
      expect((await documents.get('key'))?.version).toBe(Math.max(...versions));
    });

    it('reads many and writes many as one by one', async () => {
      const documents = await create();
      const keys = Array.from({ length: 230 }, (_, index) => `many/${index}`);
      expect(await getMany(documents, keys)).toEqual(keys.map(() => undefined));
      const first = keys.map((key) => ({ key, value: { key }, expectedVersion: 0 }));
      expect(await putMany(documents, first)).toEqual(keys.map(() => true));
      expect(await putMany(documents, first.slice(0, 3))).toEqual([false, false, false]);
      const stored = await getMany(documents, [...keys, 'many/none', 'many/0']);
      expect(stored.map((found) => found?.key)).toEqual([...keys, undefined, 'many/0']);

      await documents.delete('many/1');
      const versionOf = (index: number): number => stored[index]?.version ?? -1;
      const second = [0, 1, 2].map((index) => ({
        key: `many/${index}`,
        value: 'new',
        expectedVersion: versionOf(index),
      }));
      expect(await putMany(documents, [...second, { key: 'many/3', value: 'no', expectedVersion: 99 }])).toEqual([
        true,
        false,
        true,
        false,
      ]);
      const values = (await getMany(documents, keys.slice(0, 4))).map((found) => found?.value);
      expect(values).toEqual(['new', undefined, 'new', { key: 'many/3' }]);
      expect(await getMany(documents, [])).toEqual([]);
      expect(await putMany(documents, [])).toEqual([]);
    });

    it('lists by prefix in key order', async () => {
      const documents = await create();
      for (const key of ['a/2', 'a/10', 'a-b/1', 'b/1', 'a/1', 'a', 'A/1', 'a/_%', 'a/z'])
        await documents.put(key, key);
      const keysOf = async (prefix: string): Promise<string[]> =>
        (await documents.list(prefix)).items.map((item) => item.key);
      expect(await keysOf('a/')).toEqual(['a/1', 'a/10', 'a/2', 'a/_%', 'a/z']);
      expect(await keysOf('a/_')).toEqual(['a/_%']);
      expect(await keysOf('c/')).toEqual([]);
      expect(await keysOf('')).toEqual(['A/1', 'a', 'a-b/1', 'a/1', 'a/10', 'a/2', 'a/_%', 'a/z', 'b/1']);
    });

    it('lists in pages that neither repeat nor lose a document', async () => {
      const documents = await create();
      const keys = Array.from({ length: 7 }, (_, index) => `p/${index}`);
      for (const key of keys) await documents.put(key, { key });
      await documents.put('q/0', 'outside');

      const seen: string[] = [];
      let after: string | undefined;
      let pages = 0;
      do {
        const page = await documents.list('p/', { limit: 3, ...(after === undefined ? {} : { after }) });
        expect(page.items.length).toBeLessThanOrEqual(3);
        seen.push(...page.items.map((item) => item.key));
        after = page.next;
        pages += 1;
      } while (after !== undefined && pages < 10);
      expect(seen).toEqual(keys);
      expect((await documents.list('p/', { limit: 7 })).next).toBeUndefined();
    });

    it('goes on from a key that is gone', async () => {
      const documents = await create();
      for (const key of ['p/1', 'p/2', 'p/3']) await documents.put(key, key);
      await documents.delete('p/2');
      const page = await documents.list('p/', { after: 'p/2' });
      expect(page.items.map((item) => item.key)).toEqual(['p/3']);
    });

    it('stores up to the limit and refuses what is above', async () => {
      const documents = await create();
      const fits = 'x'.repeat(documentMaxBytes - 2);
      await documents.put('key', fits);
      expect((await documents.get('key'))?.value).toHaveLength(fits.length);
      await expect(documents.put('key', `${fits}x`)).rejects.toMatchObject({ code: 'too_large' });
      // Two bytes a character: the limit counts bytes.
      await expect(documents.put('key', 'ü'.repeat(documentMaxBytes / 2))).rejects.toMatchObject({ code: 'too_large' });
    });
  });
}

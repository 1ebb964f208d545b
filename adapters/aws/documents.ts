import type { Documents, StoredDocument } from '../../mesh/ports/documents.ts';
import { toDocumentText, versionConflict } from '../documents.ts';
import type { Packer } from './packed.ts';
import { chunk, inSteps, type Item, type Table } from './table.ts';

/**
 * Documents in one item collection, in key order, so that every prefix can be listed. DynamoDB divides a collection
 * without local indexes by its sort key where it is hot. Deleted ones stay as a version without a body.
 */
export function createDynamoDocuments({
  table,
  packer,
}: {
  readonly table: Table;
  readonly packer: Packer;
}): Documents {
  async function write(key: string, value: unknown, expectedVersion?: number): Promise<number> {
    const packed = await packer.pack('documents', toDocumentText(value));
    const [kept = 'text'] = Object.keys(packed);
    const others = bodyAttributes.filter((attribute) => attribute !== kept).map((attribute) => `#${attribute}`);
    const before = await table.update(toKey(key), {
      update: `SET #version = if_not_exists(#version, :zero) + :one, #${kept} = :body REMOVE #gone, ${others.join(', ')}`,
      ...(expectedVersion === undefined
        ? {}
        : { condition: expectedVersion === 0 ? 'attribute_not_exists(#version) OR attribute_exists(#gone)' : isAt }),
      values: {
        ':zero': 0,
        ':one': 1,
        ':body': packed.text ?? packed.deflated ?? packed.object ?? '',
        ...(expectedVersion === undefined || expectedVersion === 0 ? {} : { ':expected': expectedVersion }),
      },
      old: true,
    });
    if (before === undefined) {
      await packer.discard([{ ...toKey(key), ...packed }]);
      throw versionConflict();
    }
    await packer.discard([before]);
    return Number(before['version'] ?? 0) + 1;
  }

  async function toDocument(item: Item): Promise<StoredDocument | undefined> {
    if (item['gone'] !== undefined) return undefined;
    try {
      return { key: item.sk, value: JSON.parse(await packer.unpack(item)), version: Number(item['version']) };
    } catch (error) {
      // It may have been written anew since: what it had in the bucket goes with that.
      const now = await table.get(item);
      if (now === undefined || now['version'] === item['version']) throw error;
      return toDocument(now);
    }
  }

  return {
    async get(key) {
      const item = await table.get(toKey(key));
      return item === undefined ? undefined : toDocument(item);
    },
    put: write,
    async delete(key, expectedVersion) {
      if (expectedVersion === 0) {
        const item = await table.get(toKey(key));
        if (item === undefined || item['gone'] !== undefined) return false;
        throw versionConflict();
      }
      const before = await table.update(toKey(key), {
        update: `SET #version = #version + :one, #gone = :one REMOVE ${bodyAttributes.map((name) => `#${name}`).join(', ')}`,
        condition: expectedVersion === undefined ? 'attribute_exists(#version) AND attribute_not_exists(#gone)' : isAt,
        values: { ':one': 1, ...(expectedVersion === undefined ? {} : { ':expected': expectedVersion }) },
        old: true,
      });
      if (before !== undefined) {
        await packer.discard([before]);
        return true;
      }
      if (expectedVersion === undefined) return false;
      throw versionConflict();
    },
    async list(prefix, { after = '', limit = 100 } = {}) {
      const found: Item[] = [];
      // One more than asked for shows whether there are more.
      let from = after > prefix ? `${after}${FIRST}` : prefix;
      while (found.length <= limit) {
        const { items, reached } = await table.query({
          pk,
          ...(from === '' ? {} : { from }),
          to: `${prefix}${LAST}`,
          limit: limit + 1,
          filter: { expression: 'attribute_not_exists(#gone)' },
        });
        found.push(...items.filter(({ sk }) => sk !== after));
        if (reached === undefined) break;
        from = `${reached}${FIRST}`;
      }
      const page = await Promise.all(found.slice(0, limit).map(toDocument));
      const items = page.filter((document) => document !== undefined);
      const last = found[limit - 1]?.sk;
      return found.length > limit && last !== undefined ? { items, next: last } : { items };
    },
    async getMany(keys) {
      const found = await table.getMany(keys.map(toKey));
      const documents = new Map<string, StoredDocument | undefined>();
      for (const step of chunk([...found.values()], 16)) {
        for (const document of await Promise.all(step.map(toDocument))) {
          if (document !== undefined) documents.set(document.key, document);
        }
      }
      return keys.map((key) => documents.get(key));
    },
    putMany: (writes) =>
      inSteps(writes, async ({ key, value, expectedVersion }) => {
        try {
          await write(key, value, expectedVersion);
          return true;
        } catch (error) {
          if (error instanceof Error && 'code' in error && error.code === 'version_conflict') return false;
          throw error;
        }
      }),
  };
}

const pk = 'document';
const bodyAttributes = ['text', 'deflated', 'object'] as const;
const isAt = '#version = :expected AND attribute_not_exists(#gone)';
/** Keys are ASCII without control characters. */
const FIRST = '\u0001';
const LAST = '\u{10ffff}';

function toKey(key: string) {
  return { pk, sk: key };
}

import type { Erasure } from '../../mesh/ports/erasure.ts';
import { collections, toText } from './keys.ts';
import type { Packer } from './packed.ts';
import type { Table } from './table.ts';

/** Items of one step: they are read before they go, because some have their text in the bucket. */
const ITEMS = 100;

/**
 * Deletes what the table and the bucket have of a shard. What is still in SQS cannot be looked for there: each message is
 * let go of when it is due, because its bus is gone, and what that leaves behind expires after a day.
 */
export function createDynamoErasure({ table, packer }: { readonly table: Table; readonly packer: Packer }): Erasure {
  async function eraseCollection(pk: string): Promise<void> {
    for (;;) {
      const { items } = await table.query({ pk, limit: ITEMS });
      if (items.length === 0) return;
      // The text first: after a crash in between its item still leads to it.
      await packer.discard(items);
      await table.deleteMany(items.map(({ sk }) => ({ pk, sk })));
    }
  }

  return {
    async erase(place) {
      for (;;) {
        const lanes = collections.lanes(place);
        const { items } = await table.query({ pk: lanes, limit: ITEMS });
        if (items.length === 0) break;
        for (const { sk } of items) await eraseCollection(collections.lane(place, sk));
        await table.deleteMany(items.map(({ sk }) => ({ pk: lanes, sk })));
      }
      const { history, books, deadLetters, setAside, breakers, archive, settled, replays } = collections;
      for (const nameOf of [history, books, deadLetters, setAside, breakers, archive, settled, replays]) {
        await eraseCollection(nameOf(place));
      }
      await table.delete({ pk: collections.shards, sk: toText(place) });
    },
  };
}

import type { Awaited } from '../../mesh/ports/queue.ts';
import type { Waits } from '../../mesh/ports/waits.ts';
import type { DeliveryOutcome } from '../../mesh/publish/outcome.ts';
import type { WaitBoxes } from '../waits.ts';
import { collections, type Sequence, toSeconds, toSortKey } from './keys.ts';
import type { Packer } from './packed.ts';
import { inSteps, type Table } from './table.ts';

/**
 * Publishers wait in the function that they publish to. What others deliver of theirs comes through the table: whoever
 * settles puts it into the request's mailbox, and whoever waits looks there now and then.
 */
export interface DynamoWaits {
  readonly port: Waits;
  open(awaited: Awaited): void;
  put(outcomes: readonly DeliveryOutcome[]): Promise<void>;
}

/** Between two looks: a read of a quarter of a millionth of a dollar each. */
const FIRST_LOOK_MS = 40;
const LOOK_MS = 250;
/** Nobody waits for longer than this. */
const KEPT_SECONDS = 600;

export function createDynamoWaits(options: {
  readonly table: Table;
  readonly packer: Packer;
  readonly boxes: WaitBoxes;
  readonly sequence: Sequence;
  readonly now: () => number;
}): DynamoWaits {
  const { table, packer, boxes, sequence, now } = options;

  async function look(receipt: string): Promise<void> {
    const { items } = await table.query({ pk: collections.mailbox(receipt) });
    if (items.length === 0) return;
    for (const item of items) boxes.put(JSON.parse(await packer.unpack(item)) as DeliveryOutcome[]);
    await table.deleteMany(items);
    await packer.discard(items);
  }

  return {
    open: (awaited) => boxes.open(awaited),
    async put(outcomes) {
      const boxed = Map.groupBy(outcomes, ({ receipt }) => receipt);
      await inSteps([...boxed], async ([receipt, own]) => {
        await table.put({
          pk: collections.mailbox(receipt),
          sk: `${toSortKey(sequence.next())}-${crypto.randomUUID().slice(0, 8)}`,
          ...(await packer.pack('waits', JSON.stringify(own))),
          ttl: toSeconds(now()) + KEPT_SECONDS,
        });
      });
    },
    port: {
      async take(_shard, receipt, milliseconds) {
        let left = milliseconds;
        for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 1.5, LOOK_MS)) {
          const there = await boxes.take(receipt, 0);
          if (there === undefined || there.length > 0) return there;
          await look(receipt);
          const found = await boxes.take(receipt, Math.min(pause, left));
          left -= pause;
          if (found === undefined || found.length > 0 || left <= 0) return found;
        }
      },
      async close(_shard, receipt) {
        boxes.close(receipt);
      },
    },
  };
}

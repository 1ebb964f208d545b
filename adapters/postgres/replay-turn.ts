import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import { acceptanceSlackMs } from '../../mesh/replay/replay.ts';
import { endReplay, type KeptReplay, LANE_POLL_MS, LANE_ROWS, moveReplay } from '../sqlite/replay-turn.ts';
import { readTurn } from './archive.ts';
import type { Sql } from './database.ts';
import { hasMoreRows } from './lane-store.ts';
import type { TakenReplay } from './replay-store.ts';

/** What a turn made, and how the replay is after it: to be written together. */
interface TurnTaken {
  readonly settlement: Settlement;
  readonly replay: KeptReplay;
}

const nothing: Settlement = { retries: [], records: [] };

/** Takes the turn of a replay that this process has; one that has nothing to do comes again when it may have. */
export async function takeReplayTurn(
  { bus, kept }: TakenReplay,
  { sql, consume, now }: { readonly sql: Sql; readonly consume: QueueConsumer; readonly now: () => number },
): Promise<TurnTaken> {
  if (await hasMoreRows(sql, bus, kept.targets, LANE_ROWS)) {
    return { settlement: nothing, replay: { ...kept, due: now() + LANE_POLL_MS } };
  }
  // Before it is read: what is there by then is all that there will be.
  const begun = now();
  const job = await readTurn(sql, { bus, kept }, now);
  if (job === undefined) {
    const settled = kept.status.order.to + acceptanceSlackMs;
    const replay = begun < settled ? { ...kept, due: settled } : endReplay(kept, 'completed', now());
    return { settlement: nothing, replay };
  }
  const settlement = await consume(job.messages, { replay: job.replay, skip: job.skip });
  if (settlement.replay === undefined) throw new Error('the turn of a replay has an outcome');
  return { settlement, replay: moveReplay(kept, job, settlement.replay, now()) };
}

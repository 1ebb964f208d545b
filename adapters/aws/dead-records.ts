import { answers, type LedgerEntry, type LedgerPage, type LedgerQuery } from '../../mesh/ledger.ts';
import type { DeadLetters } from '../../mesh/ports/dead-letters.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';

/** The dead letters that are still there, as records of history. */
export async function listAsRecords(
  deadLetters: DeadLetters,
  place: ShardPlace,
  { filter, after, limit, eventLength = 0 }: LedgerQuery,
): Promise<LedgerPage> {
  const { rule, target, type, source, eventId } = filter;
  const page = await deadLetters.list(place, {
    filter: {
      ...(rule === undefined ? {} : { rule }),
      ...(target === undefined ? {} : { target }),
      ...(type === undefined ? {} : { type }),
      ...(source === undefined ? {} : { source }),
      ...(eventId === undefined ? {} : { eventId }),
    },
    order: 'newest',
    limit,
    ...(after === undefined ? {} : { after: Number(after) }),
  });
  let room = eventLength;
  const items: LedgerEntry[] = [];
  for (const { sequence, record } of page.items) {
    if (!answers(record, filter)) continue;
    const event = room > 0 ? (await deadLetters.get(place, sequence))?.record.event : undefined;
    room -= event?.length ?? 0;
    items.push({ position: String(sequence), record: event === undefined ? record : { ...record, event } });
  }
  return { items, ...(page.reached === undefined ? {} : { reached: String(page.reached) }) };
}

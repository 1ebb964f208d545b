import type { Ledger } from '../../mesh/ports/ledger.ts';
import { waitingOf } from '../../mesh/trace/query.ts';
import type { Archive } from './archive.ts';
import { toBooks } from './books.ts';
import type { DynamoDeadLetters } from './dead-letters.ts';
import type { History } from './history.ts';
import { collections } from './keys.ts';
import type { Lanes } from './lanes.ts';
import type { Packer } from './packed.ts';
import { inSteps, type Table } from './table.ts';
import { listAsRecords } from './dead-records.ts';

const SET_ASIDE_LOOKED_AT = 200;

/** History as operators read it. */
export function createDynamoLedger(options: {
  readonly table: Table;
  readonly packer: Packer;
  readonly history: History;
  readonly lanes: Lanes;
  readonly archive: Archive;
  readonly deadLetters: DynamoDeadLetters;
}): Ledger {
  const { table, packer, history, lanes, archive, deadLetters } = options;
  return {
    list: (place, query) =>
      query.filter.status === 'dead-lettered'
        ? listAsRecords(deadLetters.port, place, query)
        : history.list(place, query),
    events: (place, query) => archive.events(place, query),
    async waiting(place, eventId) {
      const [inQueue, inLanes, { items, reached }] = await Promise.all([
        history.waiting(place, eventId),
        lanes.waiting(place, eventId),
        table.query({ pk: collections.setAside(place), newestFirst: true, limit: SET_ASIDE_LOOKED_AT }),
      ]);
      const aside = await inSteps(items, async (item) =>
        waitingOf([await packer.unpack(item)], eventId, { dueAt: Number(item['at']), setAside: true }, place),
      );
      const incomplete = inQueue.incomplete || inLanes.incomplete || reached !== undefined;
      return {
        items: [...inQueue.items, ...inLanes.items, ...aside.flat()],
        ...(incomplete ? { incomplete: true } : {}),
      };
    },
    lanes: (place) => lanes.status(place),
    async books(place) {
      const [sums, waiting] = await Promise.all([history.sums(place), lanes.deliveries(place)]);
      return toBooks(sums, waiting);
    },
  };
}

import { TulleError } from '../../event/error.ts';
import { leaveOut } from '../../mesh/deduplication.ts';
import type { Entries, Queue } from '../../mesh/ports/queue.ts';
import type { ShardAddress } from '../../mesh/ports/shard.ts';
import type { Archive } from './archive.ts';
import { claimsAreStuck, type DynamoClaims } from './claims.ts';
import type { Lanes } from './lanes.ts';
import type { Message } from './message.ts';
import type { Outbox } from './outbox.ts';
import type { DynamoWaits } from './waits.ts';

/** How long a publisher waits for others who send the same events. */
const PENDING_TRIES = 100;
const PENDING_MS = 50;

/**
 * SQS as the queue. What waits in lanes and what is archived is in the table first; then everything is sent, the wakes of
 * the lanes with it, and when SQS has it the publisher is answered. What fails on the way comes twice at worst.
 */
export function createSqsQueue(options: {
  readonly outbox: Outbox;
  readonly lanes: Lanes;
  readonly archive: Archive;
  readonly claims: DynamoClaims;
  readonly waits: Pick<DynamoWaits, 'open'>;
  readonly now: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
}): Queue {
  const { outbox, lanes, archive, claims, waits, now, pause } = options;

  async function store(address: ShardAddress, entries: ReturnType<typeof leaveOut>): Promise<void> {
    const { tenant, bus, shard, retentionSeconds, archiveSeconds = 0 } = address;
    const { messages, archived, laned } = entries;
    const place = { tenant, bus, shard };
    const [rows, wakes] = await Promise.all([
      archived.length === 0 ? [] : archive.keep(place, archived, Math.max(retentionSeconds, archiveSeconds)),
      laned.length === 0 ? [] : lanes.insert(place, laned, now()),
    ]);
    await outbox.send([
      ...messages.map((body): Message => ({ place, body })),
      ...archived.map((body, index): Message => ({ place, body, archived: rows[index] ?? '' })),
      ...wakes,
    ]);
  }

  /** First what is nobody else's, then what others began and did not end. */
  async function storeClaimed(address: ShardAddress, entries: Entries): Promise<number[]> {
    const { claims: asked = { seconds: 0, events: [] } } = entries;
    const { seconds, events } = asked;
    const { mine, known, pending } = await claims.make(events, seconds);
    await store(address, leaveOut(entries, [...known, ...pending]));
    await claims.confirm(at(mine), seconds);
    const duplicates = [...known];
    let left = pending;
    for (let tries = 0; left.length > 0; tries += 1) {
      if (tries === PENDING_TRIES) throw claimsAreStuck();
      await pause(PENDING_MS);
      const again = await claims.make(at(left), seconds);
      const taken = again.mine.map((position) => left[position] ?? 0);
      if (taken.length > 0) {
        await store(address, onlyOf(entries, taken));
        await claims.confirm(at(taken), seconds);
      }
      duplicates.push(...again.known.map((position) => left[position] ?? 0));
      left = again.pending.map((position) => left[position] ?? 0);
    }
    return duplicates.toSorted((one, other) => one - other);

    function at(positions: readonly number[]) {
      return positions.flatMap((position) => events[position] ?? []);
    }
  }

  return {
    async append(address, entries) {
      if (entries.awaited !== undefined) waits.open(entries.awaited);
      try {
        if (entries.claims === undefined) {
          await store(address, leaveOut(entries, []));
          return { duplicates: [] };
        }
        return { duplicates: await storeClaimed(address, entries) };
      } catch (error) {
        if (TulleError.is(error) && error.code === 'unavailable' && error.retryAfter !== undefined) throw error;
        throw new TulleError('unavailable', 'The queue could not take the events.', {
          mend: 'Send the request again; events that are already stored come twice at worst.',
          retryAfter: 1,
          cause: error,
        });
      }
    },
  };
}

/** What belongs to these claims, and nothing else. */
function onlyOf(entries: Entries, positions: readonly number[]): ReturnType<typeof leaveOut> {
  const { messages, archived = [], laned = [], claims } = entries;
  const own = positions.flatMap((position) => claims?.events[position] ?? []);
  return {
    messages: own.flatMap((claim) => claim.messages.flatMap((position) => messages[position] ?? [])),
    archived: own.flatMap((claim) => (claim.archived ?? []).flatMap((position) => archived[position] ?? [])),
    laned: own.flatMap((claim) => claim.laned.flatMap((position) => laned[position] ?? [])),
  };
}

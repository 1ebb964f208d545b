import type { Settlement } from '../../mesh/ports/settlement.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import { isFact } from '../../mesh/publish/outcome.ts';
import { weigh } from '../sqlite/log-rows.ts';
import type { Archive } from './archive.ts';
import type { DynamoDeadLetters } from './dead-letters.ts';
import { giveUp } from './given-up.ts';
import type { History } from './history.ts';
import { collections, type Sequence, toSeconds, toSortKey } from './keys.ts';
import type { Lanes } from './lanes.ts';
import type { Message } from './message.ts';
import type { Packer } from './packed.ts';
import type { Table } from './table.ts';
import type { DynamoWaits } from './waits.ts';

/**
 * Writes what a dispatch answered. The table and the queue share no transaction: first what is given up and what waits in
 * lanes, then history, and at last the caller sends what goes back into the queue, and lets SQS delete the messages. A
 * crash in between repeats a delivery; in another order it would lose one.
 */
export interface Settler {
  /** Answers what is to be sent. `archived`: the rows of what was delivered. */
  settle(place: ShardPlace, settlement: Settlement, archived?: readonly string[]): Promise<readonly Message[]>;
  /** What our own code could not deal with: dead letters, and what cannot be read is kept as it is. */
  setAside(place: ShardPlace, body: string, reason: string): Promise<void>;
}

const DEFAULT_RETENTION_SECONDS = 86_400;
const SET_ASIDE_SECONDS = 30 * 86_400;

export function createSettler(options: {
  readonly table: Table;
  readonly packer: Packer;
  readonly lanes: Lanes;
  readonly archive: Archive;
  readonly history: History;
  readonly deadLetters: DynamoDeadLetters;
  readonly waits: Pick<DynamoWaits, 'put'>;
  readonly sequence: Sequence;
  readonly now: () => number;
  /** How long a bus keeps its history. */
  readonly retention: (place: ShardPlace) => Promise<number | undefined>;
}): Settler {
  const { table, packer, lanes, archive, history, deadLetters, waits, sequence, now } = options;

  async function retentionOf(place: ShardPlace): Promise<number> {
    return (await options.retention(place)) ?? DEFAULT_RETENTION_SECONDS;
  }

  /** Answers the wakes. */
  async function insertLaned(place: ShardPlace, retries: Settlement['retries']): Promise<Message[]> {
    const wakes: Message[] = [];
    const delays = Map.groupBy(retries, ({ delayMs }) => Math.round(delayMs));
    for (const [delayMs, own] of delays) {
      const messages = own.flatMap(({ lane, body }) => (lane === undefined ? [] : [{ lane, body }]));
      if (messages.length > 0) wakes.push(...(await lanes.insert(place, messages, now() + delayMs)));
    }
    return wakes;
  }

  const settler: Settler = {
    async settle(place, { retries, records, tally, outcomes = [], throttled = [] }, archived = []) {
      const retentionSeconds = await retentionOf(place);
      const dead = records.filter(({ status, event }) => status === 'dead-lettered' && event !== undefined);
      const later = retries
        .filter(({ lane }) => lane === undefined)
        .map(({ body, delayMs }) => ({ body, dueAt: now() + Math.round(delayMs) }));
      const facts = outcomes.filter(isFact);
      const [wakes] = await Promise.all([
        insertLaned(place, retries),
        dead.length === 0 ? undefined : deadLetters.insert(place, dead, retentionSeconds),
        facts.length === 0 ? undefined : waits.put(facts),
        archived.length === 0 ? undefined : archive.settled(place, archived),
        ...throttled.map(({ target, waitMs }) => lanes.throttle(place, target, waitMs)),
      ]);
      await history.write(place, { records, tally, later }, retentionSeconds);
      const decisions = outcomes.filter((outcome) => !isFact(outcome));
      if (decisions.length > 0) await waits.put(decisions);
      return [...later.map((message): Message => ({ place, ...message })), ...wakes];
    },

    async setAside(place, body, reason) {
      const dead = giveUp(place, body, reason, now());
      if (dead !== undefined) {
        await settler.settle(place, dead);
        return;
      }
      await table.put({
        pk: collections.setAside(place),
        sk: `${toSortKey(sequence.next())}-${crypto.randomUUID().slice(0, 8)}`,
        at: Math.floor(now()),
        reason: reason.slice(0, 1_024),
        ...(await packer.pack('set-aside', body)),
        ttl: toSeconds(now()) + SET_ASIDE_SECONDS,
      });
      await history.write(place, { records: [], quarantined: weigh([body]) }, await retentionOf(place));
    },
  };
  return settler;
}

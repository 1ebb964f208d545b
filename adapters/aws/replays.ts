import { TulleError } from '../../event/error.ts';
import type { QueueConsumer } from '../../mesh/ports/consumer.ts';
import type { Replays } from '../../mesh/ports/replays.ts';
import type { Settlement } from '../../mesh/ports/settlement.ts';
import type { ShardPlace } from '../../mesh/ports/shard.ts';
import {
  acceptanceSlackMs,
  type ReplayOutcome,
  type ReplayState,
  type ReplayStatus,
} from '../../mesh/replay/replay.ts';
import { delayAfter, MAX_FAILURES } from '../sqlite/log-settlement.ts';
import { countTurn } from '../sqlite/replay-turn.ts';
import type { Archive } from './archive.ts';
import { collections, toSortKey } from './keys.ts';
import type { Lanes } from './lanes.ts';
import type { Message } from './message.ts';
import type { Packer } from './packed.ts';
import type { Settler } from './settler.ts';
import { type Item, type Table } from './table.ts';

/**
 * Replays of what archives keep: an item each, with how far it came. A wake in the queue stands for its next turn, and
 * each turn sends the next one; a wake that finds the replay taken, or resting, comes again when that is over. What a turn
 * makes is in the queue before the item says so: a crash in between repeats the turn, whose deliveries have the same ids.
 */
export interface DynamoReplays {
  readonly port: Replays;
  /** Takes the next turn; answers the wakes to be sent. */
  take(place: ShardPlace, name: string): Promise<readonly Message[]>;
}

interface Kept {
  readonly status: ReplayStatus;
  /** Where the next turn begins: so many messages of this row are done, and so many events of the one after them. */
  readonly position?: Position & { readonly skip: number };
  readonly due: number;
  readonly failures: number;
  /** Whose lanes have to be short enough for the next turn. */
  readonly targets: readonly string[];
}

interface Position {
  readonly row: string;
  readonly message: number;
}

interface Job {
  readonly messages: readonly string[];
  readonly skip: number;
  readonly places: readonly Position[];
  readonly end: Position;
}

interface Stored {
  readonly kept: Kept;
  readonly revision: number;
  readonly leaseUntil: number;
}

/** As in the log of SQLite. */
const TURN_MESSAGES = 1_024;
const TURN_LENGTH = 500_000;
const LANE_ROWS = 64;
const LANE_POLL_MS = 1_000;
const KEPT_REPLAYS = 50;
const TRIES = 10;

export function createReplays(options: {
  readonly table: Table;
  readonly packer: Packer;
  readonly archive: Archive;
  readonly lanes: Lanes;
  readonly settler: Settler;
  readonly consume: QueueConsumer;
  readonly send: (messages: readonly Message[]) => Promise<void>;
  readonly now: () => number;
  /** As for lanes. */
  readonly leaseMs: number;
  readonly report: (message: string, error: unknown) => void;
}): DynamoReplays {
  const { table, packer, archive, lanes, settler, consume, send, now, leaseMs, report } = options;

  function keyOf(place: ShardPlace, name: string) {
    return { pk: collections.replays(place), sk: name };
  }

  async function toStored(item: Item | undefined): Promise<Stored | undefined> {
    if (item === undefined) return undefined;
    const kept = JSON.parse(await packer.unpack(item)) as Kept;
    return { kept, revision: Number(item['revision']), leaseUntil: Number(item['leaseUntil'] ?? 0) };
  }

  async function read(place: ShardPlace, name: string): Promise<Stored | undefined> {
    return toStored(await table.get(keyOf(place, name)));
  }

  /** Answers whether nobody else has written since. */
  async function write(place: ShardPlace, kept: Kept, before: Stored | undefined, leaseUntil = 0): Promise<boolean> {
    const revision = (before?.revision ?? 0) + 1;
    const packed = await packer.pack('replays', JSON.stringify(kept));
    return table.put(
      { ...keyOf(place, kept.status.order.name), ...packed, revision, leaseUntil },
      before === undefined
        ? { expression: 'attribute_not_exists(#pk)' }
        : { expression: '#revision = :revision', values: { ':revision': before.revision } },
    );
  }

  async function change(
    place: ShardPlace,
    name: string,
    apply: (kept: Kept) => Kept | undefined,
  ): Promise<ReplayStatus | undefined> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const before = await read(place, name);
      if (before === undefined) return undefined;
      const after = apply(before.kept);
      if (after === undefined) return before.kept.status;
      // Whoever has the turn finds that it is another's now.
      if (await write(place, after, before)) return after.status;
    }
    throw new TulleError('unavailable', 'The replay is being changed by others.', { retryAfter: 1 });
  }

  async function all(place: ShardPlace): Promise<ReplayStatus[]> {
    const { items } = await table.query({ pk: collections.replays(place) });
    const stored = await Promise.all(items.map(toStored));
    return stored.flatMap((one) => one?.kept.status ?? []);
  }

  function ended(kept: Kept, state: ReplayState, reason?: string): Kept {
    const status = { ...kept.status, state, endedAt: now(), ...(reason === undefined ? {} : { reason }) };
    return { ...kept, status };
  }

  function toWake(place: ShardPlace, name: string, due: number): Message {
    return { place, wake: { replay: name }, body: '', ...(due > now() ? { dueAt: due } : {}) };
  }

  async function isHeldUp(place: ShardPlace, { targets }: Kept): Promise<boolean> {
    for (const target of targets) if ((await lanes.count(place, target)) > LANE_ROWS) return true;
    return false;
  }

  /** The next turn; `undefined` where nothing more is there. */
  async function toJob(place: ShardPlace, { status, position, failures }: Kept): Promise<Job | undefined> {
    const { order } = status;
    const messages: string[] = [];
    const places: Position[] = [];
    let length = 0;
    let skip = 0;
    let next: Position = position ?? { row: toSortKey(Math.max(0, order.from - acceptanceSlackMs) * 100), message: 0 };
    // Row by row: full ones are large.
    while (messages.length < TURN_MESSAGES && length < TURN_LENGTH) {
      const [row] = await archive.rows(place, next.row, 1);
      if (row === undefined || row.at >= order.to + acceptanceSlackMs) break;
      const done = row.sk === next.row ? next.message : 0;
      const left = row.messages.slice(done);
      length += left.reduce((sum, text) => sum + text.length, 0);
      if (messages.length > 0 && length > TURN_LENGTH) break;
      if (messages.length === 0) skip = row.sk === position?.row ? position.skip : 0;
      messages.push(...left);
      places.push(...left.map((_, index) => ({ row: row.sk, message: done + index })));
      next = { row: `${row.sk}~`, message: 0 };
      // One after the other, until the one that our code fails on is found.
      if (failures > 0) break;
    }
    return messages.length === 0 ? undefined : { messages, skip, places, end: next };
  }

  function moved(kept: Kept, job: Job, outcome: ReplayOutcome, takenAt: number): Kept {
    const after: Kept = {
      status: countTurn(kept.status, outcome),
      position: { ...(job.places[outcome.taken] ?? job.end), skip: outcome.skip },
      due: Math.max(now(), takenAt + Math.round(outcome.delayMs)),
      failures: 0,
      targets: outcome.targets,
    };
    return outcome.failed === undefined ? after : ended(after, 'failed', outcome.failed);
  }

  /** Puts the replay off, or ends it; answers the wakes. */
  async function put(place: ShardPlace, kept: Kept, before: Stored): Promise<readonly Message[]> {
    const { order, state } = kept.status;
    // Whoever has written in between has ended it.
    if (!(await write(place, kept, before)) || state !== 'running') return [];
    return [toWake(place, order.name, kept.due)];
  }

  async function runTurn(place: ShardPlace, held: Stored, job: Job): Promise<readonly Message[]> {
    const { kept } = held;
    const { order } = kept.status;
    const takenAt = now();
    let settlement: Settlement;
    try {
      settlement = await consume(job.messages, { replay: order, skip: job.skip });
    } catch (error) {
      report('a turn of a replay failed; it will be tried again', error);
      const failures = kept.failures + 1;
      if (failures > MAX_FAILURES) return put(place, ended(kept, 'failed', String(error)), held);
      return put(place, { ...kept, due: now() + delayAfter(failures), failures }, held);
    }
    const after = moved(kept, job, settlement.replay ?? nothingTaken, takenAt);
    // What a turn made after its end is dropped.
    const present = await read(place, order.name);
    if (present?.revision !== held.revision) return [];
    await send(await settler.settle(place, settlement));
    return put(place, after, held);
  }

  return {
    port: {
      async start(place, order) {
        const first: Kept = {
          status: { order, state: 'running', read: 0, replayed: 0, deliveries: 0 },
          due: now(),
          failures: 0,
          targets: [],
        };
        if (!(await write(place, first, undefined))) return (await read(place, order.name))?.kept.status;
        await send([toWake(place, order.name, 0)]);
        const known = await all(place);
        const over = known.filter(({ state }) => state !== 'running');
        over.sort((one, other) => (one.endedAt ?? 0) - (other.endedAt ?? 0));
        for (const status of over.slice(0, Math.max(0, known.length - KEPT_REPLAYS))) {
          await table.delete(keyOf(place, status.order.name));
        }
        return first.status;
      },
      async get(place, name) {
        return (await read(place, name))?.kept.status;
      },
      list: all,
      cancel: (place, name) =>
        change(place, name, (kept) => (kept.status.state === 'running' ? ended(kept, 'cancelled') : undefined)),
      delete: (place, name) => table.delete(keyOf(place, name), { expression: 'attribute_exists(#pk)' }),
    },

    async take(place, name) {
      const before = await read(place, name);
      if (before?.kept.status.state !== 'running') return [];
      const { kept, leaseUntil } = before;
      const restsUntil = Math.max(leaseUntil, kept.due);
      if (restsUntil > now()) return [toWake(place, name, restsUntil)];
      if (await isHeldUp(place, kept)) return [toWake(place, name, now() + LANE_POLL_MS)];
      const job = await toJob(place, kept);
      if (job === undefined) {
        const settled = kept.status.order.to + acceptanceSlackMs;
        if (now() < settled) return [toWake(place, name, settled)];
        return put(place, ended(kept, 'completed'), before);
      }
      const until = now() + leaseMs;
      if (!(await write(place, kept, before, until))) return [toWake(place, name, until)];
      return runTurn(place, { ...before, revision: before.revision + 1 }, job);
    },
  };
}

const nothingTaken: ReplayOutcome = { taken: 0, skip: 0, read: 0, replayed: 0, deliveries: 0, delayMs: 0, targets: [] };

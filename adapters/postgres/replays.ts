import type { Replays } from '../../mesh/ports/replays.ts';
import { createKeptReplay, endReplay, surplusOf } from '../sqlite/replay-turn.ts';
import { busOf } from './bus.ts';
import type { Database } from './database.ts';
import { deleteReplays, insertReplay, readReplay, readReplays, writeReplay } from './replay-store.ts';

/** The replays of all processes: any of them takes the next turn of any. One shard stands for all. */
export function createPostgresReplays(options: {
  readonly database: Database;
  readonly now: () => number;
  /** Told when there is something new to do. */
  readonly onStarted: () => void;
}): Replays {
  const { database, now } = options;

  return {
    async start(shard, { shard: _shard, ...order }, most = Number.POSITIVE_INFINITY) {
      if (shard.shard !== 0) return undefined;
      const bus = busOf(shard);
      const status = await database.transaction(async (sql) => {
        // One after the other on a bus: what runs is counted.
        await sql.run("SELECT pg_advisory_xact_lock('replay'::regclass::oid::integer, hashtext($1))", bus);
        const known = await readReplay(sql, bus, order.name);
        if (known !== undefined) return known.status;
        const others = (await readReplays(sql, bus)).map((kept) => kept.status);
        if (others.filter(({ state }) => state === 'running').length >= most) return undefined;
        const surplus = surplusOf(others);
        await deleteReplays(
          sql,
          bus,
          surplus.map(({ order: { name } }) => name),
        );
        const kept = createKeptReplay(order, now());
        await insertReplay(sql, bus, kept);
        return kept.status;
      });
      options.onStarted();
      return status;
    },
    async get(shard, name) {
      return shard.shard === 0 ? (await readReplay(database, busOf(shard), name))?.status : undefined;
    },
    async list(shard) {
      return shard.shard === 0 ? (await readReplays(database, busOf(shard))).map(({ status }) => status) : [];
    },
    async cancel(shard, name) {
      if (shard.shard !== 0) return undefined;
      const bus = busOf(shard);
      return database.transaction(async (sql) => {
        const kept = await readReplay(sql, bus, name, 'FOR UPDATE');
        if (kept?.status.state !== 'running') return kept?.status;
        const ended = endReplay(kept, 'cancelled', now());
        await writeReplay(sql, bus, ended);
        return ended.status;
      });
    },
    async delete(shard, name) {
      return shard.shard === 0 && (await deleteReplays(database, busOf(shard), [name])) > 0;
    },
  };
}

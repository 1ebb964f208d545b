import { targetOfLane } from '../../mesh/lane.ts';
import { type LaneHead, takeHead } from '../sqlite/lane-turn.ts';
import { breakerKeyOf, holdBreakers, storeBreakers, toTarget } from './breaker-store.ts';
import type { Sql } from './database.ts';
import { keyOf, type LanePlace, readHeads } from './lane-store.ts';
import type { Take } from './message-store.ts';
import { dropEmptyTurns, giveBackTurns, takeTurns } from './turn-store.ts';

/** A lane's turn that this process has. */
export interface TakenTurn extends LanePlace, LaneHead, Take {
  readonly probe: boolean;
  /** See `Turn.share`. */
  readonly share?: number;
}

/** Turns of one target at a time in this process: its partitions go side by side. */
export const TARGET_TURNS = 6;

/**
 * Takes turns that are due, in a transaction of the caller's: of targets that the breaker lets through, with the rows
 * that they begin with. What turns out to have nothing to do goes back at once.
 */
export async function takeLaneTurns(
  sql: Sql,
  options: {
    readonly take: Take;
    readonly now: number;
    readonly count: number;
    /** Turns that are out, by bus and target. */
    readonly out: ReadonlyMap<string, number>;
  },
): Promise<{ readonly turns: readonly TakenTurn[]; readonly looked: number }> {
  const { take, now, count, out } = options;
  const full = [...out].filter(([, turns]) => turns >= TARGET_TURNS).map(([key]) => toPlace(key));
  const lanes = await takeTurns(sql, { take, now, count, except: full });
  if (lanes.length === 0) return { turns: [], looked: 0 };
  const breakers = await holdBreakers(sql, lanes.map(toTarget), { missing: 'leave' });
  const counts = new Map(out);
  const back: (LanePlace & { rest: number; due?: number })[] = [];
  const granted: (LanePlace & { probe: boolean; share?: number })[] = [];
  const heads = await readHeads(sql, lanes);
  for (const place of lanes) {
    const key = breakerKeyOf(toTarget(place));
    const [first] = heads.get(keyOf(place)) ?? [];
    const breaker = breakers.get(key);
    const turns = counts.get(key) ?? 0;
    const share = breaker?.share(now) ?? 1;
    const most = Math.max(1, Math.floor(TARGET_TURNS * share));
    if (first === undefined || first.due > now || turns >= most) {
      back.push({ ...place, rest: 0 });
      continue;
    }
    const answer = breaker?.ask(now) ?? 'yes';
    if (answer === 'no') back.push({ ...place, rest: 0, due: breaker?.until ?? now });
    else {
      counts.set(key, turns + 1);
      granted.push({ ...place, probe: answer === 'probe', ...(share < 1 ? { share } : {}) });
    }
  }
  await storeBreakers(sql, new Map([...breakers].filter(([, breaker]) => breaker.state === 'probing')));
  await giveBackTurns(sql, back);
  await dropEmptyTurns(sql, back, now);
  return {
    turns: granted.flatMap((place) => toTurn(place, heads.get(keyOf(place)) ?? [], take, now)),
    looked: lanes.length,
  };
}

function toTurn(
  place: Pick<TakenTurn, 'bus' | 'lane' | 'probe' | 'share'>,
  [first, ...others]: Parameters<typeof takeHead>[1],
  take: Take,
  now: number,
): TakenTurn[] {
  return first === undefined ? [] : [{ ...place, ...take, ...takeHead(first, others, now) }];
}

function toPlace(key: string): LanePlace {
  const [bus = '', lane = ''] = key.split(' ');
  return { bus, lane: targetOfLane(lane) };
}

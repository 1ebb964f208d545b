import { type Breaker, type BreakerMemory, createBreaker } from '../../mesh/delivery/breaker.ts';
import { targetOfLane } from '../../mesh/lane.ts';
import type { Sql } from './database.ts';

/** `rule/target` of a bus. */
export interface TargetPlace {
  readonly bus: string;
  readonly target: string;
}

/** The breakers of targets, for the rest of the transaction this one's alone; those that are missing are made, or left. */
export async function holdBreakers(
  sql: Sql,
  places: readonly TargetPlace[],
  { missing }: { readonly missing: 'make' | 'leave' },
): Promise<Map<string, Breaker>> {
  const asked = [...new Map(places.map((place) => [breakerKeyOf(place), place])).values()];
  if (asked.length === 0) return new Map();
  const buses = asked.map(({ bus }) => bus);
  const targets = asked.map(({ target }) => target);
  if (missing === 'make') {
    await sql.run(
      `INSERT INTO breaker (bus, target, memory) SELECT bus, target, $3
       FROM unnest($1::text[], $2::text[]) AS asked (bus, target)
       ORDER BY asked.bus, asked.target ON CONFLICT DO NOTHING`,
      buses,
      targets,
      JSON.stringify(createBreaker().memory),
    );
  }
  const rows = await sql.run(
    `SELECT bus, target, memory FROM breaker WHERE (bus, target) IN (SELECT * FROM unnest($1::text[], $2::text[]))
     ORDER BY bus, target FOR UPDATE`,
    buses,
    targets,
  );
  return new Map(rows.map((row) => [`${row['bus']} ${row['target']}`, toBreaker(row['memory'])]));
}

export async function storeBreakers(sql: Sql, breakers: ReadonlyMap<string, Breaker>): Promise<void> {
  if (breakers.size === 0) return;
  const keys = [...breakers.keys()].map((key) => key.split(' '));
  await sql.run(
    `UPDATE breaker SET memory = told.memory FROM unnest($1::text[], $2::text[], $3::text[]) AS told (bus, target, memory)
     WHERE breaker.bus = told.bus AND breaker.target = told.target`,
    keys.map(([bus = '']) => bus),
    keys.map(([, target = '']) => target),
    [...breakers.values()].map(({ memory }) => JSON.stringify(memory)),
  );
}

/** Of all targets of a bus that were ever asked in a lane. */
export async function readBreakers(sql: Sql, bus: string): Promise<ReadonlyMap<string, Breaker>> {
  const rows = await sql.run('SELECT target, memory FROM breaker WHERE bus = $1 ORDER BY target', bus);
  return new Map(rows.map((row) => [String(row['target']), toBreaker(row['memory'])]));
}

export function breakerKeyOf({ bus, target }: TargetPlace): string {
  return `${bus} ${target}`;
}

export function toTarget({ bus, lane }: { readonly bus: string; readonly lane: string }): TargetPlace {
  return { bus, target: targetOfLane(lane) };
}

function toBreaker(memory: unknown): Breaker {
  return createBreaker(JSON.parse(String(memory)) as BreakerMemory);
}

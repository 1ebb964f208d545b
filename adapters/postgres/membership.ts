import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'pg';
import type { DeliveryOutcome } from '../../mesh/publish/outcome.ts';
import type { Database } from './database.ts';
import { isRefusal, unavailable } from './errors.ts';
import { createDatabaseClock, type DatabaseClock } from './clock.ts';
import { DEAD_MS, reap } from './reap.ts';

/**
 * This process among those that share the database: its number, the sign of life that it gives, and what the others tell
 * it. What a process has taken is its own as long as it gives signs of life.
 */
export interface Membership {
  /** Another one after the others had taken this process for dead. */
  readonly owner: number;
  readonly clock: DatabaseClock;
  /** Tells the other processes; not more than a hint, which they may miss. */
  announce(news: News): Promise<void>;
  /** Takes leave: what it has not settled is the others' at once. */
  leave(): Promise<void>;
}

/**
 * `work`: something is due that its process has no room for. `bus`: its snapshot has changed. `outcomes`: of deliveries whose
 * publisher may wait elsewhere.
 */
export type News =
  | { readonly work: true }
  | { readonly tenant: string; readonly bus: string }
  | { readonly outcomes: readonly DeliveryOutcome[] };

export interface MembershipOptions {
  readonly database: Database;
  readonly schema: string;
  readonly onNews: (news: News) => void;
  /** The connection was lost and is there again: news may have been missed. */
  readonly onReturn: () => void;
  /** The others have taken over what this process had taken. */
  readonly onTakenForDead: () => void;
  /** What a process had that died is anybody's. */
  readonly onReaped: () => void;
  readonly report: (message: string, error: unknown) => void;
}

const BEAT_MS = 1_000;
const AGAIN_MS = { least: 100, most: 1_000 };
/** A start waits so long for the database. */
export const START_MS = 30_000;

/** Resolves when this process is one of them. @throws TulleError `unavailable` when the database is not to be had. */
export async function join(options: MembershipOptions): Promise<Membership> {
  const { database, schema, report } = options;
  const channel = `tulle_${schema}`;
  const clock = createDatabaseClock(() => Date.now());
  const giveUpAt = Date.now() + START_MS;
  const stop = new AbortController();
  let owner: number | undefined;
  let connectedAt = 0;

  /** Gives signs of life until the connection breaks. */
  async function live(client: Client): Promise<void> {
    const broken = new Promise<void>((resolve) => client.once('end', resolve));
    client.on('notification', ({ payload }) => hear(payload ?? ''));
    await client.query(`LISTEN ${channel}`);
    connectedAt = performance.now();
    let locked = false;
    let open = true;
    void broken.then(() => (open = false));
    while (open && !stop.signal.aborted) {
      const before = owner;
      owner = await beat(client);
      if (before !== undefined && before !== owner) {
        locked = false;
        options.onTakenForDead();
      }
      // The lock is let go of by Postgres when the connection ends, however that happens.
      locked ||= await lock(client, owner);
      // After an outage the others need a moment to come back as well.
      if (performance.now() - connectedAt > DEAD_MS && (await reap(database, owner)) > 0) options.onReaped();
      await Promise.race([broken, pause(BEAT_MS, undefined, { signal: stop.signal }).catch(() => {})]);
    }
  }

  async function beat(client: Client): Promise<number> {
    const asked = Date.now();
    const { rows } = await client.query<{ id: number; now: number }>(
      owner === undefined
        ? { text: `INSERT INTO process (host) VALUES ($1) RETURNING id, ${databaseNow}`, values: [hostname()] }
        : {
            text: `UPDATE process SET seen_at = clock_timestamp() WHERE id = $1 RETURNING id, ${databaseNow}`,
            values: [owner],
          },
    );
    const [row] = rows;
    if (row === undefined) {
      owner = undefined;
      return beat(client);
    }
    clock.set(row.now, asked, Date.now());
    return row.id;
  }

  function hear(payload: string): void {
    const [from, tenant, bus] = payload.split(' ');
    if (Number(from) === owner) return;
    if (tenant === '*')
      options.onNews({ outcomes: JSON.parse(payload.slice(payload.indexOf('*') + 2)) as DeliveryOutcome[] });
    else if (tenant === undefined) options.onNews({ work: true });
    else if (bus !== undefined) options.onNews({ tenant, bus });
  }

  async function stayAlive(first: () => void, fail: (error: unknown) => void): Promise<void> {
    let wait = AGAIN_MS.least;
    let reported = false;
    while (!stop.signal.aborted) {
      let client: Client | undefined;
      try {
        client = await database.connect();
        const living = live(client);
        if (owner === undefined) void waitForOwner().then(first);
        else options.onReturn();
        wait = AGAIN_MS.least;
        if (reported) report('the database is there again', '');
        reported = false;
        await living;
        if (!stop.signal.aborted) throw new Error('the connection broke');
      } catch (error) {
        if (owner === undefined && (isRefusal(error) || Date.now() > giveUpAt)) return fail(error);
        if (!reported) report('the database cannot be reached; it is tried again', error);
        reported = true;
        await pause(wait * (0.5 + Math.random()), undefined, { signal: stop.signal }).catch(() => {});
        wait = Math.min(wait * 2, AGAIN_MS.most);
      } finally {
        client?.end().catch(() => {});
      }
    }
    return undefined;
  }

  async function waitForOwner(): Promise<void> {
    while (owner === undefined && !stop.signal.aborted) await pause(5);
  }

  let alive: Promise<void> | undefined;
  await new Promise<void>((resolve, reject) => {
    alive = stayAlive(resolve, (error) => reject(isRefusal(error) ? error : unavailable(error)));
  });

  return {
    get owner() {
      return owner ?? 0;
    },
    clock,
    async announce(news) {
      const payload = `${owner ?? 0}${toText(news)}`;
      await database.run('SELECT pg_notify($1, $2)', channel, payload);
    },
    async leave() {
      stop.abort();
      await alive;
      await database.run('DELETE FROM process WHERE id = $1', owner ?? 0);
    },
  };
}

const databaseNow = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now';

function toText(news: News): string {
  if ('work' in news) return '';
  return 'outcomes' in news ? ` * ${JSON.stringify(news.outcomes)}` : ` ${news.tenant} ${news.bus}`;
}

async function lock(client: Client, owner: number): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>(
    "SELECT pg_try_advisory_lock('process'::regclass::oid::integer, $1) AS mine",
    [owner],
  );
  return rows[0]?.mine === true;
}

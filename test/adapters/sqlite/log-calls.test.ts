import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createNodeSql } from '../../../adapters/node/sql.ts';
import { createLog, type Log } from '../../../adapters/sqlite/log.ts';

/** Workers refuse more calls of Workers than this that come of one event: a request or an alarm. */
const MOST_CALLS = 32;

describe('a log on a platform that counts the calls of an alarm', () => {
  it('goes on in the next alarm, and waits for nobody who hangs', async () => {
    const world = createWorld();
    const laned = Array.from({ length: 300 }, (_, index) => ({ lane: `r/t${index}`, body: `e${index}` }));
    await world.log.append({ messages: [], laned: [{ lane: 'r/hangs', body: 'hangs' }, ...laned] }, 60);
    await world.until(() => world.seen.length === 301);
    expect(world.most).toBeLessThanOrEqual(MOST_CALLS);
    expect(world.failures).toEqual([]);
    world.release();
    await world.until(() => world.waiting() === 0);
    expect(world.seen.toSorted()).toEqual(['hangs', ...laned.map(({ body }) => body)].toSorted());
  });

  it('settles what comes back when nothing else is left to do', async () => {
    const world = createWorld();
    const laned = Array.from({ length: 60 }, (_, index) => ({ lane: `r/t${index}`, body: `hangs${index}` }));
    await world.log.append({ messages: [], laned }, 60);
    await world.until(() => world.seen.length === 60);
    world.release();
    await world.until(() => world.waiting() === 0);
    expect(world.seen).toHaveLength(60);
  });
});

function createWorld() {
  const seen: string[] = [];
  const failures: unknown[] = [];
  const hanging: (() => void)[] = [];
  let calls = 0;
  let most = 0;
  let now = 1_000;
  const log: Log = createLog({
    sql: createNodeSql(':memory:'),
    async consume(messages, task) {
      calls += 1;
      most = Math.max(most, calls);
      if (calls > MOST_CALLS) throw new Error('too many calls');
      seen.push(...messages);
      if (messages.some((message) => message.startsWith('hangs'))) {
        await new Promise<void>((resolve) => hanging.push(resolve));
      }
      const turn = { taken: messages.length, remains: [], delayMs: 0, ok: 1, failed: 0, gaveUp: false };
      return { retries: [], records: [], ...(task === undefined ? {} : { turn }) };
    },
    now: () => now,
    pause: async (milliseconds) => {
      await setImmediate();
      now += milliseconds;
    },
    synced: () => Promise.resolve(),
    outputGate: true,
    setAlarm: () =>
      Promise.resolve(
        void setImmediate().then(() => {
          calls = 0;
          return log.drain();
        }),
      ),
    report: (_message, error) => failures.push(error),
  });
  return {
    log,
    seen,
    failures,
    /** Deliveries in lanes. */
    waiting: () => log.lanes().reduce((sum, lane) => sum + lane.waiting, 0),
    get most() {
      return most;
    },
    release: () => hanging.splice(0).forEach((resolve) => resolve()),
    async until(isDone: () => boolean) {
      for (let turn = 0; turn < 5_000 && !isDone(); turn += 1) await setImmediate();
      expect(isDone()).toBe(true);
    },
  };
}

import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createNodeSql } from '../../../adapters/node/sql.ts';
import { createLog } from '../../../adapters/sqlite/log.ts';

describe('the log', () => {
  it('hands out every batch although a later sync to disk ends before an earlier one', async () => {
    const seen: string[] = [];
    const syncs: (() => void)[] = [];
    let release: () => void = () => {};
    const log = createLog({
      sql: createNodeSql(':memory:'),
      consume: async (messages) => {
        seen.push(...messages);
        if (messages.includes('first')) await new Promise<void>((resolve) => (release = resolve));
        return { retries: [], records: [] };
      },
      now: () => 1_000,
      pause: () => setImmediate(),
      synced: () => new Promise((resolve) => syncs.push(resolve)),
      setAlarm: () => Promise.resolve(void setImmediate().then(() => log.drain())),
      report: () => {},
    });
    const appends = [log.append({ messages: ['first'] }, 60)];
    await until(() => syncs.length === 1);
    syncs.pop()?.();
    await appends[0];
    await until(() => seen.length === 1);
    appends.push(log.append({ messages: ['second'] }, 60));
    await until(() => syncs.length === 1);
    // Its settlement is on its way to the disk beside the second batch, and is there before it.
    release();
    await until(() => syncs.length === 2);
    appends.push(log.append({ messages: ['third'] }, 60));
    syncs.pop()?.();
    for (let turn = 0; turn < 50; turn += 1) {
      await setImmediate();
      if (syncs.length !== 1 || turn > 25) syncs.pop()?.();
    }
    await Promise.all(appends);
    await until(() => seen.length === 3);
    expect(seen).toEqual(['first', 'second', 'third']);
  });

  it('syncs what it has settled with the next commit, or by itself where none follows within a moment', async () => {
    let syncs = 0;
    const moments: (() => void)[] = [];
    const seen: string[] = [];
    const log = createLog({
      sql: createNodeSql(':memory:'),
      consume: async (messages) => {
        seen.push(...messages);
        return { retries: [], records: [] };
      },
      now: () => 1_000,
      pause: (milliseconds) =>
        milliseconds === 50 ? new Promise((resolve) => moments.push(resolve)) : setImmediate().then(() => undefined),
      synced: () => Promise.resolve(void (syncs += 1)),
      setAlarm: () => Promise.resolve(void setImmediate().then(() => log.drain())),
      report: () => {},
      pace: {
        commitEveryMs: 0,
        busyCommitMs: 0,
        window: 4,
        retryWindow: 2,
        startEveryMs: 0,
        settleEveryMs: 0,
        patienceMs: 10,
      },
    });
    await log.append({ messages: ['first'] }, 60);
    await until(() => moments.length === 1);
    expect(syncs).toBe(1);
    await log.append({ messages: ['second'] }, 60);
    await until(() => seen.length === 2);
    expect(syncs).toBe(2);
    await turns(10);
    moments.pop()?.();
    await turns(10);
    expect(syncs).toBe(3);
    await log.stop();
    expect(syncs).toBe(3);
  });

  it.each(['batches', 'retries'])('hands out %s although more of them hang than it has places for', async (kind) => {
    const seen: string[] = [];
    let now = 1_000;
    let takesAgain = kind === 'retries';
    const log = createLog({
      sql: createNodeSql(':memory:'),
      consume: async (messages) => {
        if (takesAgain) return { retries: messages.map((body) => ({ body, delayMs: 1 })), records: [] };
        seen.push(...messages);
        if (messages.some((message) => message.startsWith('hangs'))) await new Promise<never>(() => {});
        return { retries: [], records: [] };
      },
      now: () => now,
      pause: async (milliseconds) => {
        await setImmediate();
        now += milliseconds;
      },
      synced: () => Promise.resolve(),
      setAlarm: () => Promise.resolve(void setImmediate().then(() => log.drain())),
      report: () => {},
      pace: {
        commitEveryMs: 0,
        busyCommitMs: 0,
        window: 4,
        retryWindow: 2,
        startEveryMs: 0,
        settleEveryMs: 0,
        patienceMs: 10,
      },
    });
    for (let number = 0; number < 12; number++) await log.append({ messages: [`hangs ${number}`] }, 60);
    await log.append({ messages: ['well'] }, 60);
    takesAgain = false;
    await until(() => seen.includes('well'));
  });
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    if (turn > 100) throw new Error('it never came');
    await setImmediate();
  }
}

import { describe, expect, it } from 'vitest';
import { createSessions, type Sessions } from '../../../connectors/sinks/sessions.ts';

interface Counted {
  readonly sessions: Sessions<number>;
  readonly closed: number[];
  time: number;
  readonly use: <Result>(
    key: string,
    work: (session: number) => Promise<Result>,
    signal?: AbortSignal,
  ) => Promise<Result>;
}

function create(most = 64): Counted {
  let opened = 0;
  const closed: number[] = [];
  const sessions = createSessions<number>({
    close: async (session) => void closed.push(session),
    now: () => counted.time,
    most,
    idleMs: 1_000,
  });
  const counted: Counted = {
    sessions,
    closed,
    time: 0,
    use: (key, work, signal = new AbortController().signal) =>
      sessions.use(key, { open: async () => (opened += 1), work, signal }),
  };
  return counted;
}

const same = async (session: number): Promise<number> => session;

describe('sessions', () => {
  it('are shared by uses of one key, at the same time and later', async () => {
    const { use } = create();
    expect(await Promise.all([use('a', same), use('a', same), use('b', same)])).toEqual([1, 1, 2]);
    expect(await use('a', same)).toBe(1);
  });

  it('are not used again after a failure, and closed when the last user has gone', async () => {
    const { use, closed } = create();
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = use('a', async (session) => {
      await promise;
      return session;
    });
    await expect(use('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await use('a', same)).toBe(2);
    expect(closed).toEqual([]);
    resolve();
    expect(await slow).toBe(1);
    await expect.poll(() => closed).toEqual([1]);
  });

  it('are opened anew after they were idle, and not while they are in use', async () => {
    const counted = create();
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = counted.use('busy', () => promise);
    await counted.use('idle', same);
    counted.time = 1_000;
    expect(await counted.use('idle', same)).toBe(3);
    await expect.poll(() => counted.closed).toEqual([2]);
    resolve();
    await slow;
  });

  it('are opened anew where the other side has closed them', async () => {
    const closedThere = new Set<number>();
    let opened = 0;
    const closed: number[] = [];
    const sessions = createSessions<number>({
      close: async (session) => void closed.push(session),
      isOpen: (session) => !closedThere.has(session),
      now: () => 0,
    });
    const use = (): Promise<number> =>
      sessions.use('a', { open: async () => (opened += 1), work: same, signal: new AbortController().signal });
    expect([await use(), await use()]).toEqual([1, 1]);
    closedThere.add(1);
    expect(await use()).toBe(2);
    await expect.poll(() => closed).toEqual([1]);
  });

  it('are as many as there may be', async () => {
    const { use, closed } = create(2);
    for (const key of ['a', 'b', 'c', 'd']) await use(key, same);
    await expect.poll(() => closed).toEqual([1]);
    await use('d', same);
    await expect.poll(() => closed).toEqual([1, 2]);
  });

  it('end a use that takes too long, and are given up with it', async () => {
    const { use, closed } = create();
    const abort = new AbortController();
    const hanging = use('a', () => new Promise<void>(() => {}), abort.signal);
    abort.abort();
    await expect(hanging).rejects.toThrow('too long');
    await expect.poll(() => closed).toEqual([1]);
  });

  it('whose opening fails are opened again by the next', async () => {
    const { sessions } = create();
    const signal = new AbortController().signal;
    const failing = sessions.use('a', { open: () => Promise.reject(new Error('refused')), work: same, signal });
    await expect(failing).rejects.toThrow('refused');
    expect(await sessions.use('a', { open: async () => 7, work: same, signal })).toBe(7);
  });

  it('are all closed in the end', async () => {
    const { use, sessions, closed } = create();
    await Promise.all([use('a', same), use('b', same)]);
    await sessions.close();
    expect(closed.toSorted((one, other) => one - other)).toEqual([1, 2]);
  });
});

import { describe, expect, it } from 'vitest';
import { TulleRequestError } from '../../client/error.ts';
import type { KeptEvent } from '../../client/history.ts';
import { tail, type TailOptions } from '../../client/tail.ts';

/** A bus whose clock may be another one than ours; `kept` are its events, oldest first. */
function createBus(kept: KeptEvent[], fail: () => number | undefined = () => undefined) {
  return async function* list({
    from = 0,
  }: {
    readonly from?: string | number | undefined;
  }): AsyncGenerator<KeptEvent> {
    const status = fail();
    if (status !== undefined) throw new TulleRequestError('GET /', status, { detail: 'no' });
    for (const event of kept.toReversed()) if (event.receivedAt >= Number(from)) yield event;
  };
}

function keep(id: string, receivedAt: number, index = 0): KeptEvent {
  return { id, source: '/s', type: 't', receivedAt, request: id, index, deliveries: 0, settled: true };
}

async function follow(list: Parameters<typeof tail>[0], count: number, options: TailOptions = {}): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of tail(list, { everyMs: 1, ...options })) if (ids.push(id) === count) break;
  return ids;
}

describe('a tail', () => {
  it.each([0, -3_600_000, 3_600_000])(
    'tells what comes from now on, each once, oldest first (clock %i ms off)',
    async (off) => {
      const now = (): number => Date.now() + off;
      const kept = [keep('before', now() - 10_000)];
      let looks = 0;
      const list = createBus(kept, () => {
        looks += 1;
        if (looks === 2) kept.push(keep('a', now()), keep('b', now(), 1));
        // Comes late, and is older than what was told.
        if (looks === 3) kept.splice(1, 0, keep('late', now() - 2_000));
        if (looks === 4) kept.push(keep('c', now()));
        return undefined;
      });
      expect(await follow(list, 4)).toEqual(['a', 'b', 'late', 'c']);
    },
  );

  it('goes on where the installation could not be reached, and says so', async () => {
    const kept: KeptEvent[] = [];
    const told: number[] = [];
    let looks = 0;
    const list = createBus(kept, () => {
      looks += 1;
      if (looks === 2) kept.push(keep('meanwhile', Date.now()));
      return looks === 2 ? 503 : undefined;
    });
    const onInterruption = (_: Error, pauseMs: number): void => void told.push(pauseMs);
    expect(await follow(list, 1, { onInterruption })).toEqual(['meanwhile']);
    expect(told).toEqual([1_000]);
  });

  it('ends with what a pause does not mend', async () => {
    await expect(
      follow(
        createBus([], () => 403),
        1,
      ),
    ).rejects.toMatchObject({ status: 403 });
  });

  it('ends when it is told to, also while it waits', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    expect(await follow(createBus([]), 1, { signal: stop.signal, everyMs: 60_000 })).toEqual([]);
  });
});

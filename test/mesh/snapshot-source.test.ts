import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../mesh/snapshot.ts';
import { createSnapshotSource, type SnapshotSource } from '../../mesh/snapshot-source.ts';

interface Bench {
  now: number;
  failing: boolean;
  readonly reads: string[];
  readonly source: SnapshotSource;
  put(bus: string, version: number): void;
  remove(bus: string): void;
  settled(): Promise<unknown>;
}

function createBench(): Bench {
  const stored = new Map<string, Snapshot>();
  const reads: string[] = [];
  const behind: Promise<unknown>[] = [];
  const bench: Bench = {
    now: 1_000_000,
    failing: false,
    reads,
    put: (bus: string, version: number) => stored.set(bus, snapshot(bus, version)),
    remove: (bus: string) => stored.delete(bus),
    settled: () => Promise.all(behind),
    source: createSnapshotSource(
      {
        read: (_tenant, bus) => {
          reads.push(bus);
          return bench.failing ? Promise.reject(new Error('storage is down')) : Promise.resolve(stored.get(bus));
        },
      },
      {
        now: (): number => bench.now,
        random: () => 0,
        pause: () => new Promise((resolve) => void setTimeout(resolve, 0)),
        fetch: () => Promise.reject(new Error('not here')),
        waitUntil: (work) => void behind.push(work),
      },
      () => undefined,
    ),
  };
  return bench;
}

function snapshot(bus: string, version: number): Snapshot {
  return {
    tenant: 't',
    bus,
    version,
    settings: { shards: 1, record: 'all', retentionSeconds: 60 },
    rules: [],
    keys: [],
  };
}

describe('snapshots in the isolate', () => {
  it('are read once, then again behind the answer when they are old', async () => {
    const bench = createBench();
    bench.put('b', 1);
    await bench.source.get('t', 'b');
    await bench.source.get('t', 'b');
    expect(bench.reads).toHaveLength(1);
    bench.put('b', 2);
    bench.now += 5_000;
    expect((await bench.source.get('t', 'b'))?.snapshot.version).toBe(1);
    await bench.settled();
    expect((await bench.source.get('t', 'b'))?.snapshot.version).toBe(2);
    expect(bench.reads).toHaveLength(2);
  });

  it('are not used any more when nobody has asked for a minute, unless storage fails', async () => {
    const bench = createBench();
    bench.put('b', 1);
    await bench.source.get('t', 'b');
    bench.put('b', 2);
    bench.now += 60_000;
    expect((await bench.source.get('t', 'b'))?.snapshot.version).toBe(2);
    bench.remove('b');
    bench.now += 60_000;
    expect(await bench.source.get('t', 'b')).toBeUndefined();
    bench.put('b', 3);
    bench.source.drop('t', 'b');
    await bench.source.get('t', 'b');
    bench.failing = true;
    bench.now += 60_000;
    expect((await bench.source.get('t', 'b'))?.snapshot.version).toBe(3);
    await expect(bench.settled()).rejects.toThrow('storage is down');
  });

  it('never go back to an older version', async () => {
    const bench = createBench();
    bench.put('b', 7);
    await bench.source.get('t', 'b');
    bench.put('b', 6);
    bench.now += 5_000;
    await bench.source.get('t', 'b');
    await bench.settled();
    expect((await bench.source.get('t', 'b'))?.snapshot.version).toBe(7);
  });

  it('are waited for where a certain version is needed, and refused where it cannot be had', async () => {
    const bench = createBench();
    bench.put('b', 1);
    await bench.source.get('t', 'b');
    await expect(bench.source.atLeast('t', 'b', 2)).rejects.toMatchObject({ code: 'unavailable' });
    bench.put('b', 2);
    expect((await bench.source.atLeast('t', 'b', 2))?.snapshot.version).toBe(2);
    bench.remove('b');
    bench.source.drop('t', 'b');
    expect(await bench.source.atLeast('t', 'b', 2)).toBeUndefined();
  });

  it('stay although strangers ask for buses that do not exist', async () => {
    const bench = createBench();
    bench.put('b', 1);
    await bench.source.get('t', 'b');
    for (let index = 0; index < 3_000; index++) await bench.source.get('t', `none-${index}`);
    const reads = bench.reads.length;
    expect((await bench.source.get('t', 'b'))?.snapshot.version).toBe(1);
    expect(bench.reads).toHaveLength(reads);
  });

  it('that are missing are asked for at most once a second', async () => {
    const bench = createBench();
    expect(await bench.source.get('t', 'b')).toBeUndefined();
    expect(await bench.source.get('t', 'b')).toBeUndefined();
    expect(bench.reads).toHaveLength(1);
    bench.put('b', 1);
    bench.now += 1_000;
    expect((await bench.source.get('t', 'b'))?.snapshot.version).toBe(1);
  });

  it('are not asked for by what can be no name of a bus', async () => {
    const bench = createBench();
    for (const bus of ['', '\u0000', '..', 'a/b', 'A', '__proto__', 'x'.repeat(64), 'x'.repeat(7_000)]) {
      expect(await bench.source.get('t', bus)).toBeUndefined();
    }
    expect(bench.reads).toEqual([]);
  });
});

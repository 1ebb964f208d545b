import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFaults } from '../../admin/validation.ts';
import type { Position, Pulled, PullContext, Source, SourceRecord } from '../../mesh/connector/source.ts';

/** A source before a system of its own. */
export interface SourceUnderTest {
  readonly source: Source;
  readonly options: unknown;
  /** What a context has besides. */
  readonly context?: Partial<PullContext<unknown, unknown>>;
  /** Puts records into the system, which were not there before; each carries its number in its data. */
  add(numbers: readonly number[]): Promise<void>;
  /** The number that a record carries. */
  numberOf(record: SourceRecord): number;
  /** Of a source that acknowledges: has what was handed out and not acknowledged handed out again. */
  redeliver?(): Promise<void>;
  close(): Promise<void>;
}

/** What every source keeps, whatever system it pulls from. */
export function describeSource(name: string, create: () => Promise<SourceUnderTest>): void {
  describe(`the source ${name}`, () => {
    let system: SourceUnderTest;
    beforeEach(async () => {
      system = await create();
    });
    afterEach(async () => {
      await system.close();
    });

    /** Pulls on a connection of its own, as after a crash. */
    async function pull(position: Position | undefined, records = 10, acknowledges = true): Promise<Pulled> {
      const { source, options, context } = system;
      const abort = new AbortController();
      const base = {
        options,
        fetch: (input: string | URL | Request, init?: RequestInit) => fetch(input, init),
        authorize: () => Promise.reject(new Error('there are no connections')),
        secret: () => Promise.reject(new Error('there are no secrets')),
        policy: { allowPrivateTargets: true },
        signal: abort.signal,
        now: Date.now,
        ...context,
      };
      const session = await source.open?.(base);
      try {
        const limit = { records, bytes: 16_777_216 };
        const partition = { index: 0, count: 1 };
        const full: PullContext<unknown, unknown> = { ...base, session, phase: 'incremental', partition, limit };
        const pulled = await source.pull(position, full);
        if (acknowledges) await source.acknowledge?.(pulled, full);
        // As it is stored; an operator may restart from what was shown.
        const stored = JSON.parse(JSON.stringify(pulled.position)) as Position;
        if (source.position !== undefined) expect(findFaults(source.position, stored)).toEqual([]);
        return { ...pulled, position: stored };
      } finally {
        await source.close?.(session);
      }
    }

    /** Pulls until nothing more comes. */
    async function drain(
      from: Position | undefined,
      records?: number,
    ): Promise<{ readonly position: Position | undefined; readonly records: readonly SourceRecord[] }> {
      const all: SourceRecord[] = [];
      let position = from;
      for (let pulls = 0; pulls < 200; pulls += 1) {
        const pulled = await pull(position, records);
        all.push(...pulled.records);
        ({ position } = pulled);
        if (pulled.done === true) return { position, records: all };
      }
      throw new Error('the source never came to an end');
    }

    /** Pulls until so many are there, as somebody who dies before they are stored. */
    async function idsWithoutAcknowledging(count: number): Promise<readonly string[]> {
      const ids = new Set<string>();
      let position: Position | undefined;
      for (let pulls = 0; pulls < 50 && ids.size < count; pulls += 1) {
        const pulled = await pull(position, 10, false);
        for (const { id } of pulled.records) ids.add(id);
        ({ position } = pulled);
      }
      expect(ids.size).toBe(count);
      return [...ids].sort();
    }

    const numbersOf = (records: readonly SourceRecord[]): number[] =>
      [...new Set(records.map((record) => system.numberOf(record)))].sort((one, other) => one - other);

    it('ends where there is nothing, and begins with what comes then', async () => {
      const { position, records } = await drain(undefined);
      expect(records).toEqual([]);
      await system.add([1, 2, 3]);
      expect(numbersOf((await drain(position)).records)).toEqual([1, 2, 3]);
    });

    it('gives everything, in pulls of no more than it was asked for', async () => {
      const numbers = Array.from({ length: 25 }, (_, index) => index);
      await system.add(numbers);
      expect(numbersOf((await drain(undefined, 10)).records)).toEqual(numbers);
    });

    it('goes on from a stored position with what is new', async () => {
      await system.add([1, 2, 3]);
      const first = await drain(undefined);
      await system.add([4, 5]);
      const second = await drain(first.position);
      expect(numbersOf(second.records).filter((number) => number > 3)).toEqual([4, 5]);
    });

    it('names a record the same when it is pulled again', async () => {
      await system.add([1, 2, 3, 4, 5]);
      const once = await idsWithoutAcknowledging(5);
      await system.redeliver?.();
      expect(await idsWithoutAcknowledging(5)).toEqual(once);
    });

    it('gives again what was not acknowledged, and nothing that was', async () => {
      if (system.source.acknowledge === undefined) return;
      await system.add([1, 2, 3]);
      await idsWithoutAcknowledging(3);
      await system.redeliver?.();
      expect(numbersOf((await drain(undefined)).records)).toEqual([1, 2, 3]);
      await system.redeliver?.();
      expect((await drain(undefined)).records).toEqual([]);
    });

    it('loses nothing that is added between two pulls', async () => {
      await system.add(Array.from({ length: 8 }, (_, index) => index));
      const seen = new Set<number>();
      let position: Position | undefined;
      for (let step = 0; step < 12; step += 1) {
        const pulled = await pull(position, 3);
        for (const record of pulled.records) seen.add(system.numberOf(record));
        ({ position } = pulled);
        if (step < 6) await system.add([8 + step]);
      }
      for (const record of (await drain(position, 3)).records) seen.add(system.numberOf(record));
      expect([...seen].sort((one, other) => one - other)).toEqual(Array.from({ length: 14 }, (_, index) => index));
    });

    it('answers a position that stays small and is JSON', async () => {
      await system.add(Array.from({ length: 50 }, (_, index) => index));
      const { position } = await drain(undefined, 5);
      expect(JSON.stringify(position).length).toBeLessThan(4_096);
    });
  });
}

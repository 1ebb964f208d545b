import { TulleError } from '../../event/error.ts';
import type { Delivery } from '../../mesh/sink.ts';
import type { Outcome } from '../sinks/driver-sink.ts';
import { type Change, type Columns, type ReadChange, type Run, toRuns } from './change.ts';

/** A connection to a database, as the sinks that write to tables need it. */
export interface TableWriter {
  /** As the catalog has them now. Rejects with TulleError `target_invalid` where there is no such table. */
  columns(): Promise<Columns>;
  /** All of them in one transaction. */
  apply(runs: readonly Run[]): Promise<void>;
  /** What the database says against a change; `undefined` where it said nothing, such as of a connection that was lost. */
  refusalOf(error: unknown): Refusal | undefined;
}

export interface Refusal {
  /** As HTTP would say it. */
  readonly code: number;
  readonly reason: string;
  /** Something is wrong with one of the rows: others may be taken. */
  readonly isOfRow: boolean;
}

export interface WriteOptions {
  readonly read: ReadChange;
  readonly key: readonly string[] | undefined;
  readonly signal: AbortSignal;
  /** Rows in one statement. */
  readonly most?: number;
}

/**
 * Writes events in one transaction. Where the database refuses a row the transaction is done again in halves, until only
 * that row is left out; all others are written, in their order.
 */
export async function writeEvents(
  writer: TableWriter,
  deliveries: readonly Delivery[],
  { read, key, signal, most }: WriteOptions,
): Promise<readonly Outcome[]> {
  const columns = await writer.columns();
  const outcomes: Outcome[] = deliveries.map(() => ({ ok: true }));
  const changes: { readonly index: number; readonly change: Change }[] = [];
  for (const [index, { event }] of deliveries.entries()) {
    try {
      changes.push({ index, change: read(event, columns) });
    } catch (error) {
      if (!TulleError.is(error)) throw error;
      outcomes[index] = { ok: false, code: 422, reason: error.message };
    }
  }

  async function apply(part: typeof changes): Promise<void> {
    if (part.length === 0) return;
    // Whoever sent it has given up: what is still written could overtake the next attempt.
    signal.throwIfAborted();
    try {
      await writer.apply(
        toRuns(
          part.map(({ change }) => change),
          key,
          most,
        ),
      );
    } catch (error) {
      const refusal = writer.refusalOf(error);
      if (refusal === undefined) throw error;
      if (refusal.isOfRow && part.length > 1) {
        const middle = Math.ceil(part.length / 2);
        await apply(part.slice(0, middle));
        await apply(part.slice(middle));
        return;
      }
      for (const { index } of part) outcomes[index] = { ok: false, code: refusal.code, reason: refusal.reason };
    }
  }

  await apply(changes);
  return outcomes;
}

/** One work after the other: a transaction has its connection for itself. */
export function createTurns(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

/** Keeps what the catalog says for a while, since a table is altered rarely but not never. */
export function keepColumns(load: () => Promise<Columns>, now: () => number): () => Promise<Columns> {
  let kept: { readonly columns: Columns; readonly until: number } | undefined;
  return async () => {
    if (kept === undefined || now() >= kept.until) {
      kept = { columns: await load(), until: now() + CATALOG_MS };
    }
    return kept.columns;
  };
}

const CATALOG_MS = 30_000;

import { TulleError } from '../../event/error.ts';
import type { WantedKeys } from '../../mesh/connector/source.ts';
import type { Comparison, Delivery } from '../../mesh/sink.ts';
import { type Change, type Columns, type ReadChange, type Run, toRuns } from './change.ts';
import type { TableSinkOptions } from './options.ts';

/** A connection to a database, as it is asked what its table has. */
export interface TableInspector {
  columns(): Promise<Columns>;
  /** One answer a row: whether it is there, and the columns in which it is another; keys as text. */
  compare(run: Run): Promise<readonly ComparedRow[]>;
  /** Keys that are there, in their order. */
  keys(wanted: WantedKeys): Promise<readonly string[]>;
}

export interface ComparedRow {
  readonly key: string;
  readonly isThere: boolean;
  /** Separated by commas; empty where it is the same. */
  readonly different: string;
}

/** Compares rows with what events have asked for: the database makes values of its own types first. */
export async function compareEvents(
  inspector: TableInspector,
  deliveries: readonly Delivery[],
  { read, key }: { readonly read: ReadChange; readonly key: TableSinkOptions['key'] },
): Promise<readonly Comparison[]> {
  requireKey(key);
  const columns = await inspector.columns();
  const comparisons: Comparison[] = [];
  const changes: { readonly index: number; readonly change: Change }[] = [];
  for (const [index, { event }] of deliveries.entries()) {
    try {
      changes.push({ index, change: read(event, columns) });
    } catch (error) {
      if (!TulleError.is(error)) throw error;
      comparisons[index] = { key: '', kind: 'unusable', reason: error.message };
    }
  }
  let place = 0;
  for (const run of toRuns(
    changes.map(({ change }) => change),
    key,
    300,
  )) {
    const rows = await inspector.compare(run);
    for (let row = 0; row < run.rows.length; row += 1) {
      comparisons[changes[place++]?.index ?? 0] = toComparison(run.kind, rows[row]);
    }
  }
  return comparisons;
}

/** @throws TulleError `request_invalid` */
export function requireKey(key: TableSinkOptions['key']): readonly string[] {
  if (key !== undefined) return key;
  throw new TulleError('request_invalid', 'The target has no key: nothing says which row an event is about.', {
    mend: 'Name the columns of its key.',
  });
}

function toComparison(kind: Run['kind'], row: ComparedRow | undefined): Comparison {
  if (row === undefined) return { key: '', kind: 'unusable', reason: 'the database has no answer for it' };
  const { key, isThere, different } = row;
  if (kind === 'delete') return { key, kind: isThere ? 'extra' : 'absent' };
  if (!isThere) return { key, kind: 'missing' };
  return different === '' ? { key, kind: 'same' } : { key, kind: 'different', columns: different.split(',') };
}

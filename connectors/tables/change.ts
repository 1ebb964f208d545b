import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { compileEventPick, type EventPick, exactDataOf } from '../../mesh/connector/event-pick.ts';
import { compilePick } from '../../mesh/connector/expression.ts';
import { toObject } from '../../event/create.ts';
import type { TableSinkOptions } from './options.ts';

/** What an event asks of a table. Values are JSON; numbers as they were written (`JSON.stringify` writes them so). */
export interface Change {
  readonly kind: 'write' | 'delete';
  /** By column, in an order of their own. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** By their name; what the database says of each. */
export type Columns = ReadonlyMap<string, string>;

export type ReadChange = (event: Event, columns: Columns) => Change;

/**
 * How events become changes.
 * @throws TulleError `resource_invalid` for expressions that are none; what it returns throws `target_invalid` where the
 * table has no such column, `step_failed` where this event cannot become a row
 */
export function createChangeReader(options: TableSinkOptions): ReadChange {
  const { key, version, idColumn } = options;
  const picks: readonly (readonly [string, EventPick])[] | undefined =
    options.columns &&
    Object.entries(options.columns).map(
      ([name, expression]) => [name, compileEventPick(expression, `/columns/${name}`)] as const,
    );
  const isGone = options.delete === undefined ? undefined : compilePick(options.delete, '/delete');
  const named = [...(picks ?? []).map(([name]) => name), ...(key ?? []), ...[version ?? [], idColumn ?? []].flat()];

  function valuesOf(event: Event, columns: Columns): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    if (picks === undefined) {
      const data = exactDataOf(event);
      if (data === undefined) throw unusable('its data is no object: `columns` says where values are');
      for (const name of Object.keys(data)) if (columns.has(name)) values[name] = data[name];
    } else {
      for (const [name, pick] of picks) {
        const value = pick(event);
        if (value !== undefined) values[name] = value;
      }
    }
    if (idColumn !== undefined) values[idColumn] = event.attributes.id;
    return values;
  }

  return (event, columns) => {
    const unknown = named.find((name) => !columns.has(name));
    if (unknown !== undefined) {
      throw new TulleError('target_invalid', `the table has no column ${unknown}`, {
        mend: 'Use names as they are in the database.',
      });
    }
    const values = valuesOf(event, columns);
    const absent = key?.find((name) => values[name] === undefined || values[name] === null);
    if (absent !== undefined) throw unusable(`it has no value for the key column ${absent}`);
    if (version !== undefined && (values[version] ?? null) === null) {
      throw unusable(`it has no value for the version column ${version}`);
    }
    if (isGone?.(toObject(event)) === true) {
      const kept = [...(key ?? []), ...(version === undefined ? [] : [version])];
      return { kind: 'delete', values: Object.fromEntries(kept.map((name) => [name, values[name]])) };
    }
    if (Object.keys(values).length === 0) throw unusable('none of its values has a column');
    return { kind: 'write', values };
  };
}

/** Changes that one statement can make: of one kind, with the same columns, and of no key twice. */
export interface Run {
  readonly kind: Change['kind'];
  readonly columns: readonly string[];
  readonly rows: readonly Change['values'][];
}

/** In the order of the changes: what comes later wins. */
export function toRuns(changes: readonly Change[], key: readonly string[] = [], most = 1_000): readonly Run[] {
  const runs: { kind: Change['kind']; columns: readonly string[]; rows: Change['values'][] }[] = [];
  let keys = new Set<string>();
  for (const { kind, values } of changes) {
    const last = runs.at(-1);
    const columns = Object.keys(values).toSorted();
    const id = JSON.stringify(key.map((name) => values[name]));
    const isSame =
      last?.kind === kind &&
      last.rows.length < most &&
      last.columns.length === columns.length &&
      columns.every((name, index) => last.columns[index] === name);
    if (isSame && (key.length === 0 || !keys.has(id))) {
      last.rows.push(values);
      keys.add(id);
      continue;
    }
    runs.push({ kind, columns, rows: [values] });
    keys = new Set([id]);
  }
  return runs;
}

function unusable(why: string): TulleError {
  return new TulleError('step_failed', `the event is no row: ${why}`);
}

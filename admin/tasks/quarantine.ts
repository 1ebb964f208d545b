import { TulleError } from '../../event/error.ts';
import type { PoisonRecord } from '../../mesh/connector/source.ts';
import type { TaskName } from '../../mesh/connector/task.ts';
import { hash } from '../../mesh/hash.ts';
import type { Documents } from '../../mesh/ports/documents.ts';
import type { Runtime } from '../../mesh/ports/runtime.ts';

/** A record that could not become an event: `quarantine/{tenant}/{bus}/{connector}/{id}`. */
export interface QuarantinedRecord {
  readonly at: number;
  readonly partition: number;
  readonly reason: string;
  /** As JSON text; cut where it is longer than `recordLength`. */
  readonly record: string;
}

export const quarantineKeys = {
  of: (tenant: string, bus: string, connector: string) => `quarantine/${tenant}/${bus}/${connector}/`,
};

/**
 * Sets records of a connector aside. The same record has the same id, so that a pull that is done again adds nothing.
 * @returns a function that rejects with TulleError `limit_reached` when `mostRecords` are there: then the task fails
 * until somebody has looked at them, rather than pass over more in silence
 */
export function createQuarantine(documents: Documents, runtime: Pick<Runtime, 'now'>) {
  return async ({ tenant, bus, connector, partition }: TaskName, records: readonly PoisonRecord[]): Promise<void> => {
    const prefix = quarantineKeys.of(tenant, bus, connector);
    const { items, next } = await documents.list(prefix, { limit: mostRecords });
    const known = new Set(items.map(({ key }) => key));
    for (const { record, reason } of records) {
      const text = toText(record);
      const key = `${prefix}${idOf(`${reason}\n${text}`)}`;
      if (known.has(key)) continue;
      if (next !== undefined || known.size >= mostRecords) throw full();
      const value: QuarantinedRecord = {
        at: runtime.now(),
        partition: partition.index,
        reason: reason.slice(0, reasonLength),
        record: text.slice(0, recordLength),
      };
      await documents.put(key, value);
      known.add(key);
    }
  };
}

function toText(record: unknown): string {
  try {
    return JSON.stringify(record) ?? 'null';
  } catch {
    // A cycle or a BigInt: the reason says what it is.
    return JSON.stringify(String(record));
  }
}

/** 64 bits: of a thousand records two have the same by a chance of one in 10^13. */
function idOf(text: string): string {
  return [hash(text), hash(text, 0x9e3779b9)].map((part) => part.toString(36).padStart(7, '0')).join('');
}

function full(): TulleError {
  return new TulleError('limit_reached', `${mostRecords} records are set aside: the connector waits`, {
    mend: 'Look at the records that are set aside, mend their cause, and delete them.',
  });
}

export const mostRecords = 1_000;
const recordLength = 65_536;
const reasonLength = 1_024;

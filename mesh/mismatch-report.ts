import { TulleError } from '../event/error.ts';
import type { Runtime } from './ports/runtime.ts';
import type { Faults } from './schema-gate.ts';

/**
 * Makes what tells the log of events that were accepted without fitting their schema: one line a minute and bus, with
 * the number since the last line and the first fault.
 */
export function createMismatchReport(
  runtime: Runtime,
  report: ((message: string, error: unknown) => void) | undefined,
): (bus: string, reviewed: readonly Faults[]) => void {
  const buses = new Map<string, { count: number; reportedAt: number }>();
  return (bus, reviewed) => {
    const found = reviewed.filter((faults) => faults !== undefined);
    const [first] = found[0] ?? [];
    if (first === undefined) return;
    const entry = buses.get(bus) ?? { count: 0, reportedAt: -Infinity };
    entry.count += found.length;
    buses.set(bus, entry);
    const now = runtime.now();
    if (now - entry.reportedAt < reportEveryMs) return;
    const error = new TulleError('schema_mismatch', first.detail, { place: first.place ?? '' });
    report?.(`events of the bus ${bus} that did not fit the schema of their type: ${entry.count}`, error);
    buses.set(bus, { count: 0, reportedAt: now });
  };
}

const reportEveryMs = 60_000;

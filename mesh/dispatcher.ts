import type { CompiledSnapshot } from './compiled-snapshot.ts';
import { createLimit } from './concurrency.ts';
import { createDelivery, type DeliveryOptions } from './delivery/deliver.ts';
import type { Group } from './delivery/group.ts';
import { createJournal } from './delivery/journal.ts';
import { decodeEnvelope, type Envelope } from './envelope.ts';
import type { QueueConsumer, Settlement } from './ports.ts';
import type { Functions } from './functions/functions.ts';
import { createReshape } from './reshape.ts';
import type { SnapshotSource } from './snapshot-source.ts';

export interface DispatcherOptions extends Pick<
  DeliveryOptions,
  'sinks' | 'secrets' | 'policy' | 'runtime' | 'publish'
> {
  readonly snapshots: SnapshotSource;
  readonly functions: Functions;
  /** Simultaneous calls of one dispatch; a Worker's invocation has the default, 6 connections. */
  readonly connections?: number | undefined;
}

const CONNECTIONS = 6;

/**
 * Runs the steps of every planned delivery, hands the results to the targets, and says what is left to do. Rejects only
 * when it cannot know what to do (no snapshot): then nothing is settled, and everything is handed out again.
 */
export function createDispatcher(options: DispatcherOptions): QueueConsumer {
  const { snapshots, runtime } = options;

  return async (messages) => {
    const journal = createJournal(runtime);
    const groups = new Map<string, Group>();
    for (const message of messages) {
      const envelope = decodeEnvelope(message);
      const compiled = await snapshots.atLeast(envelope.tenant, envelope.bus, envelope.version);
      for (const planned of envelope.events) {
        for (const { rule, target, parts } of planned.deliveries) {
          const key = `${envelope.tenant}/${envelope.bus}/${rule}/${target}/${envelope.attempts}`;
          const group = groups.get(key) ?? toGroup(envelope, compiled, rule, target);
          if (group === undefined) journal.removed({ ...envelope, rule, target }, planned);
          else {
            groups.set(key, group);
            group.items.push({ planned, ...(parts === undefined ? {} : { parts }) });
          }
        }
      }
    }
    const retries: Settlement['retries'][number][] = [];
    const limit = createLimit(options.connections ?? CONNECTIONS);
    const { deliver, untried } = createDelivery({
      ...options,
      journal,
      limit,
      reshape: createReshape(options.secrets, options.functions),
    });
    for (const left of await Promise.all(Array.from(groups.values(), deliver))) retries.push(...left);
    retries.push(...untried());
    return { retries, records: journal.records };
  };
}

/** `undefined` when the rule or the target was removed or disabled after the event was matched. */
function toGroup(
  { tenant, bus, attempts }: Envelope,
  compiled: CompiledSnapshot | undefined,
  ruleName: string,
  targetName: string,
): Group | undefined {
  const rule = compiled?.rule(ruleName);
  const target = rule?.target(targetName);
  if (compiled === undefined || rule === undefined || target === undefined) return undefined;
  return { tenant, bus, compiled, rule, target, attempt: attempts + 1, items: [] };
}

import { putMany } from '../../mesh/many-documents.ts';
import type { Documents, DocumentWrite, StoredDocument } from '../../mesh/ports/documents.ts';
import { type ConnectorDocument, firstPhase, kindOf } from '../resources/connector.ts';
import { attempt } from './attempt.ts';
import { type TaskDocument, taskKeys } from './task-document.ts';
import { wasRemade } from './incarnation.ts';
import { create, type Origin, pause, recreate, remove, restart, resume } from './transitions.ts';

/** A connector with the number of the change that wrote it. */
export interface KnownConnector {
  readonly tenant: string;
  readonly document: ConnectorDocument;
  readonly revision: number;
}

/**
 * Makes the tasks what the connectors ask for: those that are missing are created, those of no connector are deleted.
 * May be done by several at once; what somebody else was faster with is left to the next time. Answers whether there was
 * anything to do.
 */
export async function reconcile(
  documents: Documents,
  connectors: readonly KnownConnector[],
  stored: readonly StoredDocument[],
  now: number,
): Promise<boolean> {
  const writes: DocumentWrite[] = [];
  const known = connectors.map((connector) => {
    const { tenant, document } = connector;
    const prefix = taskKeys.tasksOf(tenant, document.bus, document.name);
    const wasRemadeSince = once((since) => wasRemade(documents, connector, since));
    return { connector, prefix, settings: settingsOf(connector), wasRemadeSince, found: 0 };
  });
  const byPrefix = new Map(known.map((one) => [one.prefix, one]));
  let last = known[0];
  for (const { key, value, version } of stored) {
    const task = value as TaskDocument;
    // Tasks of one connector come one after the other.
    const one =
      last !== undefined && key.startsWith(last.prefix) ? last : byPrefix.get(key.slice(0, key.lastIndexOf('/') + 1));
    last = one;
    if (one !== undefined && task.partition.count === one.connector.document.parallelism) {
      one.found += 1;
      const isAnother = task.revision !== one.settings.revision && (await one.wasRemadeSince(task.revision));
      const adapted = isAnother ? recreate(task, one.settings, now) : adapt(task, one.settings, now);
      if (adapted !== task) writes.push({ key, value: adapted, expectedVersion: version });
    } else if (task.state !== 'deleted') {
      writes.push({
        key,
        value: remove(
          task,
          one === undefined ? 'its connector was deleted' : 'the connector is divided otherwise',
          now,
        ),
        expectedVersion: version,
      });
    } else if (now - task.since > keptMs) {
      // Where it does not hold, somebody has made a task of it again.
      await attempt(() => documents.delete(key, version));
    }
  }
  let present: ReadonlySet<string> | undefined;
  for (const { connector, settings, found } of known) {
    const { tenant, document } = connector;
    if (found === document.parallelism) continue;
    present ??= new Set(stored.map(({ key }) => key));
    for (let index = 0; index < document.parallelism; index += 1) {
      const partition = { index, count: document.parallelism };
      const name = { tenant, bus: document.bus, connector: document.name, partition };
      const key = taskKeys.task(name);
      if (!present.has(key)) writes.push({ key, value: create(name, settings, now), expectedVersion: 0 });
    }
  }
  if (writes.length > 0) await putMany(documents, writes);
  return writes.length > 0;
}

/** The task as its connector wants it; the same object where nothing is to be changed. */
function adapt(former: TaskDocument, settings: Origin, now: number): TaskDocument {
  const { kind, revision, phase, paused } = settings;
  // What was changed is tried at once, whatever the schedule was before.
  const task = former.revision === revision ? former : { ...former, revision, dueAt: now };
  if (task.state === 'deleted') return recreate(task, settings, now);
  if (task.kind !== kind) {
    const moved = restart(
      { ...task, kind },
      { position: undefined, phase, reason: 'the connector has another source' },
      now,
    );
    return paused ? pause(moved, 'the connector is paused', now) : moved;
  }
  if (paused && task.state !== 'paused' && task.state !== 'completed')
    return pause(task, 'the connector is paused', now);
  if (!paused && !task.held && task.state === 'paused')
    return resume(task, 'the connector is not paused any more', now);
  return task;
}

/** Asks for each number once: all tasks of a connector ask the same. */
function once(ask: (since: number) => Promise<boolean>): (since: number) => Promise<boolean> {
  const answers = new Map<number, Promise<boolean>>();
  return (since) => {
    const answer = answers.get(since) ?? ask(since);
    answers.set(since, answer);
    return answer;
  };
}

function settingsOf({ document, revision }: KnownConnector): Origin {
  return { kind: kindOf(document), revision, phase: firstPhase(document.mode), paused: document.paused };
}

/** How long a deleted task can still be seen. */
const keptMs = 86_400_000;

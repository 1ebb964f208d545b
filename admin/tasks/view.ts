import type { TaskDocument } from './task-document.ts';

/** A task as it is shown: times in RFC 3339, and nothing that only the tasks themselves need. */
export function toTaskView(task: TaskDocument): object {
  const { partition, kind, state, reason, since, holder, position, phase, dueAt, failures, committedAt, lag, totals } =
    task;
  return {
    partition: `${partition.index}-of-${partition.count}`,
    source: kind,
    state,
    reason,
    since: toTime(since),
    ...(holder === undefined ? {} : { worker: holder.worker }),
    phase,
    ...(position === undefined ? {} : { position }),
    dueAt: toTime(dueAt),
    failures,
    ...(committedAt === undefined ? {} : { storedAt: toTime(committedAt) }),
    ...(lag === undefined ? {} : { lag }),
    totals,
    transitions: task.transitions.map(({ at, to, reason: why }) => ({ at: toTime(at), state: to, reason: why })),
  };
}

export function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

import type { Phase, Position } from '../../mesh/connector/source.ts';
import type { Report, TaskName } from '../../mesh/connector/task.ts';
import type { TaskDocument, TaskState } from './task-document.ts';

/** What can happen to a task. Each answers the task as it is afterwards; the state says why it came about. */

export function create(name: TaskName, { kind, revision, phase, paused }: Origin, now: number): TaskDocument {
  const { tenant, bus, connector, partition } = name;
  const reason = paused ? 'the connector is paused' : 'the connector was created';
  const state = paused ? 'paused' : 'created';
  return {
    tenant,
    bus,
    connector,
    partition,
    kind,
    revision,
    state,
    reason,
    since: now,
    transitions: [{ at: now, to: state, reason }],
    held: false,
    freeSince: now,
    fence: 0,
    phase,
    dueAt: now,
    failures: 0,
    totals: { pulls: 0, records: 0, quarantined: 0, failures: 0 },
  };
}

/** For a connector that came in the place of another of the same name: nothing goes on but the count of the fence. */
export function recreate(task: TaskDocument, origin: Origin, now: number): TaskDocument {
  const gone = task.state === 'deleted' ? task : remove(task, 'its connector was deleted', now);
  const anew = create(task, origin, now);
  const transitions = [...gone.transitions, ...anew.transitions].slice(-transitionsKept);
  return { ...anew, fence: task.fence, transitions };
}

/** What a task has from its connector. */
export interface Origin {
  readonly kind: string;
  readonly revision: number;
  readonly phase: Phase;
  readonly paused: boolean;
}

/** `fence`: the version that the task was read at, which is greater than that of every earlier reading. */
export function assign(task: TaskDocument, worker: string, fence: number, now: number): TaskDocument {
  const former = task.holder;
  const reason =
    former === undefined ? `given to ${worker}` : `taken from ${former.worker}, which is silent, by ${worker}`;
  return enter({ ...task, holder: { worker, since: now }, fence }, 'assigned', reason, now);
}

export function release(task: TaskDocument, reason: string, now: number): TaskDocument {
  const free = { ...withoutHolder(task), freeSince: now };
  return isOver(task.state) || task.state === 'failing' ? free : enter(free, 'created', reason, now);
}

/** What the holder reports of a pull; the position moves only with it. What is paused or completed has no holder after it. */
export function record(task: TaskDocument, report: Report, now: number): TaskDocument {
  const { failure, lag, position, phase, dueAt } = report;
  const { position: former, ...rest } = task;
  const reached = report.fromStart === true ? undefined : (position ?? former);
  const moved: TaskDocument = {
    ...rest,
    ...(reached === undefined ? {} : { position: reached }),
    ...(failure === undefined ? { committedAt: now } : {}),
    ...(lag === undefined ? {} : { lag }),
    phase,
    dueAt,
    failures: failure === undefined ? 0 : task.failures + 1,
    totals: {
      pulls: task.totals.pulls + 1,
      records: task.totals.records + report.records,
      quarantined: task.totals.quarantined + report.quarantined,
      failures: task.totals.failures + (failure === undefined ? 0 : 1),
    },
  };
  const stated = isOver(task.state) ? moved : enter(moved, ...stateAfter(report), now);
  return isOver(stated.state) ? withoutHolder(stated) : stated;
}

function stateAfter({ failure, completed, warning }: Report): [TaskState, string] {
  if (failure !== undefined) return ['failing', failure];
  if (completed === true) return ['completed', 'went through everything'];
  return ['running', warning === undefined ? 'the last pull was stored' : `the last pull was stored; ${warning}`];
}

/** Its holder may store the pull that it is at, and is then told to stop. */
export function pause(task: TaskDocument, reason: string, now: number): TaskDocument {
  return task.state === 'completed' || task.state === 'deleted' ? task : enter(task, 'paused', reason, now);
}

export function resume(task: TaskDocument, reason: string, now: number): TaskDocument {
  if (task.state !== 'paused') return task;
  return enter(
    { ...task, freeSince: now, dueAt: now, failures: 0 },
    task.holder === undefined ? 'created' : 'assigned',
    reason,
    now,
  );
}

/** From a position or, without one, from the start. Whoever holds it can store nothing any more. */
export function restart(
  task: TaskDocument,
  to: { readonly position: Position | undefined; readonly phase: Phase; readonly reason: string },
  now: number,
): TaskDocument {
  const { position: _position, lag: _lag, ...rest } = withoutHolder(task);
  const placed = {
    ...rest,
    freeSince: now,
    ...(to.position === undefined ? {} : { position: to.position }),
    phase: to.phase,
    dueAt: now,
    failures: 0,
  };
  return enter(placed, task.state === 'paused' ? 'paused' : 'created', to.reason, now);
}

/** At once, whatever the schedule says; what is completed goes through everything again. */
export function runNow(task: TaskDocument, phase: Phase, reason: string, now: number): TaskDocument {
  if (task.state === 'completed') return restart(task, { position: undefined, phase, reason }, now);
  return { ...task, dueAt: now };
}

export function remove(task: TaskDocument, reason: string, now: number): TaskDocument {
  return enter(withoutHolder(task), 'deleted', reason, now);
}

const transitionsKept = 20;

/** The same state again is no transition; its reason may be another one. */
function enter(task: TaskDocument, state: TaskState, reason: string, now: number): TaskDocument {
  if (task.state === state && (state !== 'assigned' || task.reason === reason)) return { ...task, reason };
  const transitions = [...task.transitions, { at: now, to: state, reason }].slice(-transitionsKept);
  return { ...task, state, reason, since: now, transitions };
}

function withoutHolder(task: TaskDocument): TaskDocument {
  const { holder: _holder, ...rest } = task;
  return rest;
}

/** Nobody should run it. */
function isOver(state: TaskState): boolean {
  return state === 'paused' || state === 'completed' || state === 'deleted';
}

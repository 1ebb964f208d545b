import { TulleError } from '../../event/error.ts';
import { createSchedule } from '../../mesh/connector/schedule.ts';
import type { Phase, PullContext, Source } from '../../mesh/connector/source.ts';
import type { Assignment, Committed, ConnectorSettings, Report } from '../../mesh/connector/task.ts';
import { waitMs } from '../../mesh/delivery/backoff.ts';
import { type Circle, createCircle } from './circle.ts';
import { pullOnce, type PullOutcome, recordsOf } from './pull.ts';
import type { ConnectorServices } from './services.ts';

/** A task in the hands of this worker: pulls, publishes, and stores how far it came, one after the other. */
export interface TaskRun {
  dueAt(): number;
  /** The source has more, and the next pull waits only for what is asked of it: a rate, a pause. */
  hasMore(): boolean;
  /** Pulls once and stores what came of it. After `stops` or `lost` there is nothing more to do. */
  step(): Promise<Committed>;
  /** What the admin says of it now, with the next pull. */
  adopt(assignment: Assignment): Promise<void>;
  /** Lets go of connections. */
  close(): Promise<void>;
}

type Came = Omit<Report, 'pulls'>;

/** `endsAt`: see `SingleRunOptions.endMs`; milliseconds since the epoch. */
export function createTaskRun(first: Assignment, services: ConnectorServices, endsAt?: number): TaskRun {
  const { tasks, runtime, report } = services;
  let assignment = first;
  let { position, phase, dueAt, failures, pulls } = first;
  let hasMore = false;
  let circle: Circle = createCircle();
  let session: { readonly value: unknown; readonly source: Source } | undefined;
  /** The connector was changed: the session is not for the next pull. */
  let isStale = false;

  function findSource({ kind }: ConnectorSettings): Source {
    const source = services.sources.find((candidate) => candidate.kind === kind);
    if (source !== undefined) return source;
    throw new TulleError('resource_invalid', `there is no source ${kind} here`);
  }

  async function contextOf(
    source: Source,
    { connector: settings, task }: Assignment,
    signal: AbortSignal,
  ): Promise<PullContext<unknown, unknown>> {
    const context = { ...services.contextOf(task, signal), options: settings.options };
    if (source.open !== undefined) session ??= { value: await source.open(context), source };
    return {
      ...context,
      session: session?.value,
      phase,
      partition: task.partition,
      limit: { records: recordsOf(settings), bytes: pullBytes },
    };
  }

  async function pull(): Promise<{ readonly came: Came; readonly acknowledge: PullOutcome['acknowledge'] }> {
    const startedAt = runtime.now();
    if (isStale) await close();
    // What is adopted meanwhile is for the next pull.
    const held = assignment;
    const source = findSource(held.connector);
    if (position !== undefined) circle.add(position);
    const outcome = await pullOnce(source, position, (signal) => contextOf(source, held, signal), {
      assignment: held,
      services,
      circle,
      endsAt,
    });
    const came = { ...toReport(outcome, assignment.connector, phase), dueAt: nextDue(outcome, startedAt) };
    return { came, acknowledge: outcome.acknowledge };
  }

  /** Stores what came, and keeps it in mind. */
  async function store(came: Came): Promise<Committed> {
    const committed = await tasks.commit(assignment, { ...came, pulls });
    if (committed === 'lost') return committed;
    pulls += 1;
    ({ phase, dueAt } = came);
    failures = came.failure === undefined ? 0 : failures + 1;
    hasMore = !came.done && came.failure === undefined;
    position = came.fromStart === true ? undefined : (came.position ?? position);
    // A failure does not end the run: a source that goes in a circle is asked later and later.
    if (came.done) circle = createCircle();
    return committed;
  }

  async function fail(error: unknown): Promise<Committed> {
    await close();
    return store(toFailure(error));
  }

  function nextDue({ done, records, waitMs: asked }: PullOutcome, startedAt: number): number {
    const { schedule, perSecond } = assignment.connector;
    const now = runtime.now();
    const paced = perSecond === undefined ? now : startedAt + (records / perSecond) * 1000;
    // A first run through everything goes on with what is new at once.
    const scheduled = done && !goesOn(phase, assignment.connector) ? createSchedule(schedule)(now) : now;
    return Math.ceil(Math.max(paced, scheduled, now + Math.min(asked, longestWaitMs)));
  }

  function toFailure(error: unknown): Came {
    const reason = TulleError.is(error) || error instanceof Error ? error.message : String(error);
    const asked = TulleError.is(error) ? (error.retryAfter ?? 0) * 1000 : 0;
    const wait = waitMs(backoff, failures + 1, runtime.random());
    return {
      phase,
      records: 0,
      quarantined: 0,
      done: false,
      dueAt: runtime.now() + Math.max(wait, Math.min(asked, longestWaitMs)),
      failure: reason.slice(0, reasonLength),
    };
  }

  async function close(): Promise<void> {
    const open = session;
    session = undefined;
    isStale = false;
    try {
      await open?.source.close?.(open.value);
    } catch (error) {
      report('a connection of a connector could not be closed', error);
    }
  }

  return {
    dueAt: () => dueAt,
    hasMore: () => hasMore,

    async step() {
      let pulled: Awaited<ReturnType<typeof pull>>;
      try {
        pulled = await pull();
      } catch (error) {
        return fail(error);
      }
      const committed = await store(pulled.came);
      if (committed === 'lost') return committed;
      try {
        await pulled.acknowledge?.();
      } catch (error) {
        return fail(error);
      }
      return committed;
    },

    async adopt(next) {
      if (next.connector.revision !== assignment.connector.revision) isStale = true;
      // What this worker stores itself, it knows better; sooner it is when somebody has asked for it.
      dueAt = Math.min(dueAt, next.dueAt);
      assignment = next;
    },

    close,
  };
}

/** Where a phase ends, the position is the one at which the next begins. */
function toReport(
  { waitMs: _waitMs, acknowledge: _acknowledge, ...came }: PullOutcome,
  settings: ConnectorSettings,
  phase: Phase,
): Omit<Came, 'dueAt'> {
  if (!came.done || phase === 'incremental') return { ...came, phase };
  if (goesOn(phase, settings)) return { ...came, phase: 'incremental', done: false };
  if (settings.mode === 'once') return { ...came, phase, completed: true };
  return { ...came, phase, fromStart: true };
}

function goesOn(phase: Phase, { mode }: ConnectorSettings): boolean {
  return phase === 'full' && mode === 'full-then-incremental';
}

const backoff = { kind: 'full-jitter', baseSeconds: 2, capSeconds: 300 } as const;
/** What a `Retry-After` may ask for. */
const longestWaitMs = 3_600_000;
const pullBytes = 16_777_216;
const reasonLength = 1_024;

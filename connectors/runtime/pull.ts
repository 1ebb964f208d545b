import { TulleError } from '../../event/error.ts';
import type { PoisonRecord, Position, PullContext, Pulled, Source } from '../../mesh/connector/source.ts';
import type { Assignment, ConnectorSettings, Report } from '../../mesh/connector/task.ts';
import type { Circle } from './circle.ts';
import { publishRecords } from './publish-records.ts';
import { toEvents } from './records.ts';
import type { ConnectorServices } from './services.ts';

/** What one pull came to, with everything durable but the position. */
export interface PullOutcome extends Pick<Report, 'records' | 'quarantined' | 'lag' | 'done' | 'warning'> {
  readonly position: Position;
  /** The system asks for it. */
  readonly waitMs: number;
  /** To be called when the position is stored; rejects with what the source throws, or when that takes too long. */
  readonly acknowledge: (() => Promise<void>) | undefined;
}

export interface PullRun {
  readonly assignment: Assignment;
  readonly services: ConnectorServices;
  readonly circle: Circle;
  /** See `SingleRunOptions.endMs`. */
  readonly endsAt?: number | undefined;
}

/**
 * Pulls once, checks what came, publishes it and sets aside what is no event.
 * @throws whatever stops it: then the position stays, and all of it is done again
 */
export async function pullOnce(
  source: Source,
  position: Position | undefined,
  contextOf: (signal: AbortSignal) => Promise<PullContext<unknown, unknown>>,
  run: PullRun,
): Promise<PullOutcome> {
  const { assignment, services, circle } = run;
  const { connector: settings, task } = assignment;
  const pulled = await withDeadline(services, timeLeft(run), async (signal) =>
    source.pull(position, await contextOf(signal)),
  );
  check(pulled, recordsOf(settings));
  // What was acknowledged does not come again, wherever the position is.
  if (pulled.done !== true && source.acknowledge === undefined && circle.has(pulled.position)) {
    throw new TulleError('internal', 'the source goes in a circle: it came back to a position where it was before');
  }
  const { events, poison } = toEvents(pulled.records, settings);
  const refused = await publishRecords(services, task, events, timeLeft(run));
  const aside: readonly PoisonRecord[] = [...(pulled.poison ?? []), ...poison, ...refused];
  if (aside.length > 0) await services.quarantine(task, aside);
  return {
    position: pulled.position,
    records: events.length - refused.length,
    quarantined: aside.length,
    lag: pulled.lag,
    done: pulled.done === true,
    waitMs: pulled.waitMs ?? 0,
    warning: pulled.warning?.slice(0, warningLength),
    acknowledge:
      source.acknowledge === undefined
        ? undefined
        : () =>
            withDeadline(services, timeLeft(run), async (signal) =>
              source.acknowledge?.(pulled, await contextOf(signal)),
            ),
  };
}

/** What each part of a pull may take, in milliseconds. */
function timeLeft({ assignment, services, endsAt = Number.POSITIVE_INFINITY }: PullRun): number {
  return Math.max(0, Math.min(assignment.connector.timeoutSeconds * 1000, endsAt - services.runtime.now()));
}

/** A pull that hangs is left behind: what it may still answer is not looked at. */
async function withDeadline<Result>(
  { runtime }: ConnectorServices,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController();
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = (then: () => void): void => {
      isOver = true;
      then();
    };
    work(abort.signal).then(
      (result) => end(() => resolve(result)),
      (error: Error) => end(() => reject(error)),
    );
    void runtime.pause(timeoutMs).then(() => {
      if (isOver) return;
      const seconds = Math.round(timeoutMs / 100) / 10;
      const error = new TulleError('unavailable', `the source did not answer within ${seconds} s`);
      abort.abort(error);
      reject(error);
    });
  });
}

/** @throws TulleError for what no source may answer */
function check(pulled: Pulled, limit: number): void {
  if (typeof pulled !== 'object' || pulled === null || !Array.isArray(pulled.records)) {
    throw new TulleError('internal', 'the source answered no records');
  }
  if (pulled.records.length + (pulled.poison?.length ?? 0) > 2 * limit) {
    throw new TulleError(
      'too_large',
      `the source gave ${pulled.records.length} records, where ${limit} were asked for`,
    );
  }
  if (typeof pulled.position !== 'object' || pulled.position === null || Array.isArray(pulled.position)) {
    throw new TulleError('internal', 'the source answered no position');
  }
  if (JSON.stringify(pulled.position).length > positionLimit) {
    throw new TulleError('too_large', 'the position of the source is longer than 65,536 characters');
  }
}

/** The most that a pull should give. */
export function recordsOf({ batchSize, perSecond }: ConnectorSettings): number {
  return perSecond === undefined ? batchSize : Math.max(1, Math.min(batchSize, Math.floor(perSecond)));
}

const positionLimit = 65_536;
const warningLength = 512;

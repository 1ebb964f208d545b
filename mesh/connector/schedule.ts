import { Cron } from 'croner';
import { TulleError } from '../../event/error.ts';
import type { Schedule } from './task.ts';

/** When the run after one that ended at `now` is due; milliseconds since the epoch. */
export type NextDue = (now: number) => number;

/**
 * croner rather than our own: five fields, names, `L` and `#`, and the hours that a change of clocks skips or repeats, by
 * `Intl`; no dependencies, nothing of Node.
 * @throws TulleError `resource_invalid` for an expression or a time zone that is none, or that never comes
 */
export function createSchedule(schedule: Schedule): NextDue {
  if (schedule.kind === 'every') return (now) => now + schedule.seconds * 1000;
  const cron = readCron(schedule);
  return (now) => cron.nextRun(new Date(now))?.getTime() ?? now + yearMs;
}

function readCron({ expression, timeZone }: Schedule & { readonly kind: 'cron' }): Cron {
  if (expression.trim().split(/\s+/).length !== 5 && !expression.startsWith('@')) {
    throw invalid('the schedule has not five fields', '/cron');
  }
  if (!isTimeZone(timeZone))
    throw invalid('there is no such time zone', '/timeZone', 'Use a name such as Europe/Berlin.');
  let cron: Cron;
  try {
    cron = new Cron(expression, { timezone: timeZone, paused: true });
  } catch (error) {
    throw invalid('the schedule is no cron expression', '/cron', undefined, error);
  }
  if (cron.nextRun() === null) throw invalid('the schedule never comes', '/cron');
  return cron;
}

function isTimeZone(timeZone: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function invalid(
  message: string,
  place: string,
  mend = 'Use minute, hour, day, month and weekday, such as */5 * * * *.',
  cause?: unknown,
): TulleError {
  return new TulleError('resource_invalid', message, { place, mend, cause });
}

const yearMs = 365 * 86_400_000;

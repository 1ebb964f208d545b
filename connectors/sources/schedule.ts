import { createSchedule } from '../../mesh/connector/schedule.ts';
import { defineSource } from '../../mesh/connector/source.ts';

export interface ScheduleOptions {
  /** Five fields, such as `0 8 * * mon-fri`. */
  readonly cron: string;
  /** Such as Europe/Berlin; default UTC. */
  readonly timeZone?: string;
  /** The data of every event. */
  readonly data?: unknown;
  /** What becomes of times that passed while nothing ran: every one of them, or only the last; default `last`. */
  readonly missed?: 'all' | 'last';
}

/** Events at the times of a cron expression. The id of an event is its time, so that none comes twice. */
export const schedule = defineSource<ScheduleOptions>({
  kind: 'schedule',
  description: 'Makes events at the times of a cron expression, in a time zone',
  platforms: ['cloudflare', 'aws', 'node'],
  schema: {
    type: 'object',
    properties: {
      cron: { type: 'string', minLength: 1, maxLength: 128, description: 'five fields, such as 0 8 * * mon-fri' },
      timeZone: { type: 'string', maxLength: 64, default: 'UTC', description: 'such as Europe/Berlin' },
      data: { description: 'the data of every event' },
      missed: {
        enum: ['all', 'last'],
        default: 'last',
        description: 'of the times that passed while nothing ran: every one, or only the last',
      },
    },
    required: ['cron'],
    additionalProperties: false,
  },
  position: {
    type: 'object',
    properties: { after: { type: 'number', description: 'the last time that was dealt with, in ms since 1970' } },
    required: ['after'],
    additionalProperties: false,
  },
  example: { cron: '0 8 * * mon-fri', timeZone: 'Europe/Berlin', data: { report: 'daily' } },
  guarantees:
    'The id of an event is its time, so that a repetition can be told. Times that passed while nothing ran become one event, the last of them; with `missed: "all"` one each.',
  check: (options) => void nextOf(options),

  async pull(position, { options, limit, now }) {
    const next = nextOf(options);
    const started = typeof position?.['after'] === 'number' ? position['after'] : now();
    const times: number[] = [];
    let after = started;
    // As many as a pull takes; where only the last counts, those before it are passed over.
    for (let time = next(after); time <= now() && times.length < mostTimes; time = next(after)) {
      times.push(time);
      after = time;
      if (options.missed === 'all' && times.length === limit.records) break;
    }
    const due = options.missed === 'all' ? times : times.slice(-1);
    return {
      records: due.map((time) => {
        const at = new Date(time).toISOString();
        return { id: at, time: at, data: options.data ?? { scheduled: at } };
      }),
      position: { after },
      done: next(after) > now(),
    };
  },
});

const mostTimes = 10_000;

function nextOf({ cron, timeZone = 'UTC' }: ScheduleOptions): (now: number) => number {
  return createSchedule({ kind: 'cron', expression: cron, timeZone });
}

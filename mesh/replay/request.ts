import { TulleError } from '../../event/error.ts';
import { timestampToMs } from '../../event/timestamp.ts';
import { createRuleIndex } from '../../functions/filter/rule-index.ts';
import type { Filter } from '../../functions/filter/filter.ts';
import { findNearest } from '../../functions/schema/nearest.ts';
import { checkOptions } from '../../functions/schema/options.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { ReplayOrder } from './replay.ts';

/** What of an order is asked for. */
export type ReplayRequest = Pick<ReplayOrder, 'archive' | 'from' | 'filter' | 'rules' | 'perSecond'> & {
  readonly to?: number;
};

const timeSchema = {
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 8_640_000_000_000_000 },
    { type: 'string', format: 'date-time' },
  ],
  description: 'a time such as 2026-01-31T12:00:00Z, or milliseconds since 1970',
} as const;

export const replayRequestSchema = {
  type: 'object',
  properties: {
    archive: { type: 'string', description: 'the name of an archive of the bus' },
    from: timeSchema,
    to: timeSchema,
    filter: {
      type: 'object',
      minProperties: 1,
      maxProperties: 1,
      description: 'exactly one filter language, such as { "pattern": { … } }: which of the archived events',
    },
    rules: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      uniqueItems: true,
      items: { type: 'string' },
      description: 'a list of 1 to 100 names of rules',
    },
    perSecond: {
      type: 'number',
      minimum: 0.01,
      maximum: 100_000,
      description: 'a number of events a second, 0.01 to 100000',
    },
  },
  required: ['archive', 'from'],
  additionalProperties: false,
} as const;

/** The filter takes a part of a row, beside everything else that is kept of a replay. */
const filterMaxLength = 20_000;

/**
 * What a body asks for, checked against the bus as it is now.
 * @throws TulleError `request_invalid`, or `filter_invalid`, with the place in the body
 */
export function readReplayRequest(body: unknown, compiled: CompiledSnapshot, now: number): ReplayRequest {
  const [fault] = checkOptions(replayRequestSchema, body);
  if (fault !== undefined) throw invalid(fault.place, fault.detail, fault.mend ?? 'Mend it.');
  const { archive, from, to, filter, rules, perSecond } = body as Body;
  const names = (compiled.snapshot.archives ?? []).map(({ name }) => name);
  if (!names.includes(archive)) throw unknown('/archive', 'archive', archive, names);
  const start = toTime(from);
  const end = to === undefined ? undefined : toTime(to);
  if (end !== undefined && end > now) {
    throw invalid('/to', 'to lies in the future.', 'Name a time that is over, or leave it out for all until now.');
  }
  if (start >= (end ?? now)) throw invalid('/from', 'from is not before to.', 'Name an earlier time.');
  if (filter !== undefined) checkFilter(filter);
  const known = compiled.snapshot.rules.map(({ name }) => name);
  for (const [index, rule] of (rules ?? []).entries()) {
    if (!known.includes(rule)) throw unknown(`/rules/${index}`, 'rule', rule, known);
  }
  return {
    archive,
    from: start,
    ...(end === undefined ? {} : { to: end }),
    ...(filter === undefined ? {} : { filter }),
    ...(rules === undefined ? {} : { rules }),
    ...(perSecond === undefined ? {} : { perSecond }),
  };
}

/** Whether a request that was sent again asks for the same; until when is not said in every one. */
export function asksFor({ to, ...request }: ReplayRequest, order: ReplayOrder): boolean {
  return (to === undefined || to === order.to) && toText(request) === toText(order);
}

function toText({ archive, from, filter, rules, perSecond }: Omit<ReplayRequest, 'to'>): string {
  return JSON.stringify([archive, from, filter, rules, perSecond]);
}

interface Body {
  readonly archive: string;
  readonly from: number | string;
  readonly to?: number | string;
  readonly filter?: Filter;
  readonly rules?: readonly string[];
  readonly perSecond?: number;
}

function toTime(time: number | string): number {
  return typeof time === 'number' ? time : timestampToMs(time);
}

function checkFilter(filter: Filter): void {
  if (JSON.stringify(filter).length > filterMaxLength) {
    throw invalid('/filter', `The filter has more than ${filterMaxLength} characters.`, 'Make it smaller.');
  }
  try {
    createRuleIndex<string>().add('replay', filter);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    const { code, message, place = '', mend } = error;
    throw new TulleError(code, message, { place: `/filter${place}`, ...(mend === undefined ? {} : { mend }) });
  }
}

function unknown(place: string, what: string, name: string, known: readonly string[]): TulleError {
  const nearest = findNearest(name, known);
  const all = known.length === 0 ? `The bus has none.` : `Known: ${known.slice(0, 20).join(', ')}.`;
  const mend = nearest === undefined ? all : `Did you mean ${nearest}?`;
  return invalid(place, `There is no ${what} ${JSON.stringify(name.slice(0, 64))} on this bus.`, mend);
}

function invalid(place: string, message: string, mend: string): TulleError {
  return new TulleError('request_invalid', message, { place, mend });
}

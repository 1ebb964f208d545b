import { type JsonObject, memberOf } from '../json.ts';
import { isMultipleOf } from '../multiple.ts';
import { type Change, undecided } from './change.ts';
import type { Facts, JsonType } from './facts.ts';

/** The keywords of numbers and strings: each limit has to be implied by one that was there. */
export function findLimitChange(keyword: string, left: Facts, schema: JsonObject, place: string): Change | undefined {
  const type = Object.hasOwn(limitTypes, keyword) ? limitTypes[keyword] : undefined;
  const concerns = type !== undefined && (left.types.has(type) || (type === 'number' && left.types.has('integer')));
  if (!concerns || isImplied(keyword, left, schema[keyword] as number)) return undefined;
  if (keyword === 'pattern' && left.parts.some((part) => Object.hasOwn(part.schema, keyword))) {
    return undecided(place, 'Another pattern cannot be judged.');
  }
  return { place, detail: `${keyword} allows fewer values than before.` };
}

const limitTypes: Readonly<Record<string, JsonType>> = {
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
  minLength: 'string',
  maxLength: 'string',
  pattern: 'string',
};

function isImplied(keyword: string, { parts, types }: Facts, limit: number): boolean {
  /** The limits that hold under this keyword. */
  const given = (name: string): number[] =>
    parts.filter(({ schema }) => Object.hasOwn(schema, name)).map(({ schema }) => memberOf(schema, name) as number);
  switch (keyword) {
    case 'minimum':
      return [...given('minimum'), ...given('exclusiveMinimum')].some((bound) => bound >= limit);
    case 'maximum':
      return [...given('maximum'), ...given('exclusiveMaximum')].some((bound) => bound <= limit);
    case 'exclusiveMinimum':
      return given(keyword).some((bound) => bound >= limit) || given('minimum').some((bound) => bound > limit);
    case 'exclusiveMaximum':
      return given(keyword).some((bound) => bound <= limit) || given('maximum').some((bound) => bound < limit);
    case 'multipleOf':
      if (!types.has('number') && isMultipleOf(1, limit)) return true;
      return given(keyword).some((step) => isMultipleOf(step, limit));
    case 'minLength':
      return limit === 0 || given(keyword).some((bound) => bound >= limit);
    case 'maxLength':
      return given(keyword).some((bound) => bound <= limit);
    default:
      return given(keyword).includes(limit);
  }
}

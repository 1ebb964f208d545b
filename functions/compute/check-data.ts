import { Validator } from '@cfworker/json-schema';
import { TulleError } from '../../event/error.ts';

/** A check of an event's data against a function's schema. */
export type DataCheck = (data: unknown) => void;

/**
 * Answers a check that throws TulleError `step_failed`, naming the places that do not fit and the keyword of the schema
 * that each breaks, never a value.
 */
export function createDataCheck(schema: object): DataCheck {
  // Interpreted: code generation is forbidden inside a request on Workers.
  const validator = new Validator(schema, '2020-12', false);
  return (data) => {
    const { valid, errors } = validator.validate(data);
    if (valid) return;
    // A fault is reported again by every schema around it: the deepest ones tell.
    const places = new Map<string, string>();
    for (const { instanceLocation, keyword, error } of errors) {
      if (summaries.has(keyword) && errors.length > 1) continue;
      const missing = keyword === 'required' ? /"(.*)"/.exec(error)?.[1] : undefined;
      const place = `/data${instanceLocation.slice(1)}${missing === undefined ? '' : `/${missing}`}`;
      if (!places.has(place)) places.set(place, missing === undefined ? keyword : 'missing');
    }
    const listed = Array.from(places, ([place, keyword]) => `${shorten(place)} (${keyword})`).slice(0, placesLimit);
    const more = places.size > placesLimit ? ` and ${places.size - placesLimit} more` : '';
    throw new TulleError('step_failed', `the event does not fit its schema: ${listed.join(', ')}${more}`, {
      place: shorten(places.keys().next().value ?? '/data'),
      mend: 'Filter for events that fit, or reshape them in a step before.',
    });
  };
}

const placesLimit = 5;

/** Keywords whose faults say no more than those that follow them. */
const summaries = new Set([
  'properties',
  'patternProperties',
  'additionalProperties',
  'items',
  'prefixItems',
  '$ref',
  'allOf',
  'if',
]);

function shorten(place: string): string {
  return place.length <= 128 ? place : `${place.slice(0, 128).toWellFormed()}…`;
}

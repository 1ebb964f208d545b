import { TulleError } from '../../event/error.ts';
import { compileSchema, type JsonSchema } from '../schema/schema.ts';

/** A check of an event's data against a function's schema. */
export type DataCheck = (data: unknown) => void;

/**
 * Answers a check that throws TulleError `step_failed` with the places that do not fit and what each should be, never a
 * value. An event without JSON data fits no schema.
 */
export function createDataCheck(schema: object): DataCheck {
  const compiled = compileSchema(schema as JsonSchema);
  return (data) => {
    if (data === undefined) throw misfit('/data', 'it has no JSON data');
    const faults = compiled.validate(data);
    const [first] = faults;
    if (first === undefined) return;
    const listed = faults.slice(0, listedFaults).map(({ place, detail }) => `/data${place}: ${detail}`);
    const more = faults.length > listedFaults ? ` And ${faults.length - listedFaults} more.` : '';
    throw misfit(`/data${first.place}`, `${listed.join(' ')}${more}`);
  };
}

const listedFaults = 4;

function misfit(place: string, why: string): TulleError {
  return new TulleError('step_failed', `the event does not fit its schema: ${why}`, {
    place,
    mend: 'Filter for events that fit, or reshape them in a step before.',
  });
}

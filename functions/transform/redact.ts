import { TulleError } from '../../event/error.ts';
import { type CloudEventObject, defineTransformer } from './define-transformer.ts';
import { readJsonText } from './json-text.ts';
import { hidden } from './mask.ts';
import { parsePath, type Path } from './path.ts';
import { pathTree } from './path-tree.ts';
import { rewrite, type Treatment } from './rewrite.ts';
import { compileTreatment, treatmentSchema, type TreatmentSpec } from './treatment.ts';

export interface RedactSpec {
  /** `subject`, `data.customer.phone`, `data.items[*].phone`, `data.**.phone`: see `Path`. */
  readonly paths: readonly string[];
  /** Default: `{ mask: 'all' }`. */
  readonly with?: TreatmentSpec;
}

/**
 * Takes values out of an event, or hides them: one treatment a step, so that a rule reads as a list of sentences. A path
 * that leads nowhere is no fault. A payload that nobody can look into (binary, or plain text) fails the step when a path
 * goes into it: what cannot be searched is not let through.
 */
export const redact = defineTransformer<RedactSpec>({
  kind: 'redact',
  description:
    'Drops, masks, hashes, tokenises or generalises the values at some paths, such as { paths: [data.phone], with: { mask: keep-last-4 } }',
  schema: {
    type: 'object',
    required: ['paths'],
    additionalProperties: false,
    properties: {
      paths: {
        type: 'array',
        minItems: 1,
        maxItems: 100,
        items: { type: 'string', minLength: 1, maxLength: 256 },
      },
      with: treatmentSchema,
    },
  },
  longIntegers: true,
  protects: true,
  compile(spec) {
    const how = spec.with ?? { mask: 'all' };
    const treatmentAt = compileTreatment(how);
    const paths = spec.paths.map((text, index) => ({ text, path: compilePath(text, index, how === 'drop') }));
    const tree = pathTree(paths);
    const whole = tree.names.get('data')?.ends ?? [];
    const isSearched = whole.length === 0 && paths.some(({ path }) => path.length > 1);

    const run = (event: CloudEventObject, treat: Treatment): ReadonlySet<string> => {
      if (isSearched) checkSearchable(event);
      const touched = new Set(rewrite(event, tree, treat));
      if (whole.length > 0 && hideBinary(event, how === 'drop')) for (const text of whole) touched.add(text);
      return touched;
    };
    return (event, context) => {
      const finish = (treat: Treatment): CloudEventObject => {
        const touched = run(event, treat);
        context.report?.(spec.paths.filter((text) => touched.has(text)));
        return event;
      };
      const finishKeyed = (keyed: Treatment): CloudEventObject => {
        let fuel = 0;
        const left = finish((value) => {
          fuel += keyedFuel;
          if (fuel > context.fuel) throw tooManyValues();
          return keyed(value);
        });
        context.spent?.(fuel);
        return left;
      };
      const treatment = treatmentAt(context);
      return treatment instanceof Promise ? treatment.then((keyed) => finishKeyed(keyed)) : finish(treatment);
    };
  },
});

/** A keyed value takes 5 to 10 µs, which is what so much fuel buys elsewhere: 20,000 values a step. */
const keyedFuel = 50;

function tooManyValues(): TulleError {
  return new TulleError('fuel_exhausted', 'There are too many values to hash or tokenise in one event', {
    place: '/paths',
    mend: 'Split the event before, or drop the values.',
  });
}

function compilePath(text: string, index: number, dropped: boolean): Path {
  const place = `/paths/${index}`;
  let path: Path;
  try {
    path = parsePath(text);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    throw new TulleError('step_invalid', error.message, { place, ...(error.mend ? { mend: error.mend } : {}) });
  }
  const [name] = path;
  const refusal = refusalOf(name, dropped);
  if (path.length === 1 && refusal)
    throw new TulleError('step_invalid', `${name} ${refusal.why}`, { place, ...refusal });
  return path;
}

/** What the event would no longer be a CloudEvent without. */
function refusalOf(name: string, dropped: boolean): { why: string; mend: string } | undefined {
  if (!/^([a-z\d]{1,64}|data_base64)$/.test(name)) {
    return { why: 'is not the name of an attribute', mend: 'Start the path with data or with an attribute.' };
  }
  if (name === 'specversion' || name === 'id') {
    return { why: 'is required and tells events apart', mend: 'Remove the path.' };
  }
  if (dropped && (name === 'source' || name === 'type')) {
    return { why: 'is required and cannot be dropped', mend: 'Mask it, or set it in a transform step.' };
  }
  if (!dropped && ['time', 'dataschema', 'datacontenttype', 'data_base64'].includes(name)) {
    return { why: 'has a form that another value would break', mend: 'Drop it.' };
  }
  return undefined;
}

function checkSearchable({ data, data_base64: binary }: CloudEventObject): void {
  if (binary === undefined && (typeof data !== 'string' || readJsonText(data))) return;
  throw new TulleError('step_failed', 'The payload is binary or plain text, so that no path can be searched in it', {
    place: '/paths',
    mend: 'Filter for events with JSON data, or redact data as a whole.',
  });
}

/** The path `data` is the payload, whatever its form: bytes have no characters to keep. Answers whether there were any. */
function hideBinary(event: CloudEventObject, dropped: boolean): boolean {
  if (event['data_base64'] === undefined) return false;
  delete event['data_base64'];
  if (!dropped) event['data'] = hidden;
  return true;
}

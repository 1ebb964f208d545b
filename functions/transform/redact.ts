import { TulleError } from '../../event/error.ts';
import { type CloudEventObject, defineTransformer } from './define-transformer.ts';
import { type Mask, maskNamed } from './mask.ts';
import { type Path, parsePath, replaceAt } from './path.ts';

export interface RedactSpec {
  /** `subject`, `data.customer.phone`, `data.items[*].phone`, `data.**.phone`: see `Path`. */
  readonly paths: readonly string[];
  /** Default: `{ mask: 'all' }`. */
  readonly with?: 'drop' | { readonly mask: string };
}

/**
 * Takes values out of an event, or hides them. A path that leads nowhere is no fault. A payload that nobody can look
 * into (binary, or plain text) fails the step when a path goes into it: what cannot be searched is not let through.
 */
export const redact = defineTransformer<RedactSpec>({
  kind: 'redact',
  description: 'Drops or masks the values at some paths, such as { paths: [data.phone], with: { mask: keep-last-4 } }',
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
      with: {
        oneOf: [
          { const: 'drop' },
          {
            type: 'object',
            required: ['mask'],
            additionalProperties: false,
            properties: { mask: { type: 'string', pattern: '^(all|email|keep-(first|last)-([1-9]|1[0-6]))$' } },
          },
        ],
      },
    },
  },
  longIntegers: true,
  protects: true,
  compile(spec) {
    const how = spec.with ?? { mask: 'all' };
    const mask = how === 'drop' ? drop : maskNamed(how.mask);
    const paths = spec.paths.map((text, index) => compilePath(text, index, how === 'drop'));
    const intoData = paths.some(({ path }) => path.length > 1);
    return (event, context) => {
      if (intoData) checkReadable(event);
      const touched = paths.filter(({ path }) => replaceAt(event, path, mask) > 0);
      context.report?.(touched.map(({ text }) => text));
      return event;
    };
  },
});

const drop: Mask = () => undefined;

function compilePath(text: string, index: number, dropped: boolean): { text: string; path: Path } {
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
  return { text, path };
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
    return { why: 'has a form that a mask would break', mend: 'Drop it.' };
  }
  return undefined;
}

function checkReadable(event: CloudEventObject): void {
  if (typeof event['data'] !== 'string' && event['data_base64'] === undefined) return;
  throw new TulleError('step_failed', 'The payload is binary or plain text, so that no path can be searched in it', {
    place: '/paths',
    mend: 'Filter for events with JSON data, or redact data or data_base64 as a whole.',
  });
}

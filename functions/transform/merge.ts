import { fromObject } from '../../event/create.ts';
import { TulleError } from '../../event/error.ts';
import { type CloudEventObject, defineTransformer } from './define-transformer.ts';
import { jsonConstant } from './json-constant.ts';
import { isObject, type JsonObject, setMember } from './json-value.ts';
import { readableData } from './path-spec.ts';
import { relocate } from './step-error.ts';

/** A part of an event: attributes, and `data`. */
export type MergeSpec = Readonly<Record<string, unknown>>;

/** Sets attributes, and members of the data at any depth. Objects are merged; every other value takes the place of the old. */
export const merge = defineTransformer<MergeSpec>({
  kind: 'merge',
  description: 'Sets attributes and members of the data, such as { type: order.v2, data: { region: eu } }',
  schema: {
    type: 'object',
    minProperties: 1,
    propertyNames: { pattern: '^[a-z0-9]{1,64}$' },
    properties: { specversion: false, id: false, data: {} },
    additionalProperties: { type: ['string', 'number', 'boolean'] },
  },
  writtenNumbers: true,
  compile(spec) {
    checkEvent(spec);
    const { data, ...attributes } = spec;
    if (data === undefined) return (event) => Object.assign(event, attributes);
    const constant = jsonConstant(data);
    return (event) => Object.assign(withMerged(event, constant()), attributes);
  },
});

/** The values have to be good for an event: better told now than by every event. */
function checkEvent(spec: MergeSpec): void {
  try {
    fromObject({ specversion: '1.0', id: '1', source: '/', type: 't', ...spec });
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    throw relocate(error, 'step_invalid', error.message, '');
  }
}

function withMerged(event: CloudEventObject, constant: unknown): CloudEventObject {
  if (isObject(constant)) {
    const data = readableData(event, '/data');
    if (Array.isArray(data)) {
      throw new TulleError('step_failed', 'The payload is an array, which takes no members', {
        place: '/data',
        mend: 'Filter for events whose data is an object, or split the array before.',
      });
    }
    if (isObject(data)) mergeInto(data, constant);
    else event['data'] = constant;
    return event;
  }
  delete event['data_base64'];
  event['data'] = constant;
  event['datacontenttype'] = 'application/json';
  return event;
}

function mergeInto(target: JsonObject, constant: JsonObject): void {
  for (const [name, value] of Object.entries(constant)) {
    const old = Object.hasOwn(target, name) ? target[name] : undefined;
    if (isObject(old) && isObject(value)) mergeInto(old, value);
    else setMember(target, name, value);
  }
}

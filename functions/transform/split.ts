import { TulleError } from '../../event/error.ts';
import { changeAt } from './change-at.ts';
import { type CloudEventObject, defineTransformer } from './define-transformer.ts';
import { copyJson, isObject, memberOf, newObject } from './json-value.ts';
import { pathSchema, readDefiniteDataPath } from './path-spec.ts';
import { withJson } from './rendered.ts';

export interface SplitSpec {
  /** To an array in the data: `data.items`, or `data` itself. */
  readonly path: string;
  /** Of the other data: drop it, so that the element is the data (default), or keep it around the element. */
  readonly rest?: 'drop' | 'keep';
}

/** Makes one event of each element of an array. No element, no event; what is no array fails the step. */
export const split = defineTransformer<SplitSpec>({
  kind: 'split',
  description: 'Makes one event of each element of an array, such as { path: data.items }',
  schema: {
    type: 'object',
    required: ['path'],
    additionalProperties: false,
    properties: { path: pathSchema, rest: { enum: ['drop', 'keep'], default: 'drop' } },
  },
  writtenNumbers: true,
  compile({ path, rest }) {
    const segments = readDefiniteDataPath(path, '/path');
    const keepsRest = rest === 'keep' && segments.length > 0;
    return (event) => {
      const items = valueAt(event['data'], segments);
      if (!Array.isArray(items)) throw notAnArray();
      const frame = keepsRest ? withItem(event, segments, null) : withJson(event, null);
      checkSize(frame, items.length);
      return items.map((item: unknown) =>
        keepsRest
          ? withItem(copyJson(frame) as CloudEventObject, segments, item)
          : withJson(Object.assign(newObject(), frame), item),
      );
    };
  },
});

/** All that the steps make of one event, in UTF-16 units. */
const outputLimit = 4_194_304;

function valueAt(data: unknown, segments: readonly (string | number)[]): unknown {
  let value = data;
  for (const segment of segments) {
    if (typeof segment === 'number') value = Array.isArray(value) ? value[segment] : undefined;
    else value = isObject(value) ? memberOf(value, segment) : undefined;
  }
  return value;
}

function withItem(event: CloudEventObject, segments: readonly (string | number)[], item: unknown): CloudEventObject {
  event['data'] = changeAt(event['data'], segments, () => item);
  return event;
}

/** Before they are made: what is around the elements is repeated for each. */
function checkSize(frame: CloudEventObject, count: number): void {
  if (JSON.stringify(frame).length * count <= outputLimit) return;
  throw new TulleError('step_failed', `The parts would have more than ${outputLimit} characters together`, {
    place: '/path',
    mend: 'Let the steps keep less of the event before it is split.',
  });
}

function notAnArray(): TulleError {
  return new TulleError('step_failed', 'The path leads to no array', {
    place: '/path',
    mend: 'Filter for events that have it, or use onError: skip or passThrough.',
  });
}

import { TulleError } from '../../event/error.ts';
import type { CloudEventObject } from './define-transformer.ts';
import { isObject } from './json-value.ts';
import { parsePath, type Path, type Segment } from './path.ts';

export const pathSchema = { type: 'string', minLength: 1, maxLength: 256 } as const;

export const pathsSchema = { type: 'array', minItems: 1, maxItems: 100, items: pathSchema } as const;

/** @throws TulleError `step_invalid` at the place of the path in the spec */
export function readPath(text: string, place: string): Path {
  try {
    return parsePath(text);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    throw new TulleError('step_invalid', error.message, { place, ...(error.mend ? { mend: error.mend } : {}) });
  }
}

/** What of a path follows `data`, which may be nothing. @throws TulleError `step_invalid` */
export function readDataPath(text: string, place: string): readonly Segment[] {
  const [name, ...segments] = readPath(text, place);
  if (name === 'data') return segments;
  throw new TulleError('step_invalid', 'The path does not go into the data', { place, mend: 'Start it with data.' });
}

/** The path of a single value: names and indexes. @throws TulleError `step_invalid` */
export function readDefiniteDataPath(text: string, place: string): readonly (string | number)[] {
  return readDataPath(text, place).map((segment) => {
    if (typeof segment !== 'symbol') return segment;
    throw new TulleError('step_invalid', 'The path may lead to several values', {
      place,
      mend: 'Use names and indexes only: data.order.items, data.orders[0].items.',
    });
  });
}

/**
 * The event's data that paths can go into, `undefined` where it has none.
 * @throws TulleError `step_failed` when they cannot
 */
export function readableData(event: CloudEventObject, place: string): unknown {
  const { data } = event;
  if (Array.isArray(data) || isObject(data)) return data;
  if (data === undefined && event['data_base64'] === undefined) return undefined;
  throw new TulleError('step_failed', 'The payload is no JSON object or array', {
    place,
    mend: 'Filter for events with such data.',
  });
}

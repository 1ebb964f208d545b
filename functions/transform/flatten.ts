import { TulleError } from '../../event/error.ts';
import { changeAt } from './change-at.ts';
import { defineTransformer } from './define-transformer.ts';
import { isObject, type JsonObject, newObject } from './json-value.ts';
import { pathSchema, readDataPath } from './path-spec.ts';
import { anyDepth } from './path.ts';

export interface FlattenSpec {
  /** What is flattened. Default: `data`. */
  readonly path?: string;
  /** Between the names. Default: `.`. */
  readonly separator?: string;
  /** How many names are joined at most; what lies deeper stays nested. Default: 64, which is all. */
  readonly depth?: number;
  /** Arrays stay as they are (default), or their elements are named by index. */
  readonly arrays?: 'keep' | 'index';
}

/** Makes `{ "a.b": 1 }` of `{ a: { b: 1 } }`. Empty objects, and arrays that are kept, are values. */
export const flatten = defineTransformer<FlattenSpec>({
  kind: 'flatten',
  description: 'Makes one level of nested data, the names joined, such as { separator: _ }',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      path: { ...pathSchema, default: 'data' },
      separator: { type: 'string', minLength: 1, maxLength: 8, default: '.' },
      depth: { type: 'integer', minimum: 2, maximum: 64, default: 64 },
      arrays: { enum: ['keep', 'index'], default: 'keep' },
    },
  },
  writtenNumbers: true,
  compile({ path = 'data', separator = '.', depth = 64, arrays = 'keep' }) {
    const segments = readDataPath(path, '/path');
    if (segments.includes(anyDepth)) throw searches();
    const isNested = (value: unknown): value is object =>
      isObject(value) || (arrays === 'index' && Array.isArray(value));
    return (event) => {
      let left = namesLimit;
      function add(flat: JsonObject, value: object, prefix: string, level: number): JsonObject {
        for (const [name, member] of Object.entries(value) as [string, unknown][]) {
          const joined = prefix + name;
          if (level < depth && isNested(member) && Object.keys(member).length > 0) {
            add(flat, member, joined + separator, level + 1);
            continue;
          }
          left -= joined.length;
          if (left < 0) throw failure(`The names have more than ${namesLimit} characters together`, 'Set a depth.');
          if (Object.hasOwn(flat, joined)) throw failure('Two members would have one name', 'Use another separator.');
          flat[joined] = member;
        }
        return flat;
      }
      const change = (value: unknown): unknown => (isNested(value) ? add(newObject(), value, '', 1) : value);
      if ('data' in event) event['data'] = changeAt(event['data'], segments, change);
      return event;
    };
  },
});

/** A long name is repeated by everything below it. */
const namesLimit = 1_048_576;

function searches(): TulleError {
  return new TulleError('step_invalid', 'The path searches at any depth', {
    place: '/path',
    mend: 'Use names, indexes, * and [*].',
  });
}

function failure(message: string, mend: string): TulleError {
  return new TulleError('step_failed', message, { place: '/path', mend });
}

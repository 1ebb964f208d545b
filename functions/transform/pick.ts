import { TulleError } from '../../event/error.ts';
import { defineTransformer } from './define-transformer.ts';
import { newObject } from './json-value.ts';
import { pathsSchema, readableData, readDataPath } from './path-spec.ts';
import { pick as pickFrom, toTrail } from './select.ts';

export interface PickSpec {
  /** Into the data: `data.id`, `data.items[*].sku`. */
  readonly paths: readonly string[];
}

/** Keeps what some paths lead to in the data, and nothing else of it. Attributes stay. */
export const pick = defineTransformer<PickSpec>({
  kind: 'pick',
  description: 'Keeps nothing of the data but what some paths lead to, such as { paths: [data.id, data.items[*].sku] }',
  schema: { type: 'object', required: ['paths'], additionalProperties: false, properties: { paths: pathsSchema } },
  writtenNumbers: true,
  protects: true,
  compile({ paths }) {
    const trails = paths.map((text, index) => {
      const segments = readDataPath(text, `/paths/${index}`);
      if (segments.length > 0) return toTrail(segments);
      throw new TulleError('step_invalid', 'The path names the data as a whole', {
        place: `/paths/${index}`,
        mend: 'Name what is to be kept: data.id.',
      });
    });
    return (event) => {
      const data = readableData(event, '/paths');
      if (data !== undefined) event['data'] = pickFrom(data, trails) ?? (Array.isArray(data) ? [] : newObject());
      return event;
    };
  },
});

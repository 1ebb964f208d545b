import { TulleError } from '../../event/error.ts';
import { defineTransformer } from './define-transformer.ts';
import { newObject } from './json-value.ts';
import { pathsSchema, readableData, readPath } from './path-spec.ts';
import { omit as omitFrom, toTrail } from './select.ts';

export interface OmitSpec {
  /** Attributes and paths into the data: `subject`, `data.password`, `data.items[*].cost`. */
  readonly paths: readonly string[];
}

/** Leaves out what some paths lead to. A path that leads nowhere is no fault. */
export const omit = defineTransformer<OmitSpec>({
  kind: 'omit',
  description: 'Leaves out what some paths lead to, such as { paths: [subject, data.items[*].cost] }',
  schema: { type: 'object', required: ['paths'], additionalProperties: false, properties: { paths: pathsSchema } },
  writtenNumbers: true,
  protects: true,
  compile(spec) {
    const paths = spec.paths.map((text, index) => readPath(text, `/paths/${index}`));
    for (const [index, [name, ...rest]] of paths.entries()) if (rest.length === 0) checkName(name, `/paths/${index}`);
    const names = paths.filter(({ length }) => length === 1).flatMap(([name]) => withBinary(name));
    const trails = paths.filter(({ length }) => length > 1).map(([, ...segments]) => toTrail(segments));
    return (event) => {
      for (const name of names) Reflect.deleteProperty(event, name);
      const data = trails.length === 0 ? undefined : readableData(event, '/paths');
      if (data !== undefined) event['data'] = omitFrom(data, trails) ?? newObject();
      return event;
    };
  },
});

/** Data is data, however it is written. */
function withBinary(name: string): readonly string[] {
  return name === 'data' ? ['data', 'data_base64'] : [name];
}

function checkName(name: string, place: string): void {
  if (['specversion', 'id', 'source', 'type'].includes(name)) {
    throw new TulleError('step_invalid', `${name} is required`, { place, mend: 'Remove the path.' });
  }
  if (/^[a-z\d]{1,64}$/.test(name)) return;
  throw new TulleError('step_invalid', `${JSON.stringify(name)} is not the name of an attribute`, {
    place,
    mend: 'Start the path with data or with an attribute.',
  });
}

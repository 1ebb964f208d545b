import { defineTransformer } from './define-transformer.ts';
import { jsonConstant } from './json-constant.ts';
import { withJson, withText } from './rendered.ts';

/** Makes the same data of every event: text of a string, JSON of every other value. */
export const constant = defineTransformer<unknown>({
  kind: 'constant',
  description: 'Makes the same data of every event, such as { status: ok }; a string is plain text',
  schema: {},
  writtenNumbers: true,
  compile(spec) {
    if (typeof spec === 'string') return (event) => withText(event, spec);
    const value = jsonConstant(spec);
    return (event) => withJson(event, value());
  },
});

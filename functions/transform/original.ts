import { defineTransformer } from './define-transformer.ts';

/** Leaves the event as it is, for configurations that say so. */
export const original = defineTransformer<object>({
  kind: 'original',
  description: 'Leaves the event as it is: {}',
  schema: { type: 'object', additionalProperties: false },
  writtenNumbers: true,
  keepsEvent: true,
  compile: () => (event) => event,
});

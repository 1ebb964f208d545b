import { defineTransformer } from './define-transformer.ts';
import { compileCompatibleTemplate } from './eventmesh-compatible.ts';
import { compileStrictTemplate, type EventMeshTemplateSpec } from './eventmesh-strict.ts';
import { withRendered } from './rendered.ts';

export interface TemplateSpec extends Partial<EventMeshTemplateSpec> {
  readonly template: string;
  /** Default: strict. */
  readonly mode?: 'strict' | 'eventmesh';
}

/** Fills a text from the event, by EventMesh's rules. What it is filled to becomes the data: JSON, or plain text. */
export const template = defineTransformer<TemplateSpec>({
  kind: 'template',
  description: "Fills a text, such as { values: { name: $.data.name }, template: 'Hello ${name}' }",
  schema: {
    type: 'object',
    required: ['template'],
    additionalProperties: false,
    properties: {
      values: {
        type: 'object',
        maxProperties: 100,
        propertyNames: { minLength: 1, maxLength: 256 },
        additionalProperties: { type: ['string', 'number', 'boolean', 'null'], maxLength: 8192 },
      },
      template: { type: 'string', maxLength: 16_384 },
      mode: { enum: ['strict', 'eventmesh'], default: 'strict' },
    },
  },
  writtenNumbers: true,
  compile({ values = {}, template, mode }) {
    const render = (mode === 'eventmesh' ? compileCompatibleTemplate : compileStrictTemplate)({ values, template });
    return (event) => withRendered(event, render(event));
  },
});

import type { FromSchema } from 'json-schema-to-ts';
import { descriptionSchema, nameSchema } from './name.ts';
import { retrySchema } from './retry.ts';

/** Besides these a target has one member named after its sink; that is checked against the sink's own schema. */
export const targetSchema = {
  type: 'object',
  properties: {
    name: nameSchema,
    retry: retrySchema,
    ordering: { const: 'partitionkey', description: 'partitionkey: events of one key are delivered in order' },
    rateLimit: {
      type: 'object',
      properties: { perSecond: { type: 'number', minimum: 0.01, maximum: 10_000 } },
      required: ['perSecond'],
      additionalProperties: false,
    },
    concurrency: { type: 'integer', minimum: 1, maximum: 100, description: 'calls at a time, 1 to 100' },
    deadLetter: {
      type: 'object',
      properties: { retry: retrySchema },
      description: 'a sink that is handed what is given up, such as { "http": { … } }, and perhaps retry',
    },
    paused: { type: 'boolean', description: 'true: nothing is delivered, everything waits' },
  },
  required: ['name'],
} as const;

/** The filter and the steps are checked by compiling them. */
export const ruleSchema = {
  type: 'object',
  properties: {
    kind: { const: 'rule', default: 'rule' },
    name: nameSchema,
    bus: nameSchema,
    description: descriptionSchema,
    enabled: { type: 'boolean', default: true },
    filter: {
      type: 'object',
      minProperties: 1,
      maxProperties: 1,
      description: 'exactly one filter language, such as { "pattern": { … } }',
    },
    steps: {
      type: 'array',
      maxItems: 20,
      default: [],
      items: {
        type: 'object',
        minProperties: 1,
        description: 'exactly one step, such as { "redact": { … } }, and perhaps onError',
      },
    },
    targets: { type: 'array', minItems: 1, maxItems: 20, items: targetSchema },
  },
  required: ['name', 'bus', 'filter', 'targets'],
  additionalProperties: false,
} as const;

export type RuleDocument = FromSchema<typeof ruleSchema>;
export type TargetDocument = FromSchema<typeof targetSchema>;

import type { FromSchema } from 'json-schema-to-ts';
import { descriptionSchema, nameSchema } from './name.ts';
import { retrySchema } from './retry.ts';

/** Written by the mesh when a target asks for no more events; who leaves it out enables the target again. */
const disabledSchema = {
  type: 'object',
  properties: {
    reason: { type: 'string', maxLength: 1_024 },
    at: { type: 'string', maxLength: 64, description: 'since when (RFC 3339)' },
  },
  required: ['reason', 'at'],
  additionalProperties: false,
  description: 'the target is sent nothing; leave it out to enable the target again',
} as const;

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
    disabled: disabledSchema,
    deadLetter: {
      type: 'object',
      properties: { retry: retrySchema, disabled: disabledSchema },
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

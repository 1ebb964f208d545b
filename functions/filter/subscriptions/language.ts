import { defineFilter } from '../define-filter.ts';
import { compileSubscriptionFilters } from './dialects.ts';

const attributeTexts = {
  type: 'object',
  minProperties: 1,
  propertyNames: { pattern: '^[a-z0-9]+$' },
  additionalProperties: { type: 'string', minLength: 1 },
} as const;

const nestedFilter = { type: 'object', minProperties: 1, maxProperties: 1 } as const;
const nestedFilters = { type: 'array', minItems: 1, items: nestedFilter } as const;

/** The filter dialects of the CloudEvents Subscriptions API 0.1. */
export const subscriptionFilters = defineFilter<unknown>({
  language: 'filters',
  schema: {
    type: 'array',
    items: {
      type: 'object',
      minProperties: 1,
      maxProperties: 1,
      properties: {
        exact: attributeTexts,
        prefix: attributeTexts,
        suffix: attributeTexts,
        all: nestedFilters,
        any: nestedFilters,
        not: nestedFilter,
        sql: { type: 'string' },
      },
      additionalProperties: false,
    },
  },
  description: 'CloudEvents Subscriptions dialects over context attributes: exact, prefix, suffix, all, any, not, sql.',
  compile: compileSubscriptionFilters,
});

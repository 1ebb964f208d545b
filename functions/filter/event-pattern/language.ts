import { defineFilter } from '../define-filter.ts';
import { compilePattern, compilePatternNode, maxPatternLength, patternNode } from './pattern.ts';
import { toCloudEvent } from './eventbridge.ts';

const schema = {
  oneOf: [
    { type: 'object', minProperties: 1 },
    { type: 'string', maxLength: maxPatternLength, description: 'The pattern as JSON text' },
  ],
} as const;

/** Event patterns over the CloudEvents JSON text as it is: attributes at the top, the payload below `data`. */
export const eventPattern = defineFilter<unknown>({
  language: 'pattern',
  schema,
  description: 'Event pattern: fields with lists of values and operators, as in Amazon EventBridge.',
  compile: compilePattern,
});

/** Event patterns written for the EventBridge envelope, as they are. */
export const eventBridgePattern = defineFilter<unknown>({
  language: 'eventbridge',
  schema,
  description: 'Event pattern with the names of the EventBridge envelope: detail for data, detail-type for type.',
  compile: (pattern) => compilePatternNode(toCloudEvent(patternNode(pattern))),
});

import { defineFilter } from '../define-filter.ts';
import { compileCompatible } from './compatible.ts';
import { isObject, refusal } from './pattern.ts';
import { compileStrict } from './strict.ts';

const pattern = { type: 'object', minProperties: 1 } as const;

/** EventMesh filter patterns: the pattern itself, or `{ pattern, mode }` to choose EventMesh's own answers. */
export const eventMeshFilter = defineFilter<unknown>({
  language: 'eventmesh',
  schema: {
    oneOf: [
      { ...pattern, not: { required: ['pattern'] } },
      {
        type: 'object',
        properties: { pattern, mode: { enum: ['strict', 'eventmesh'], default: 'strict' } },
        required: ['pattern'],
        additionalProperties: false,
      },
    ],
  },
  description: 'EventMesh filter pattern; mode "strict" (default) mends its oddities, mode "eventmesh" keeps them.',
  compile(expression) {
    if (!isObject(expression) || !Object.hasOwn(expression, 'pattern')) return compileStrict(expression, '');
    const unknown = Object.keys(expression).find((key) => key !== 'pattern' && key !== 'mode');
    if (unknown !== undefined) {
      throw refusal(
        `/${unknown}`,
        `There is no option ${JSON.stringify(unknown)}.`,
        'Beside the pattern there is only mode.',
      );
    }
    const { pattern, mode = 'strict' } = expression;
    if (mode === 'strict') return compileStrict(pattern, '/pattern');
    if (mode === 'eventmesh') return compileCompatible(pattern, '/pattern');
    throw refusal('/mode', 'There is no such mode.', 'Use "strict", or "eventmesh" for the answers of EventMesh 1.12.');
  },
});

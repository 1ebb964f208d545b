import { TulleError } from '../../event/error.ts';
import { functionName } from '../compute/define-function.ts';
import { defineTransformer } from './define-transformer.ts';

/** The name of a function, alone or as an object. */
export type ComputeSpec = string | { readonly function: string };

const nameSchema = { type: 'string', pattern: functionName.source };

/** Hands the event to a registered function, which answers one, several or none. */
export const compute = defineTransformer<ComputeSpec>({
  kind: 'compute',
  description: 'Runs a registered function on the event, such as geo-fence or { function: geo-fence }',
  schema: {
    type: ['string', 'object'],
    pattern: functionName.source,
    required: ['function'],
    additionalProperties: false,
    properties: { function: nameSchema },
  },
  callsFunctions: true,
  compile(spec) {
    const name = nameOf(spec);
    return (event, { call }) => {
      if (call !== undefined) return call(name, event);
      throw new TulleError('function_unavailable', 'No functions can be called here');
    };
  },
});

/** The function that a step of a rule calls; `undefined` where it calls none. */
export function calledFunction(step: Readonly<Record<string, unknown>>): string | undefined {
  const spec = step['compute'];
  return spec === undefined ? undefined : nameOf(spec as ComputeSpec);
}

function nameOf(spec: ComputeSpec): string {
  return typeof spec === 'string' ? spec : spec.function;
}

import { TulleError } from '../../event/error.ts';
import type { CloudEventObject } from '../../functions/transform/define-transformer.ts';
import { parseObject } from '../../functions/transform/event-object.ts';
import { numberText } from '../../functions/transform/exact-numbers.ts';
import { readJsonText } from '../../functions/transform/json-text.ts';
import { hidden } from '../../functions/transform/mask.ts';
import { parsePath } from '../../functions/transform/path.ts';
import { pathTree } from '../../functions/transform/path-tree.ts';
import { rewrite } from '../../functions/transform/rewrite.ts';
import type { RedactSpec } from '../../functions/transform/redact.ts';
import type { Step } from '../../functions/transform/step.ts';
import { transformers } from '../../functions/transform/transformers.ts';

/**
 * Shows an event, given as JSON text, as it is before the step of that number: without anything that the redact steps
 * from there on would touch. Where another step comes between that moves values, nobody can say where they were: then
 * attributes and data are shown by their kinds alone.
 */
export function viewBefore(steps: readonly Step[], step: number): (json: string) => unknown {
  const paths: string[] = [];
  let isMoved = false;
  for (const later of steps.slice(step)) {
    const redact = later['redact'] as RedactSpec | undefined;
    if (redact === undefined) isMoved ||= !keepsPaths(later);
    else if (isMoved) return kindsOnly;
    else paths.push(...redact.paths);
  }
  return masked(paths);
}

/** Shows an event as it came in, without anything that some of the rules redact. */
export function viewOf(rules: readonly { readonly steps: readonly Step[] }[]): (json: string) => unknown {
  const views = rules.map(({ steps }) => viewBefore(steps, 0));
  if (views.includes(kindsOnly)) return kindsOnly;
  return masked(
    rules.flatMap(({ steps }) => steps.flatMap((step) => (step['redact'] as RedactSpec | undefined)?.paths ?? [])),
  );
}

/** Keyed values are not made anew: what they would be is not for an operator to try out. */
export function withoutKeys(step: Step): Step {
  const redact = step['redact'] as RedactSpec | undefined;
  const how = redact?.with;
  if (redact === undefined || typeof how !== 'object' || !('hash' in how || 'tokenise' in how)) return step;
  return { ...step, redact: { paths: redact.paths, with: { mask: 'all' } } satisfies RedactSpec };
}

function keepsPaths(step: Step): boolean {
  return Object.keys(step).every((kind) => kind === 'onError' || transformers[kind]?.keepsEvent === true);
}

function masked(paths: readonly string[]): (json: string) => unknown {
  const tree = pathTree(paths.map((text) => ({ text, path: parsePath(text) })));
  const intoData = paths.some((path) => /^data\b/.test(path));
  return (json) => {
    const event = parseObject(json, 'all');
    try {
      rewrite(event, tree, () => hidden);
      const { data, data_base64: bytes } = event;
      // What cannot be searched is not shown.
      const isSealed = bytes === undefined ? typeof data === 'string' && !readJsonText(data) : true;
      if ((intoData && isSealed) || bytes === hidden) putInPlace(event, hidden);
      return event;
    } catch (error) {
      // A text that is too deep to be searched.
      if (TulleError.is(error)) return kindsOnly(json);
      throw error;
    }
  };
}

/** Of the data its kind alone: names in it may be of what is redacted. */
function kindsOnly(json: string): unknown {
  const event = parseObject(json, 'all');
  if (event['data_base64'] !== undefined) putInPlace(event, '');
  return Object.fromEntries(Object.entries(event).map(([name, value]) => [name, kindOf(value)]));
}

/** Of the payload, in whichever form it is. */
function putInPlace(event: CloudEventObject, data: string): void {
  delete event['data_base64'];
  event['data'] = data;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (numberText(value) !== undefined) return 'number';
  return Array.isArray(value) ? 'array' : typeof value;
}

import { TulleError } from '../../event/error.ts';
import type { CloudEventObject, StepContext, StepResult } from './define-transformer.ts';
import { parseObject } from './event-object.ts';
import type { CompiledStep, StepReport, StepsContext } from './step.ts';
import { relocate } from './step-error.ts';

/** `undefined` stands for one that was dropped, so that those after it keep their number. */
type Objects = readonly (CloudEventObject | undefined)[];

/** Runs steps on one event, without a promise for as long as the transformers do. */
export function runSteps(
  steps: readonly CompiledStep[],
  object: CloudEventObject,
  context: StepsContext,
): Objects | Promise<Objects> {
  return runFrom(0, steps, object, steps.length > 1 ? withTank(context) : context);
}

/** The expressions of one event may use this many times what one of them may: as many steps as a rule has. */
const tankSize = 20;

/** A step after a split runs on each of a thousand parts: what all of them may use is bounded, too. */
function withTank(context: StepsContext): StepsContext {
  let left = context.fuel * tankSize;
  const shared = {
    ...context,
    spent(fuel: number): void {
      left -= fuel;
      context.spent?.(fuel);
      shared.fuel = Math.min(context.fuel, left);
    },
  };
  return shared;
}

/** The most events that the steps make of one: each is a delivery of its own. */
const eventsLimit = 1_000;

function runFrom(
  start: number,
  steps: readonly CompiledStep[],
  object: CloudEventObject,
  context: StepsContext,
): Objects | Promise<Objects> {
  let current = object;
  for (let i = start; i < steps.length; i += 1) {
    const step = steps[i];
    if (!step) break;
    const left = runStep(step, current, context);
    if (left instanceof Promise) {
      return left.then((objects) => (objects.length === 0 ? [undefined] : runEach(i + 1, steps, objects, context)));
    }
    const [only] = left;
    if (left.length > 1) return runEach(i + 1, steps, left, context);
    if (only === undefined) return [undefined];
    current = only;
  }
  return [current];
}

/** One after the other: a function that is called is not called a thousand times at once. */
function runEach(
  start: number,
  steps: readonly CompiledStep[],
  objects: Objects,
  context: StepsContext,
): Objects | Promise<Objects> {
  const results: (CloudEventObject | undefined)[] = [];
  for (const [index, object] of objects.entries()) {
    const left = runIfThere(start, steps, object, context);
    if (left instanceof Promise) {
      return left.then(async (first) => {
        collect(results, first);
        for (const next of objects.slice(index + 1)) {
          collect(results, await runIfThere(start, steps, next, context));
        }
        return results;
      });
    }
    collect(results, left);
  }
  return results;
}

function runIfThere(
  start: number,
  steps: readonly CompiledStep[],
  object: CloudEventObject | undefined,
  context: StepsContext,
): Objects | Promise<Objects> {
  return object === undefined ? [undefined] : runFrom(start, steps, object, context);
}

function collect(results: (CloudEventObject | undefined)[], objects: Objects): void {
  checkCount(results.length + objects.length);
  results.push(...objects);
}

function checkCount(events: number): void {
  if (events <= eventsLimit) return;
  throw new TulleError('step_failed', `The steps made more than ${eventsLimit} events of one`, {
    mend: 'Split less, or publish the parts as events of their own.',
  });
}

function runStep(step: CompiledStep, object: CloudEventObject, context: StepsContext): Objects | Promise<Objects> {
  const { trace, observe } = context;
  // A transformer may change the event before it fails.
  const before = step.onError === 'passThrough' ? JSON.stringify(object) : undefined;
  const seen = observe === undefined ? '' : (before ?? JSON.stringify(object));
  const { id, source } = object;
  let touched: readonly string[] | undefined;
  // Copied for each step: what is left in the tank is read then.
  const stepContext: StepContext = trace ? { ...context, report: (paths) => (touched = paths) } : context;

  const succeed = (result: StepResult): Objects => {
    const objects = toObjects(result, id, source);
    observe?.(step.index, seen, objects);
    trace?.({ ...nameOf(step), outcome: 'done', events: objects.length, ...(touched ? { touched } : {}) });
    return objects;
  };
  const fail = (error: unknown): Objects => {
    if (!TulleError.is(error) || error.fault === 'system') throw error;
    const located = stepError(error, step);
    const reason = `${located.code}: ${located.message}`;
    observe?.(step.index, seen, []);
    if (step.onError === 'deadLetter' || isPassing(error)) {
      trace?.({ ...nameOf(step), outcome: 'failed', events: 0, reason });
      throw located;
    }
    const objects = before === undefined ? [] : [parseObject(before, step.exactness)];
    const outcome = before === undefined ? 'skipped' : 'passedThrough';
    trace?.({ ...nameOf(step), outcome, events: objects.length, reason });
    return objects;
  };

  try {
    const result = step.run(object, stepContext);
    return result instanceof Promise ? result.then(succeed).catch(fail) : succeed(result);
  } catch (error) {
    return fail(error);
  }
}

/** Source and id tell events apart: what a step made several of, and left the name of the one, is numbered. */
function toObjects(result: StepResult, id: unknown, source: unknown): Objects {
  if (result === null) return [];
  if (!isSeveral(result)) return [result];
  checkCount(result.length);
  if (result.length > 1) {
    for (const [index, object] of result.entries()) {
      if (object['id'] === id && object['source'] === source) object['id'] = `${String(id)}-${index + 1}`;
    }
  }
  return result;
}

function isSeveral(result: CloudEventObject | Objects): result is Objects {
  return Array.isArray(result);
}

function nameOf({ index, kind }: CompiledStep): Pick<StepReport, 'step' | 'kind'> {
  return { step: index, kind };
}

function stepError(error: TulleError, { index, kind }: CompiledStep): TulleError {
  const { code } = error;
  const isKept = code === 'fuel_exhausted' || code === 'function_unavailable' || code === 'credential_unavailable';
  const kept = isKept ? code : 'step_failed';
  return relocate(error, kept, `Step ${index + 1} (${kind}): ${error.message}`, `/steps/${index}/${kind}`);
}

/** A later attempt may succeed, so that no `onError` may decide now. */
function isPassing({ code }: TulleError): boolean {
  return code === 'function_unavailable' || code === 'credential_unavailable';
}

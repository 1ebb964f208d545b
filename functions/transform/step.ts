import { Validator } from '@cfworker/json-schema';
import { fromObject, toObject } from '../../event/create.ts';
import { dataText } from '../../event/data.ts';
import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import type { CloudEventObject, CompiledTransformer, StepContext, Transformer } from './define-transformer.ts';
import { mayHaveLongIntegers, parseExactly } from './exact-numbers.ts';
import { jsonata } from './jsonata.ts';
import { redact } from './redact.ts';

/** One step of a rule: exactly one transformer, named by its key. */
export type Step = Readonly<Record<string, unknown>>;

export interface CompiledSteps {
  /**
   * The event as the steps leave it; without steps the very same object. The text is parsed once and written once.
   * Throws (or rejects with) TulleError `step_failed` or `fuel_exhausted`, whose message starts with the step's
   * number and whose place is a JSON Pointer into the rule.
   */
  run(event: Event, context: StepContext): Event | Promise<Event>;
}

/** Every transformer there is, by the key that names it in a step. */
export const transformers: Readonly<Record<string, Transformer<never>>> = { redact, transform: jsonata };

/**
 * Compiles a rule's steps.
 * @throws TulleError `step_invalid` with the place of the first fault, such as `/steps/0/redact/paths/1`.
 */
export function compileSteps(steps: readonly Step[]): CompiledSteps {
  if (steps.length > stepsLimit) {
    throw new TulleError('step_invalid', `A rule has at most ${stepsLimit} steps`, {
      place: '/steps',
      mend: 'Put several changes into one transform step.',
    });
  }
  const compiled = steps.map(compileStep);
  if (compiled.length === 0) return { run: (event) => event };
  // Other transformers calculate: for them a number is a number.
  const exact = compiled.every(({ longIntegers }) => longIntegers);
  return { run: (event, context) => runFrom(0, compiled, decode(event, exact), context) };
}

/** What leaves the steps is held to the same limit as what comes in. */
const eventBytesLimit = 1_048_576;
const stepsLimit = 20;

interface CompiledStep {
  readonly index: number;
  readonly kind: string;
  readonly longIntegers: boolean;
  readonly run: CompiledTransformer;
}

function compileStep(step: Step, index: number): CompiledStep {
  const place = `/steps/${index}`;
  const [kind = '', ...others] = Object.keys(step);
  const transformer = Object.hasOwn(transformers, kind) ? transformers[kind] : undefined;
  if (!transformer || others.length > 0) {
    const known = Object.keys(transformers).join(', ');
    throw new TulleError('step_invalid', 'A step names exactly one transformer', {
      place,
      mend: `Use one of these keys: ${known}.`,
    });
  }
  const spec = step[kind];
  checkSpec(spec, transformer, `${place}/${kind}`);
  try {
    const { longIntegers = false } = transformer;
    return { index, kind, longIntegers, run: transformer.compile(spec as never) };
  } catch (error) {
    throw TulleError.is(error) ? relocate(error, 'step_invalid', error.message, `${place}/${kind}`) : error;
  }
}

function checkSpec(spec: unknown, transformer: Transformer<never>, place: string): void {
  const { valid, errors } = new Validator(transformer.schema, '2020-12', false).validate(spec);
  if (valid) return;
  // The deepest place is the most telling: a fault is reported again by every schema around it.
  const depth = (at: string) => at.split('/').length;
  const [fault] = errors.toSorted((a, b) => depth(b.instanceLocation) - depth(a.instanceLocation));
  const why = fault?.error === 'False boolean schema.' ? 'There is no such key.' : (fault?.error ?? '');
  throw new TulleError('step_invalid', `The spec of ${transformer.kind} is not valid. ${why}`.trim(), {
    place: place + (fault?.instanceLocation.slice(1) ?? ''),
    mend: `${transformer.kind}: ${transformer.description}.`,
  });
}

/** Goes on without a promise for as long as the transformers do. */
function runFrom(
  start: number,
  steps: readonly CompiledStep[],
  object: CloudEventObject,
  context: StepContext,
): Event | Promise<Event> {
  let current = object;
  for (let i = start; i < steps.length; i += 1) {
    const step = steps[i];
    if (!step) break;
    try {
      const next = step.run(current, context);
      if (next instanceof Promise) {
        return next.then(
          (value) => runFrom(i + 1, steps, value, context),
          (error: unknown) => {
            throw stepError(error, step);
          },
        );
      }
      current = next;
    } catch (error) {
      throw stepError(error, step);
    }
  }
  return encode(current);
}

function decode(event: Event, exact: boolean): CloudEventObject {
  const object = toObject(event);
  const text = exact && event.data?.member === 'data' ? dataText(event) : undefined;
  if (text !== undefined && mayHaveLongIntegers(text)) object['data'] = parseExactly(text);
  return object;
}

function encode(object: CloudEventObject): Event {
  let event: Event;
  try {
    event = fromObject(object);
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    throw relocate(error, 'step_failed', `The steps left no valid event: ${error.message}`, '/steps');
  }
  if (isLarger(event.json, eventBytesLimit)) {
    throw new TulleError('step_failed', `The steps left an event of more than ${eventBytesLimit} bytes`, {
      place: '/steps',
      mend: 'Let the steps keep less of the event.',
    });
  }
  return event;
}

/** Whether a text is longer than so many bytes of UTF-8; encoded only where the length alone does not tell. */
function isLarger(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  return text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes;
}

function stepError(error: unknown, { index, kind }: CompiledStep): unknown {
  if (!TulleError.is(error)) return error;
  const code = error.code === 'fuel_exhausted' ? 'fuel_exhausted' : 'step_failed';
  return relocate(error, code, `Step ${index + 1} (${kind}): ${error.message}`, `/steps/${index}/${kind}`);
}

function relocate(
  error: TulleError,
  code: 'step_invalid' | 'step_failed' | 'fuel_exhausted',
  message: string,
  place: string,
): TulleError {
  return new TulleError(code, message, {
    place: place + (error.place ?? ''),
    cause: error,
    ...(error.mend === undefined ? {} : { mend: error.mend }),
  });
}

import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { checkOptions } from '../schema/options.ts';
import type { CloudEventObject, CompiledTransformer, StepContext, Transformer } from './define-transformer.ts';
import { decodeEvent, encodeEvent } from './event-object.ts';
import type { Exactness } from './exact-numbers.ts';
import { runSteps } from './run-steps.ts';
import { relocate } from './step-error.ts';
import { transformers } from './transformers.ts';

/** One step of a rule: exactly one transformer, named by its key, and perhaps `onError`. */
export type Step = Readonly<Record<string, unknown>>;

/**
 * What becomes of an event on which a step fails: a dead letter; nothing, it is not delivered by this rule (`skip`); or it
 * goes on as it was before the step (`passThrough`).
 */
export type OnError = (typeof onErrors)[number];

export interface CompiledSteps {
  /** Some step calls a function, which may take its time. */
  readonly callsFunctions: boolean;
  /**
   * The events that the steps leave, several after a step that splits; `undefined` stands for one that a step dropped, so
   * that the others keep their number at every attempt; without steps the very
   * same object. The text is parsed once and written once. Throws (or rejects with) TulleError `step_failed`,
   * `fuel_exhausted` or, where a later attempt may succeed, `function_unavailable`; the message starts with the step's
   * number and the place is a JSON Pointer into the rule.
   */
  run(event: Event, context: StepsContext): readonly (Event | undefined)[] | Promise<readonly (Event | undefined)[]>;
}

export interface StepsContext extends Omit<StepContext, 'report'> {
  /** Told what became of each step, in the order in which they ran: names and paths, never values. */
  readonly trace?: (report: StepReport) => void;
  /** Shown what a step was given, as JSON text, and what it left; for rehearsals, since it takes time. */
  readonly observe?: (step: number, before: string, after: readonly (CloudEventObject | undefined)[]) => void;
}

export interface StepReport {
  /** Its place among the rule's steps, from 0. */
  readonly step: number;
  readonly kind: string;
  readonly outcome: 'done' | 'skipped' | 'passedThrough' | 'failed';
  /** How many events it left. */
  readonly events: number;
  /** The paths at which it took something out or put something in. */
  readonly touched?: readonly string[];
  readonly reason?: string;
}

export interface CompiledStep {
  readonly index: number;
  readonly kind: string;
  /** Which numbers are kept as they were written: those that all the rule's transformers carry. */
  readonly exactness: Exactness;
  readonly keepsEvent: boolean;
  readonly callsFunctions: boolean;
  readonly onError: OnError;
  readonly run: CompiledTransformer;
}

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
  const separate = steps.map(compileStep).filter((step) => !step.keepsEvent);
  if (separate.length === 0) return { callsFunctions: false, run: (event) => [event] };
  // Other transformers calculate: for them a number is a number.
  const exactness = leastExact(separate.map((step) => step.exactness));
  const compiled = separate.map((step) => ({ ...step, exactness }));
  return {
    callsFunctions: compiled.some((step) => step.callsFunctions),
    run(event, context) {
      const objects = runSteps(compiled, decodeEvent(event, exactness), context);
      return objects instanceof Promise ? objects.then(encodeAll) : encodeAll(objects);
    },
  };
}

const stepsLimit = 20;
/** All that the steps make of one event, in UTF-16 units. */
const outputLimit = 4_194_304;
const onErrors = ['deadLetter', 'skip', 'passThrough'] as const;

function encodeAll(objects: readonly (Record<string, unknown> | undefined)[]): readonly (Event | undefined)[] {
  let length = 0;
  return objects.map((object) => {
    if (object === undefined) return undefined;
    const event = encodeEvent(object);
    length += event.json.length;
    if (length <= outputLimit) return event;
    throw new TulleError('step_failed', `The steps left events of more than ${outputLimit} characters together`, {
      place: '/steps',
      mend: 'Let the steps keep less of the event before it is split.',
    });
  });
}

function compileStep(step: Step, index: number): CompiledStep {
  const place = `/steps/${index}`;
  const { onError = 'deadLetter', ...named } = step;
  const [kind = '', ...others] = Object.keys(named);
  const transformer = Object.hasOwn(transformers, kind) ? transformers[kind] : undefined;
  if (!transformer || others.length > 0) {
    const known = Object.keys(transformers).join(', ');
    throw new TulleError('step_invalid', 'A step names exactly one transformer', {
      place,
      mend: `Use one of these keys: ${known}; onError may stand beside it.`,
    });
  }
  const checked = checkOnError(onError, transformer, place);
  const spec = named[kind];
  checkSpec(spec, transformer, `${place}/${kind}`);
  try {
    const { callsFunctions = false, keepsEvent = false } = transformer;
    const exactness = exactnessOf(transformer);
    const run = transformer.compile(spec as never);
    return { index, kind, exactness, callsFunctions, keepsEvent, onError: checked, run };
  } catch (error) {
    throw TulleError.is(error) ? relocate(error, 'step_invalid', error.message, `${place}/${kind}`) : error;
  }
}

function exactnessOf({ writtenNumbers, longIntegers }: Transformer<never>): Exactness {
  if (writtenNumbers) return 'all';
  return longIntegers ? 'integers' : 'none';
}

function leastExact(all: readonly Exactness[]): Exactness {
  if (all.includes('none')) return 'none';
  return all.includes('integers') ? 'integers' : 'all';
}

function checkOnError(value: unknown, { kind, protects }: Transformer<never>, place: string): OnError {
  const found = onErrors.find((name) => name === value);
  if (found === undefined) {
    throw new TulleError('step_invalid', 'There is no such onError', {
      place: `${place}/onError`,
      mend: `Use one of ${onErrors.join(', ')}.`,
    });
  }
  if (found === 'passThrough' && protects) {
    throw new TulleError('step_invalid', `No event may pass ${kind} by: it would show what is to be hidden`, {
      place: `${place}/onError`,
      mend: 'Use deadLetter or skip.',
    });
  }
  return found;
}

function checkSpec(spec: unknown, transformer: Transformer<never>, place: string): void {
  const faults = checkOptions(transformer.schema, spec);
  // The deepest place is the most telling: a fault is reported again by every schema around it.
  const depth = (at: string): number => at.split('/').length;
  const [fault] = faults.toSorted((a, b) => depth(b.place) - depth(a.place));
  if (fault === undefined) return;
  throw new TulleError('step_invalid', `The spec of ${transformer.kind} is not valid: ${fault.detail}`, {
    place: place + fault.place,
    mend: fault.mend ?? `${transformer.kind}: ${transformer.description}.`,
  });
}

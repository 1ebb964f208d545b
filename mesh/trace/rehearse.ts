import { TulleError } from '../../event/error.ts';
import type { Event } from '../../event/event.ts';
import { defaultFuel, type StepContext } from '../../functions/transform/define-transformer.ts';
import { compileSteps, type StepReport } from '../../functions/transform/step.ts';
import { transformers } from '../../functions/transform/transformers.ts';
import type { Receipt } from '../envelope.ts';
import { createSeededRandom } from '../seeded-random.ts';
import type { Rule } from '../snapshot.ts';
import { viewBefore, withoutKeys } from './masked-view.ts';
import type { Show } from './show.ts';

/** What a step makes of the event, found by running the steps again. */
export interface RehearsedStep {
  /** Its place among the rule's steps, from 0. */
  readonly step: number;
  readonly kind: string;
  /** `notCalled`: it would call a function. `notRun`: no event came that far. */
  readonly outcome: StepReport['outcome'] | 'notCalled' | 'notRun';
  readonly touched?: readonly string[];
  readonly reason?: string;
  /** What it was given and what it left, the first three of several, with everything masked that the rule redacts. */
  readonly input?: readonly unknown[];
  readonly output?: readonly unknown[];
}

export interface Rehearsal {
  readonly steps: readonly RehearsedStep[];
  /** What the steps leave, as `CompiledSteps.run` says; absent where one of them failed, or was not run. */
  readonly events?: readonly (Event | undefined)[];
}

export interface RehearsalOptions {
  readonly show: Show;
  /** Whoever asks may see what the rule redacts. */
  readonly unmasked?: boolean;
  /** Runs functions. Absent: none is called. */
  readonly call?: StepContext['call'];
  /** A function that `call` says is not to be had was called nevertheless. */
  readonly callsAll?: boolean;
  /** Told what expressions used of their fuel. */
  readonly spent?: (fuel: number) => void;
}

/**
 * Runs a rule's steps on an event once more, with the time and the chance of its delivery and without any effect: no
 * secret is read, and no function is called but by `call`. What cannot be known that way ends the rehearsal.
 */
export async function rehearse(
  { name, steps }: Rule,
  bus: string,
  { event, receipt, index }: { readonly event: Event; readonly receipt: Receipt; readonly index: number },
  { show, unmasked = false, call, callsAll = false, spent }: RehearsalOptions,
): Promise<Rehearsal> {
  const viewAt = (step: number): ((json: string) => unknown) => viewBefore(unmasked ? [] : steps, step);
  const drafts = steps.map((step, place): Draft => {
    const kind = Object.keys(step).find((key) => key !== 'onError') ?? '';
    const keeps = transformers[kind]?.keepsEvent === true;
    return { step: place, kind, outcome: keeps ? 'done' : 'notRun', touched: new Set(), input: [], output: [] };
  });
  let events: Rehearsal['events'];
  try {
    const seed = `${receipt.id}/${index}/${name}`;
    const context = { now: receipt.at, random: createSeededRandom(seed), fuel: defaultFuel, rule: { bus, name } };
    events = await compileSteps(steps.map(withoutKeys)).run(event, {
      ...context,
      ...(call === undefined ? {} : { call }),
      ...(spent === undefined ? {} : { spent }),
      trace: (report) => note(drafts[report.step], report, callsAll),
      observe(step, before, after) {
        const draft = drafts[step];
        if (draft === undefined || draft.input.length === mostShown) return;
        draft.input.push(show(before, viewAt(step)));
        const view = viewAt(step + 1);
        for (const object of after.slice(0, mostShown - draft.output.length)) {
          if (object !== undefined) draft.output.push(show(JSON.stringify(object), view));
        }
      },
    });
  } catch (error) {
    if (!TulleError.is(error)) throw error;
    const failed = drafts.findLast(({ outcome }) => outcome !== 'notRun');
    if (failed !== undefined && failed.reason === undefined) failed.reason = `${error.code}: ${error.message}`;
  }
  const lastRedact = unmasked ? -1 : steps.findLastIndex((step) => Object.hasOwn(step, 'redact'));
  const rehearsed = drafts.map(({ touched, input, output, reason, ...rest }) => ({
    ...rest,
    ...(touched.size === 0 ? {} : { touched: [...touched] }),
    // What an expression says of its failure may quote what is still to be redacted.
    ...(reason === undefined ? {} : { reason: rest.step < lastRedact ? reason.replace(/:.*/s, '') : reason }),
    ...(input.length === 0 ? {} : { input, output }),
  }));
  return { steps: rehearsed, ...(events === undefined ? {} : { events }) };
}

const mostShown = 3;

interface Draft {
  readonly step: number;
  readonly kind: string;
  outcome: RehearsedStep['outcome'];
  readonly touched: Set<string>;
  reason?: string;
  readonly input: unknown[];
  readonly output: unknown[];
}

/** Of several events the one that did not get through is told. */
function note(draft: Draft | undefined, { kind, outcome, touched = [], reason }: StepReport, callsAll: boolean): void {
  if (draft === undefined) return;
  const isUnavailable = kind === 'compute' && outcome === 'failed' && reason?.startsWith('function_unavailable:');
  const isCall = isUnavailable === true && !callsAll;
  if (draft.outcome === 'notRun' || outcome !== 'done') draft.outcome = isCall ? 'notCalled' : outcome;
  for (const path of touched) draft.touched.add(path);
  if (reason !== undefined && !isCall) draft.reason ??= reason;
}

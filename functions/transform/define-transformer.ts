/**
 * A transformer reshapes one event on its way to a target. One file a transformer, one `defineTransformer` call.
 * It is compiled when the rule is admitted and runs on every event that matches.
 */
export interface Transformer<Spec = unknown> {
  /** The key that names it in a rule's steps: `- redact: { … }`. */
  readonly kind: string;
  readonly description: string;
  /** JSON Schema (2020-12) of the spec; unknown keys are refused. */
  readonly schema: object;
  /** It carries integers that a number cannot hold: they come as `longIntegerText` reads them. */
  readonly longIntegers?: true;
  /** Throws TulleError `step_invalid`; its place is a JSON Pointer within the spec. */
  compile(spec: Spec): CompiledTransformer;
}

/**
 * The event is the transformer's own: it may change it and answer it, or answer another object. Throws TulleError
 * `step_failed` or `fuel_exhausted` when this event cannot be transformed; its place, too, is within the spec.
 */
export type CompiledTransformer = (
  event: CloudEventObject,
  context: StepContext,
) => CloudEventObject | Promise<CloudEventObject>;

/** A CloudEvent as the CloudEvents JSON format writes it: `{ specversion, id, source, type, …, data }`. */
export type CloudEventObject = Record<string, unknown>;

export interface StepContext {
  /** Milliseconds since the epoch, the same for all steps of an event: replays give the same result. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What each user expression may use, as steps of evaluation; `defaultFuel` where the caller has no other wish. */
  readonly fuel: number;
  /** Told what a step did, for whoever tests a rule: paths, never values. */
  readonly report?: (touched: readonly string[]) => void;
}

/** Fuel is counted, never time: on Workers the clock stands still while code runs. A million steps take some 50 ms. */
export const defaultFuel = 1_000_000;

export function defineTransformer<Spec>(transformer: Transformer<Spec>): Transformer<Spec> {
  return transformer;
}

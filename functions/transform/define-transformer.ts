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
  /** It carries integers that a number cannot hold: they come as `numberText` reads them. */
  readonly longIntegers?: true;
  /** It carries more than these: every number as it was written, `10.0` and `1e400` as well, as `numberText` reads them. */
  readonly writtenNumbers?: true;
  /** It leaves every event as it is: a rule of such steps alone sends the very bytes that came in. */
  readonly keepsEvent?: true;
  /** It takes out what must not be seen: a rule may not let an event pass it by (`onError: passThrough`). */
  readonly protects?: true;
  /** It calls functions, which may be anywhere: events wait for it side by side. */
  readonly callsFunctions?: true;
  /** Throws TulleError `step_invalid`; its place is a JSON Pointer within the spec. */
  compile(spec: Spec): CompiledTransformer;
}

/**
 * The event is the transformer's own: it may change it and answer it, or answer others. Throws TulleError
 * `step_failed` or `fuel_exhausted` when this event cannot be transformed, `function_unavailable` when a later
 * attempt may succeed; its place, too, is within the spec.
 */
export type CompiledTransformer = (event: CloudEventObject, context: StepContext) => StepResult | Promise<StepResult>;

/** One event, several, or none: `null` and an empty array drop it. */
export type StepResult = CloudEventObject | readonly CloudEventObject[] | null;

/** A CloudEvent as the CloudEvents JSON format writes it: `{ specversion, id, source, type, …, data }`. */
export type CloudEventObject = Record<string, unknown>;

export interface StepContext {
  /** Milliseconds since the epoch, the same for all steps of an event: replays give the same result. */
  readonly now: number;
  /** Uniform in [0, 1); the same sequence for every attempt of an event. */
  readonly random: () => number;
  /** What each user expression may use, as steps of evaluation; `defaultFuel` where the caller has no other wish. */
  readonly fuel: number;
  /** Told what an expression used of it: all that the steps make of one event share a tank. */
  readonly spent?: (fuel: number) => void;
  /** The rule whose step this is, where there is one. */
  readonly rule?: RuleName;
  /** A secret of the tenant by its name; `undefined` when there is none. */
  readonly secret?: (name: string) => Promise<string | undefined>;
  /** Runs a registered function on an event. Rejects with what `CompiledTransformer` may throw. */
  readonly call?: (name: string, event: CloudEventObject) => Promise<StepResult>;
  /** Told what a step did, for whoever traces or tests a rule: paths, never values. */
  readonly report?: (touched: readonly string[]) => void;
}

export interface RuleName {
  readonly bus: string;
  readonly name: string;
}

/** Fuel is counted, never time: on Workers the clock stands still while code runs. A million steps take some 50 ms. */
export const defaultFuel = 1_000_000;

export function defineTransformer<Spec>(transformer: Transformer<Spec>): Transformer<Spec> {
  return transformer;
}

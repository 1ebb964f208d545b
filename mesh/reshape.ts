import { fromObject, toObject } from '../event/create.ts';
import type { Event } from '../event/event.ts';
import { isReplayed, withMarkOf } from '../event/replay-mark.ts';
import { hopsOf } from '../functions/compute/emitter.ts';
import { type CloudEventObject, defaultFuel } from '../functions/transform/define-transformer.ts';
import type { StepReport } from '../functions/transform/step.ts';
import type { CompiledRule } from './compiled-snapshot.ts';
import { stepsOf } from './compiled-steps.ts';
import type { PlannedEvent } from './envelope.ts';
import type { Credentials } from './connections/credentials.ts';
import type { Functions } from './functions/functions.ts';
import type { StepNote } from './ledger.ts';
import { createSeededRandom } from './seeded-random.ts';

/** Runs a rule's steps on an event: once, however many targets the rule has. Fails as `CompiledSteps.run`. */
export type Reshape = (rule: CompiledRule, planned: PlannedEvent) => Reshaped | Promise<Reshaped>;

export interface Reshaped {
  /** What is to be delivered; several where a step splits, `undefined` in the place of what one drops. */
  readonly events: readonly (Event | undefined)[];
  readonly notes: readonly StepNote[];
}

export function createReshape(credentials: Credentials, functions: Functions): Reshape {
  const done = new Map<CompiledRule, Map<PlannedEvent, Reshaped | Promise<Reshaped>>>();

  function run(rule: CompiledRule, { event, receipt, index }: PlannedEvent): Reshaped | Promise<Reshaped> {
    const notes: StepNote[] = [];
    // The time of acceptance and chance by the event's name, so that a retry makes the same event.
    const now = receipt.at;
    const random = createSeededRandom(`${receipt.id}/${index}/${rule.name}`);
    const left = stepsOf(rule).run(event, {
      now,
      random,
      fuel: defaultFuel,
      rule: { bus: rule.snapshot.bus, name: rule.name },
      secret: (name) => credentials.secretsOf(rule.snapshot).get(name),
      async call(name, object) {
        // Hops are counted from the event that was accepted: a step before may have taken the attribute away.
        const invocation = { now, random, hops: hopsOf(event) };
        const input = withMarkOf(event, fromObject(object));
        const events = await functions.call(rule.snapshot, name, input, invocation);
        return events.map((answer): CloudEventObject => toObject(answer));
      },
      trace: (report) => note(notes, report),
    });
    const toReshaped = (events: Awaited<typeof left>): Reshaped => ({
      events: isReplayed(event) ? events.map((made) => made && withMarkOf(event, made)) : events,
      notes,
    });
    return left instanceof Promise ? left.then(toReshaped) : toReshaped(left);
  }

  return (rule, planned) => {
    if (rule.steps.length === 0) return { events: [planned.event], notes: [] };
    if (rule.deliveries.length === 1) return run(rule, planned);
    let known = done.get(rule);
    if (known === undefined) {
      known = new Map();
      done.set(rule, known);
    }
    let result = known.get(planned);
    if (result === undefined) {
      result = run(rule, planned);
      known.set(planned, result);
    }
    return result;
  };
}

/** A step that did its work and touched nothing is not worth its bytes; nor is the same, said for each of many events. */
function note(notes: StepNote[], { step, kind, outcome, touched = [], reason }: StepReport): void {
  if (outcome === 'done' && touched.length === 0) return;
  const same = notes.find((known) => known.step === step && known.outcome === outcome);
  const paths = [...new Set([...(same?.touched ?? []), ...touched])];
  const entry: StepNote = {
    step,
    kind,
    outcome,
    ...(paths.length === 0 ? {} : { touched: paths }),
    ...(reason === undefined ? {} : { reason: same?.reason ?? reason }),
  };
  if (same === undefined) notes.push(entry);
  else notes[notes.indexOf(same)] = entry;
}

import type { Event } from '../event/event.ts';
import { defaultFuel } from '../functions/transform/define-transformer.ts';
import type { CompiledRule } from './compiled-snapshot.ts';
import type { PlannedEvent } from './envelope.ts';
import type { Runtime } from './ports.ts';

/** Runs a rule's steps on an event: once, however many targets the rule has. */
export type Reshape = (rule: CompiledRule, planned: PlannedEvent) => Event | Promise<Event>;

export function createReshape(runtime: Runtime): Reshape {
  const done = new Map<CompiledRule, Map<PlannedEvent, Event | Promise<Event>>>();

  return (rule, planned) => {
    // The time of acceptance, so that a retry makes the same event.
    const run = (): Event | Promise<Event> =>
      rule.steps().run(planned.event, { now: planned.receipt.at, random: runtime.random, fuel: defaultFuel });
    if (rule.deliveries.length === 1) return run();
    let events = done.get(rule);
    if (events === undefined) {
      events = new Map();
      done.set(rule, events);
    }
    const known = events.get(planned);
    if (known !== undefined) return known;
    const result = run();
    events.set(planned, result);
    return result;
  };
}

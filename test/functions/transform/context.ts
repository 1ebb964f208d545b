import { createCurrency } from '../../../examples/functions/currency.ts';
import { createTelemetryUnits } from '../../../examples/functions/telemetry-units.ts';
import { fromObject } from '../../../event/create.ts';
import { TulleError } from '../../../event/error.ts';
import type { Event } from '../../../event/event.ts';
import { type CloudEventObject, defaultFuel } from '../../../functions/transform/define-transformer.ts';
import { type Step, type StepsContext, compileSteps } from '../../../functions/transform/step.ts';
import { createBench } from '../compute/host.ts';

export const secrets: ReadonlyMap<string, string> = new Map([
  ['pii', 'a secret for tests and documents'],
  ['other', 'another secret of the same length'],
  ['short', '15 bytes, no mo'],
]);

export const context: StepsContext = {
  now: Date.UTC(2026, 10, 21, 12),
  random: () => 0.25,
  fuel: defaultFuel,
  secret: async (name) => secrets.get(name),
  async call(name, event) {
    const called = functions.find((candidate) => candidate.name === name);
    if (called === undefined) throw new TulleError('function_unavailable', `there is no function ${name} now`);
    return (await createBench().run(called, event)) as CloudEventObject[];
  },
};

/** What the step `compute` may call in tests and in the examples of its page. */
const functions = [
  createTelemetryUnits(),
  createCurrency({ asOf: '2026-11-20', rates: { EUR: '1', USD: '1.0853', JPY: '169.21' }, into: ['EUR', 'JPY'] }),
];

export function newEvent(changes: Record<string, unknown> = {}): Event {
  return fromObject({ specversion: '1.0', id: 'e1', source: '/shop', type: 'order.created', ...changes });
}

/** What the steps make of an event, as objects. */
export async function runSteps(steps: readonly Step[], event: Event, changes: Partial<StepsContext> = {}) {
  const after = await compileSteps(steps).run(event, { ...context, ...changes });
  return after.flatMap((left) => (left === undefined ? [] : [JSON.parse(left.json) as Record<string, unknown>]));
}

/** The one event that the steps make of an event. */
export async function runToEvent(steps: readonly Step[], event: Event): Promise<Event> {
  const [only, ...others] = await compileSteps(steps).run(event, context);
  if (only === undefined || others.length > 0) throw new Error(`the steps left ${only ? others.length + 1 : 0} events`);
  return only;
}

/** The same, as an object. */
export async function runToOne(steps: readonly Step[], event: Event, changes: Partial<StepsContext> = {}) {
  const [only, ...others] = await runSteps(steps, event, changes);
  if (only === undefined || others.length > 0) throw new Error(`the steps left ${only ? others.length + 1 : 0} events`);
  return only;
}

/** The error of compiling or running steps. */
export async function failureOf(
  steps: readonly Step[],
  event = newEvent({ data: {} }),
  changes: Partial<StepsContext> = {},
): Promise<TulleError> {
  try {
    await compileSteps(steps).run(event, { ...context, ...changes });
  } catch (error) {
    if (error instanceof TulleError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

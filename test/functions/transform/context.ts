import { fromObject } from '../../../event/create.ts';
import { TulleError } from '../../../event/error.ts';
import type { Event } from '../../../event/event.ts';
import { type StepContext, defaultFuel } from '../../../functions/transform/define-transformer.ts';
import { type Step, compileSteps } from '../../../functions/transform/step.ts';

export const context: StepContext = { now: Date.UTC(2026, 10, 21, 12), random: () => 0.25, fuel: defaultFuel };

export function newEvent(changes: Record<string, unknown> = {}): Event {
  return fromObject({ specversion: '1.0', id: 'e1', source: '/shop', type: 'order.created', ...changes });
}

/** What the steps make of an event, as an object. */
export async function runSteps(steps: readonly Step[], event: Event, changes: Partial<StepContext> = {}) {
  const after = await compileSteps(steps).run(event, { ...context, ...changes });
  return JSON.parse(after.json) as Record<string, unknown>;
}

/** The error of compiling or running steps. */
export async function failureOf(steps: readonly Step[], event = newEvent({ data: {} })): Promise<TulleError> {
  try {
    await compileSteps(steps).run(event, context);
  } catch (error) {
    if (error instanceof TulleError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

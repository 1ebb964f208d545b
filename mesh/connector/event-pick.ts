import { toObject } from '../../event/create.ts';
import type { Event } from '../../event/event.ts';
import { decodeEvent } from '../../functions/transform/event-object.ts';
import { numberText } from '../../functions/transform/exact-numbers.ts';
import { isObject, memberOf } from '../../functions/transform/json-value.ts';
import { compilePick } from './expression.ts';

/** Picks something out of an event; `undefined` where there is nothing. Throws TulleError `step_failed`. */
export type EventPick = (event: Event) => unknown;

/**
 * `subject`, `data.customer.name`: a plain path finds numbers as they were written (`JSON.stringify` writes them so again);
 * anything else is JSONata, whose numbers are JavaScript's.
 * @throws TulleError `resource_invalid` for what is no JSONata
 */
export function compileEventPick(expression: string, place: string): EventPick {
  if (/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(expression)) {
    const names = expression.split('.');
    return (event) => names.reduce<unknown>(member, exactObject(event));
  }
  const pick = compilePick(expression, place);
  return (event) => pick(toObject(event));
}

/** The payload with its numbers as they were written; `undefined` where it is no object. */
export function exactDataOf(event: Event): Readonly<Record<string, unknown>> | undefined {
  const { data } = exactObject(event);
  return isObject(data) ? data : undefined;
}

/** A number that was kept as it was written; `undefined` for every other value. */
export function numberTextOf(value: unknown): string | undefined {
  return numberText(value);
}

/** An event is asked for each of its columns. A cache. */
const decoded = new WeakMap<Event, Record<string, unknown>>();

function exactObject(event: Event): Record<string, unknown> {
  let object = decoded.get(event);
  if (object === undefined) {
    object = decodeEvent(event, 'all');
    decoded.set(event, object);
  }
  return object;
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? memberOf(value, name) : undefined;
}

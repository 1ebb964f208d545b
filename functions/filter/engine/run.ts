import { type Element, createElement } from './element-tree.ts';
import { type NumberReading, createNumberReading } from './number-reading.ts';
import type { Requirement } from './requirement.ts';
import type { ValueIndex } from './value-index.ts';

/**
 * What is known of the event at hand. There is one for an index; nothing in it is cleared between events, since
 * everything that an event marks carries the event's `epoch`.
 */
export interface Run {
  epoch: number;
  /** The number of the value at hand. */
  value: number;
  /** The value at hand lies in no array element that is itself an object or an array. */
  isPlain: boolean;
  /** Some value did not. */
  hasElements: boolean;
  readonly met: Requirement[];
  metCount: number;
  readonly seen: ValueIndex[];
  seenCount: number;
  /** The array elements around the place at hand that are themselves objects or arrays: how many, and the innermost. */
  elementDepth: number;
  element: Element | undefined;
  /** Conjunctions that need to know which elements those are; while there are none, they are only counted. */
  elementUses: number;
  arrays: number;
  /** What was spent on values in array elements (`agrees`). */
  looks: number;
  /** Questions about elements that were asked, in this event and before (`canChoose`). */
  questions: number;
  /** The number at hand. */
  readonly number: NumberReading;
}

export function createRun(): Run {
  return {
    epoch: 0,
    value: 0,
    isPlain: true,
    hasElements: false,
    met: [],
    metCount: 0,
    seen: [],
    seenCount: 0,
    elementDepth: 0,
    element: undefined,
    elementUses: 0,
    arrays: 0,
    looks: 0,
    questions: 0,
    number: createNumberReading(),
  };
}

export function beginRun(run: Run): void {
  run.epoch++;
  run.isPlain = true;
  run.hasElements = false;
  run.metCount = 0;
  run.seenCount = 0;
  run.elementDepth = 0;
  run.element = undefined;
  run.arrays = 0;
  run.looks = 0;
}

/** Goes into an element; the result is to be given back to `leaveElement`. */
export function enterElement(run: Run, array: number, index: number): Element | undefined {
  const outer = run.element;
  if (run.elementUses > 0) run.element = createElement(array, index, outer);
  run.elementDepth++;
  run.isPlain = false;
  return outer;
}

export function leaveElement(run: Run, outer: Element | undefined): void {
  run.element = outer;
  run.elementDepth--;
  run.isPlain = run.elementDepth === 0;
}

import type { NumberReading } from './number-reading.ts';
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
  /** The array elements around the place at hand: pairs of array number and index, `elementDepth` of them. */
  readonly path: number[];
  elementDepth: number;
  arrays: number;
  /** The number at hand. */
  number: NumberReading | undefined;
  /** A copy of `path`, one for all values of an element. */
  elements(): readonly number[];
}

export function createRun(): Run {
  let copy: readonly number[] = [];
  return {
    epoch: 0,
    value: 0,
    isPlain: true,
    hasElements: false,
    met: [],
    metCount: 0,
    seen: [],
    seenCount: 0,
    path: [],
    elementDepth: 0,
    arrays: 0,
    number: undefined,
    elements() {
      const { path, elementDepth } = this;
      const length = elementDepth * 2;
      let isSame = copy.length === length;
      for (let i = length - 1; isSame && i >= 0; i--) isSame = copy[i] === path[i];
      if (!isSame) copy = path.slice(0, length);
      return copy;
    },
  };
}

export function beginRun(run: Run): void {
  run.epoch++;
  run.isPlain = true;
  run.hasElements = false;
  run.metCount = 0;
  run.seenCount = 0;
  run.elementDepth = 0;
  run.arrays = 0;
}

export function enterElement(run: Run, array: number, index: number): void {
  run.path[run.elementDepth * 2] = array;
  run.path[run.elementDepth * 2 + 1] = index;
  run.elementDepth++;
  run.isPlain = false;
}

export function leaveElement(run: Run): void {
  run.elementDepth--;
  run.isPlain = run.elementDepth === 0;
}

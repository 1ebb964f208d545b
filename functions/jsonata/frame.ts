import type { Run } from './run.ts';
import type { Tuple } from './sequence.ts';

/** The variables of a block, of a call or of a tuple, and those around it. */
export interface Frame {
  readonly run: Run;
  readonly outer: Frame | undefined;
  /** May be shared with other frames as long as `isOwn` is not set. */
  names: readonly string[];
  readonly values: unknown[];
  isOwn: boolean;
}

/** `names` is not changed; `values` belongs to the frame from here on, and may be shorter. */
export function newFrame(run: Run, outer: Frame | undefined, names: readonly string[], values: unknown[]): Frame {
  return { run, outer, names, values, isOwn: false };
}

export function innerFrame(outer: Frame): Frame {
  return newFrame(outer.run, outer, [], []);
}

/** A frame with the variables of a tuple. */
export function tupleFrame(outer: Frame, tuple: Tuple): Frame {
  const names = Object.keys(tuple);
  outer.run.spend(names.length >> 2);
  return newFrame(
    outer.run,
    outer,
    names,
    names.map((name) => tuple[name]),
  );
}

export function bind(frame: Frame, name: string, value: unknown): void {
  frame.run.spend(frame.names.length >> 3);
  let place = frame.names.lastIndexOf(name);
  if (place === -1) {
    place = frame.names.length;
    if (frame.isOwn) (frame.names as string[]).push(name);
    else frame.names = [...frame.names, name];
    frame.isOwn = true;
  }
  frame.values[place] = value;
}

/** Frames have few names, so that looking through all of them is the fastest way; where they have many it is paid. */
export function valueOf(name: string, inside: Frame): unknown {
  const { run } = inside;
  let passed = 0;
  for (let frame: Frame | undefined = inside; frame !== undefined; frame = frame.outer) {
    const { names } = frame;
    for (let place = names.length - 1; place >= 0; place -= 1) {
      if (names[place] !== name) continue;
      run.spend((passed + names.length - place) >> 3);
      return frame.values[place];
    }
    passed += 1 + names.length;
  }
  run.spend(passed >> 3);
  return run.given(name);
}

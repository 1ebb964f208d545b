import type { Program } from './program.ts';

/**
 * Whether a text matches anywhere; `undefined` where this automaton cannot tell, because it would need too many states.
 */
export type Test = (text: string, spend: (steps: number) => void) => boolean | undefined;

/** Each takes about 1 KB. */
const mostStates = 100;
const asciiEnd = 128;

/** All the instructions that may read the next character, and what is known without reading it. */
interface State {
  readonly readers: readonly number[];
  readonly matches: boolean;
  readonly matchesAtEnd: boolean;
  /** By ASCII character, as far as they were met. */
  readonly next: (State | undefined)[];
}

/**
 * Makes a test that needs no captures, so that sets of instructions become the states of a deterministic automaton. They
 * are made when a text first leads to them and kept: from then on a character costs a look into a table.
 * `undefined` for what depends on the characters around (`\b`, and `^` and `$` with the `m` flag).
 */
export function createTest({ instructions }: Program, unicode: boolean): Test | undefined {
  const around = instructions.some(
    (instruction) => instruction.operation === 'assert' && instruction.test !== 'start' && instruction.test !== 'end',
  );
  if (around) return undefined;
  const states = new Map<string, State>();
  let first: State | undefined;

  /** The state behind some instructions. After the first character a match may still begin at each later one. */
  function stateOf(places: readonly number[], atStart: boolean): State | undefined {
    const seeds = [...places, 0];
    const { readers, matches } = follow(seeds, atStart, false);
    const matchesAtEnd = follow(seeds, atStart, true).matches;
    const key = `${readers.join()} ${matches} ${matchesAtEnd}`;
    let state = states.get(key);
    if (state === undefined && states.size < mostStates) {
      state = { readers, matches, matchesAtEnd, next: [] };
      states.set(key, state);
    }
    return state;
  }

  function follow(seeds: readonly number[], atStart: boolean, atEnd: boolean): { readers: number[]; matches: boolean } {
    const seen = new Set<number>();
    const readers: number[] = [];
    const pending = seeds.slice();
    let matches = false;
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      if (seen.has(place)) continue;
      seen.add(place);
      const instruction = instructions[place]!;
      if (instruction.operation === 'set') readers.push(place);
      else if (instruction.operation === 'match') matches = true;
      else if (instruction.operation === 'split') pending.push(instruction.first, instruction.second);
      else if (instruction.operation === 'jump') pending.push(instruction.to);
      else if (instruction.operation !== 'assert' || (instruction.test === 'start' ? atStart : atEnd)) {
        // An iteration that consumes nothing changes captures only, so `progress` need not be asked.
        pending.push(place + 1);
      }
    }
    return { readers: readers.sort((left, right) => left - right), matches };
  }

  function step(state: State, point: number): State | undefined {
    const places: number[] = [];
    for (const place of state.readers) {
      const instruction = instructions[place]!;
      if (instruction.operation === 'set' && instruction.accepts(point)) places.push(place + 1);
    }
    return stateOf(places, false);
  }

  return (text, spend) => {
    let state = (first ??= stateOf([], true));
    let made = 0;
    for (let at = 0; at < text.length && state !== undefined && !state.matches; at += 1) {
      if (state.readers.length === 0 && !state.matchesAtEnd) return false;
      let point = text.charCodeAt(at);
      let next = point < asciiEnd ? state.next[point] : undefined;
      if (next === undefined) {
        if (unicode && point >= asciiEnd) {
          point = text.codePointAt(at)!;
          if (point > 0xff_ff) at += 1;
        }
        next = step(state, point);
        made += instructions.length;
        if (next !== undefined && point < asciiEnd) state.next[point] = next;
      }
      state = next;
    }
    spend((text.length >> 3) + made);
    return state === undefined ? undefined : state.matches || state.matchesAtEnd;
  };
}

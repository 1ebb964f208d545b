import { splitWildcard } from '../values/wildcard.ts';
import { type TestNode, pass } from './requirement.ts';
import type { Run } from './run.ts';

/**
 * All wildcard patterns of a field as one automaton. Patterns with a common beginning share their states; the sets of
 * states that values really reach are kept as states of a second, deterministic automaton, so that a known value
 * costs one step a unit, however many patterns there are. Adding a pattern drops those sets, not the patterns.
 */
export interface WildcardAutomaton {
  readonly start: PatternState;
  states: number;
  size: number;
  /** Numbers the sets that were gathered, so that no state gets into one twice. */
  marks: number;
  reached: Map<string, ReachedState>;
  first: ReachedState | undefined;
}

interface PatternState {
  readonly id: number;
  /** A star: it stays where it is for any unit. */
  readonly isStar: boolean;
  /** Most states have one unit that goes on; only those with more pay for a map. */
  unit: number;
  next: PatternState | undefined;
  more: Map<number, PatternState> | undefined;
  star: PatternState | undefined;
  tests: readonly TestNode[];
  mark: number;
}

/** A set of pattern states; `next` by ASCII unit, `others` by any other. */
interface ReachedState {
  readonly states: readonly PatternState[];
  readonly tests: readonly TestNode[];
  readonly next: (ReachedState | undefined)[];
  readonly others: Map<number, ReachedState>;
}

/** So many sets are kept at a time: about 1 KB each. Hostile values make the automaton forget, not grow. */
const maxReachedStates = 1024;
/** Larger sets are not kept. */
const mostKeptStates = 64;

export function createWildcardAutomaton(): WildcardAutomaton {
  return { start: patternState(0, false), states: 1, size: 0, marks: 0, reached: new Map(), first: undefined };
}

export function addWildcard(automaton: WildcardAutomaton, pattern: string, test: TestNode): void {
  let state = automaton.start;
  for (const [i, part] of splitWildcard(pattern).entries()) {
    if (i > 0) state = state.star ??= patternState(automaton.states++, true);
    for (let j = 0; j < part.length; j++) {
      state = following(state, part.charCodeAt(j)) ?? grow(automaton, state, part.charCodeAt(j));
    }
  }
  state.tests = [...state.tests, test];
  automaton.size++;
  forget(automaton);
}

export function removeWildcard(automaton: WildcardAutomaton, pattern: string, test: TestNode): void {
  const way = wayOf(automaton, pattern);
  const last = way.at(-1);
  if (last === undefined) return;
  last.state.tests = last.state.tests.filter((one) => one !== test);
  // Back along the way, the states go that nothing needs any more.
  for (let i = way.length - 1; i > 0; i--) {
    const { state, unit } = way[i] as Reached;
    if (state.tests.length > 0 || state.next !== undefined || state.star !== undefined) break;
    cut((way[i - 1] as Reached).state, unit);
  }
  automaton.size--;
  forget(automaton);
}

export function findWildcards(run: Run, automaton: WildcardAutomaton, value: string): void {
  let reached = (automaton.first ??= firstReached(automaton));
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    const next = unit < 128 ? reached.next[unit] : reached.others.get(unit);
    if (next !== undefined) {
      reached = next;
    } else {
      const states = step(automaton, reached.states, unit);
      if (states.length > mostKeptStates) {
        passAll(run, walk(automaton, states, value, i + 1));
        return;
      }
      reached = keep(automaton, reached, unit, states);
    }
    if (reached.states.length === 0) return;
  }
  const { tests } = reached;
  for (let i = 0; i < tests.length; i++) pass(run, tests[i] as TestNode);
}

/** The rest of a value that is at too many places at once for its sets of states to come again. */
function walk(
  automaton: WildcardAutomaton,
  from: readonly PatternState[],
  value: string,
  start: number,
): readonly PatternState[] {
  let states = from;
  for (let i = start; i < value.length && states.length > 0; i++) states = step(automaton, states, value.charCodeAt(i));
  return states;
}

function passAll(run: Run, states: readonly PatternState[]): void {
  for (const { tests } of states) for (const test of tests) pass(run, test);
}

function step(automaton: WildcardAutomaton, from: readonly PatternState[], unit: number): PatternState[] {
  const states: PatternState[] = [];
  const mark = ++automaton.marks;
  for (let i = 0; i < from.length; i++) {
    const state = from[i] as PatternState;
    if (state.isStar) enter(state, mark, states);
    const next = following(state, unit);
    if (next !== undefined) enter(next, mark, states);
  }
  return states;
}

/** Behind a state that a star follows one is at the star, too. */
function enter(state: PatternState, mark: number, into: PatternState[]): void {
  for (let at: PatternState | undefined = state; at !== undefined && at.mark !== mark; at = at.star) {
    at.mark = mark;
    into.push(at);
  }
}

function keep(automaton: WildcardAutomaton, from: ReachedState, unit: number, states: PatternState[]): ReachedState {
  const to = reachedState(automaton, states);
  if (unit < 128) from.next[unit] = to;
  else if (from.others.size < maxReachedStates) from.others.set(unit, to);
  return to;
}

function reachedState(automaton: WildcardAutomaton, states: PatternState[]): ReachedState {
  const key = states
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .join();
  const known = automaton.reached.get(key);
  if (known !== undefined) return known;
  if (automaton.reached.size >= maxReachedStates) forget(automaton);
  const state: ReachedState = {
    states,
    tests: states.flatMap(({ tests }) => tests),
    next: Array<ReachedState | undefined>(128).fill(undefined),
    others: new Map(),
  };
  automaton.reached.set(key, state);
  return state;
}

function firstReached(automaton: WildcardAutomaton): ReachedState {
  const states: PatternState[] = [];
  enter(automaton.start, ++automaton.marks, states);
  return reachedState(automaton, states);
}

function forget(automaton: WildcardAutomaton): void {
  automaton.reached = new Map();
  automaton.first = undefined;
}

interface Reached {
  readonly state: PatternState;
  /** The unit that led here; `undefined` for a star. */
  readonly unit: number | undefined;
}

function wayOf({ start }: WildcardAutomaton, pattern: string): readonly Reached[] {
  const way: Reached[] = [{ state: start, unit: undefined }];
  let state: PatternState | undefined = start;
  for (const [i, part] of splitWildcard(pattern).entries()) {
    if (i > 0) {
      state = state.star;
      if (state === undefined) return [];
      way.push({ state, unit: undefined });
    }
    for (let j = 0; j < part.length; j++) {
      const unit = part.charCodeAt(j);
      state = following(state, unit);
      if (state === undefined) return [];
      way.push({ state, unit });
    }
  }
  return way;
}

function following(state: PatternState, unit: number): PatternState | undefined {
  return state.more === undefined ? (state.unit === unit ? state.next : undefined) : state.more.get(unit);
}

function grow(automaton: WildcardAutomaton, state: PatternState, unit: number): PatternState {
  const next = patternState(automaton.states++, false);
  if (state.next === undefined) {
    state.unit = unit;
    state.next = next;
  } else {
    state.more ??= new Map([[state.unit, state.next]]);
    state.more.set(unit, next);
  }
  return next;
}

function cut(state: PatternState, unit: number | undefined): void {
  if (unit === undefined) {
    state.star = undefined;
  } else if (state.more === undefined) {
    state.next = undefined;
  } else {
    state.more.delete(unit);
    if (state.more.size === 0) state.more = state.next = undefined;
  }
}

function patternState(id: number, isStar: boolean): PatternState {
  return { id, isStar, unit: -1, next: undefined, more: undefined, star: undefined, tests: noTests, mark: 0 };
}

const noTests: readonly TestNode[] = [];

import { type AddressIndex, findAddressTests } from './address-index.ts';
import type { Element } from './element-tree.ts';
import { type ExactIndex, createExactIndex, findExact } from './exact-index.ts';
import { type AffixTrie, findAffixes } from './affix-trie.ts';
import { type CaseIndex, findCaseTests } from './case-index.ts';
import { type NumberIndex, findNumberTests } from './number-index.ts';
import { numberText } from './number-reading.ts';
import { type Requirement, type TestNode, isSpent, pass } from './requirement.ts';
import type { Run } from './run.ts';
import { allMarks, markOf } from './string-mark.ts';
import { type WildcardAutomaton, findWildcards } from './wildcard-automaton.ts';

/** Everything that rules ask of one field. A value finds the tests that it passes; the others are not looked at. */
export interface ValueIndex {
  readonly path: string;
  /** By test, to find what rules share; without the exact strings. */
  readonly tests: Map<string, TestNode>;
  /** Requirements of several tests, or of one that is asked afterwards, by their tests. */
  readonly requirements: Map<string, Requirement>;
  /** All requirements, those of one positive test too, which are found at its node. */
  requirementCount: number;
  /** Requirements that are asked afterwards and start a conjunction. */
  readonly residuals: Requirement[];
  readonly exact: ExactIndex;
  readonly literals: Map<boolean | null, TestNode>;
  /** The marks of the strings that may pass a test, as bits (`marksOf`); those of tests that are gone stay. */
  marks: number;
  /** These are there only where a rule needs them. */
  prefixes: AffixTrie | undefined;
  suffixes: AffixTrie | undefined;
  cases: CaseIndex | undefined;
  wildcards: WildcardAutomaton | undefined;
  addresses: AddressIndex | undefined;
  numbers: NumberIndex | undefined;
  /** The event in which a value was last seen, and how many there were, in all and outside of array elements. */
  epoch: number;
  values: number;
  plainValues: number;
  /** Conjunctions in which array elements can make this field contradict another one. */
  elementUses: number;
  /** The scalars of the event at hand, where `elementUses` asks for them. */
  log: LoggedValue[];
}

export interface LoggedValue {
  readonly kind: 'string' | 'number' | 'literal';
  readonly value: string | boolean | null;
  readonly element: Element | undefined;
}

export function createValueIndex(path: string): ValueIndex {
  return {
    path,
    tests: new Map(),
    requirements: new Map(),
    requirementCount: 0,
    residuals: [],
    exact: createExactIndex(),
    literals: new Map(),
    marks: 0,
    prefixes: undefined,
    suffixes: undefined,
    cases: undefined,
    wildcards: undefined,
    addresses: undefined,
    numbers: undefined,
    epoch: 0,
    values: 0,
    plainValues: 0,
    elementUses: 0,
    log: [],
  };
}

/** Sees the string that is `text` from `start` to `end`; it is cut out only where it may pass a test. */
export function seeUnits(run: Run, index: ValueIndex, text: string, start: number, end: number): void {
  const { marks, elementUses } = index;
  const mayPass = marks === allMarks || ((marks >>> markOf(text, start, end)) & 1) === 1;
  if (mayPass || elementUses > 0) seeString(run, index, text.slice(start, end));
  else see(run, index);
}

export function seeString(run: Run, index: ValueIndex, value: string): void {
  see(run, index);
  if (index.elementUses > 0) log(run, index, 'string', value);
  const equal = findExact(index.exact, value);
  if (equal !== undefined) pass(run, equal);
  if (index.prefixes !== undefined) findAffixes(run, index.prefixes, value, value);
  if (index.suffixes !== undefined) findAffixes(run, index.suffixes, value, value);
  if (index.cases !== undefined) findCaseTests(run, index.cases, value);
  if (index.wildcards !== undefined) findWildcards(run, index.wildcards, value);
  if (index.addresses !== undefined) findAddressTests(run, index.addresses, value);
}

/** The number is `run.number`. */
export function seeNumber(run: Run, index: ValueIndex): void {
  see(run, index);
  if (index.elementUses > 0) log(run, index, 'number', numberText(run.number));
  if (index.numbers !== undefined) findNumberTests(run, index.numbers);
}

export function seeLiteral(run: Run, index: ValueIndex, value: boolean | null): void {
  see(run, index);
  if (index.elementUses > 0) log(run, index, 'literal', value);
  const equal = index.literals.size > 0 ? index.literals.get(value) : undefined;
  if (equal !== undefined && !isSpent(run, equal)) pass(run, equal);
}

function see(run: Run, index: ValueIndex): void {
  if (index.epoch !== run.epoch) {
    index.epoch = run.epoch;
    index.values = 0;
    index.plainValues = 0;
    if (index.log.length > 0) index.log = [];
    run.seen[run.seenCount++] = index;
  }
  run.value++;
  index.values++;
  if (run.isPlain) index.plainValues++;
  else run.hasElements = true;
}

function log(run: Run, index: ValueIndex, kind: LoggedValue['kind'], value: string | boolean | null): void {
  index.log.push({ kind, value, element: run.element });
}

import { describe, expect, it, vi } from 'vitest';
import { addAffix, createAffixTrie, findAffixes, removeAffix } from '../../../../functions/filter/engine/affix-trie.ts';
import { addExact, createExactIndex, findExact, removeExact } from '../../../../functions/filter/engine/exact-index.ts';
import type { TestNode } from '../../../../functions/filter/engine/requirement.ts';
import { createRun } from '../../../../functions/filter/engine/run.ts';
import {
  addWildcard,
  createWildcardAutomaton,
  findWildcards,
  removeWildcard,
} from '../../../../functions/filter/engine/wildcard-automaton.ts';
import { matchesWildcard, splitWildcard } from '../../../../functions/filter/values/wildcard.ts';

/** Nodes whose passing can be seen: the exclusion that each has counts the values. */
function nodeOf(): TestNode {
  const exclusion = { tests: [], epoch: 0, lastValue: 0, excluded: 0, excludedPlain: 0 };
  return {
    alone: undefined,
    requirements: [],
    exclusions: [exclusion],
    test: { op: 'exists' },
    pattern: undefined,
    isAscii: true,
    uses: 1,
  };
}

function createProbe() {
  const run = createRun();
  return {
    run,
    passed(nodes: ReadonlyMap<string, TestNode>, find: () => void): string[] {
      run.epoch++;
      run.value++;
      find();
      return [...nodes].filter(([, { exclusions }]) => exclusions[0]?.epoch === run.epoch).map(([key]) => key);
    },
  };
}

let state = 5;
const below = (n: number): number => (state = (state * 48_271) % 2_147_483_647) % n;
const word = (letters: string, longest: number): string =>
  Array.from({ length: below(longest + 1) }, () => letters[below(letters.length)]).join('');

describe('an affix trie', () => {
  it.each([false, true])('finds what comparing each finds (backwards: %s)', (isBackward) => {
    const probe = createProbe();
    const trie = createAffixTrie(isBackward);
    const nodes = new Map<string, TestNode>();
    for (let i = 0; i < 2000; i++) {
      const affix = word('ab', 6);
      const node = nodes.get(affix);
      if (node === undefined) {
        nodes.set(affix, nodeOf());
        addAffix(trie, affix, nodes.get(affix) as TestNode);
      } else {
        nodes.delete(affix);
        removeAffix(trie, affix, node);
        removeAffix(trie, affix, nodeOf());
      }
      const value = word('abc', 8);
      const expected = [...nodes.keys()].filter((one) => (isBackward ? value.endsWith(one) : value.startsWith(one)));
      expect(probe.passed(nodes, () => findAffixes(probe.run, trie, value, value))).toEqual(expected);
    }
    for (const [affix, node] of nodes) removeAffix(trie, affix, node);
    expect(trie.root.children.size).toBe(0);
    removeAffix(trie, 'not there', nodeOf());
  });
});

describe('a wildcard automaton', () => {
  it('finds what comparing each finds, while patterns come and go', () => {
    const probe = createProbe();
    const automaton = createWildcardAutomaton();
    const nodes = new Map<string, TestNode>();
    for (let i = 0; i < 1500; i++) {
      const pattern = word('ab*é', 7).replaceAll(/\*+/g, '*');
      const node = nodes.get(pattern);
      if (node === undefined) {
        nodes.set(pattern, nodeOf());
        addWildcard(automaton, pattern, nodes.get(pattern) as TestNode);
      } else {
        nodes.delete(pattern);
        removeWildcard(automaton, pattern, node);
      }
      for (let j = 0; j < 4; j++) {
        const value = word('abé', 9);
        const expected = [...nodes.keys()].filter((one) => matchesWildcard(value, splitWildcard(one)));
        expect(probe.passed(nodes, () => findWildcards(probe.run, automaton, value))).toEqual(expected);
      }
    }
    for (const [pattern, node] of nodes) removeWildcard(automaton, pattern, node);
    expect(automaton).toMatchObject({ size: 0, start: { next: undefined, more: undefined, star: undefined } });
    removeWildcard(automaton, 'not*there', nodeOf());
  });

  it('keeps no more sets of states than it may', () => {
    const automaton = createWildcardAutomaton();
    for (let i = 0; i < 12; i++) addWildcard(automaton, `*${'ab'[i % 2]}${word('ab', 12)}*`, nodeOf());
    const run = createRun();
    for (let i = 0; i < 3000; i++) {
      findWildcards(run, automaton, word('ab', 60));
      expect(automaton.reached.size).toBeLessThanOrEqual(1024);
    }
  });
});

describe('an exact index', () => {
  it('finds what a map finds, while strings come and go', () => {
    const index = createExactIndex();
    const nodes = new Map<string, TestNode>();
    for (let i = 0; i < 20_000; i++) {
      const value = `${below(12_000)}${below(4) === 0 ? 'x'.repeat(below(70)) : ''}`;
      if (below(4) === 0) {
        nodes.delete(value);
        removeExact(index, value);
      } else if (!nodes.has(value)) {
        nodes.set(value, nodeOf());
        addExact(index, value, nodes.get(value) as TestNode);
      }
      for (const probe of [value, `${below(12_000)}`, `${below(12_000)}é`])
        expect(findExact(index, probe)).toBe(nodes.get(probe));
    }
    expect(index.bits.length).toBeGreaterThan(0);
    for (const value of nodes.keys()) removeExact(index, value);
    expect(index).toMatchObject({ bits: { length: 0 } });
  });

  it('tells nearly all other strings without a look-up', () => {
    const index = createExactIndex();
    for (let i = 0; i < 10_000; i++) addExact(index, `lot-${i * 7}`, nodeOf());
    const lookUp = vi.spyOn(index.nodes, 'get');
    for (let i = 0; i < 10_000; i++) expect(findExact(index, `lot-${i * 7 + 3}`)).toBeUndefined();
    expect(lookUp.mock.calls.length).toBeLessThan(1500);
    expect(index.bits.length * 32).toBeLessThan(10_000 * 40);
  });
});

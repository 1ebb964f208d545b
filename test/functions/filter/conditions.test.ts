import { describe, expect, it } from 'vitest';
import type { Condition, PredicateCondition } from '../../../functions/filter/condition.ts';
import { defineFilter } from '../../../functions/filter/define-filter.ts';
import { evaluate, evaluatedText } from '../../../functions/filter/evaluate.ts';
import { compilePattern } from '../../../functions/filter/event-pattern/pattern.ts';
import { createRuleIndex } from '../../../functions/filter/rule-index.ts';
import { createGenerator } from './random-patterns.ts';

/** A language whose expressions are conditions. */
const conditions = defineFilter<Condition>({
  language: 'condition',
  schema: {},
  description: 'The condition itself.',
  compile: (condition) => condition,
});

function createConditionIndex() {
  const index = createRuleIndex<number>([conditions]);
  return { ...index, add: (id: number, condition: Condition) => index.add(id, { condition } as never) };
}

function reads(path: string, test: (value: unknown) => boolean): PredicateCondition {
  return { kind: 'predicate', fields: [path], test: (event) => test(event.get(path)), explain: () => [] };
}

const rounds = Math.min(20_000, Number(process.env.TULLE_PROPERTY_ROUNDS ?? 800));

describe('conditions in the index', () => {
  it('answer as the evaluator does, on random trees', { timeout: 3_600_000 }, () => {
    for (let seed = 1; seed <= rounds; seed++) tryTrees(seed);
  });

  it('hold or not without any part', () => {
    const index = createConditionIndex();
    index.add(1, { kind: 'all', of: [] });
    index.add(2, { kind: 'any', of: [] });
    index.add(3, { kind: 'not', of: { kind: 'any', of: [] } });
    index.add(4, { kind: 'fields', fields: [] });
    index.add(5, { kind: 'any', of: [{ kind: 'fields', fields: [] }, compilePattern({ a: [1] })] });
    expect(index.match('{}')).toEqual([1, 3, 4, 5]);
    for (const id of [1, 2, 3, 4, 5]) expect(index.remove(id)).toBe(true);
    expect(index.match('{}')).toEqual([]);
  });

  it('take the fields of a conjunction in any order', () => {
    const index = createConditionIndex();
    const b = { path: 'a.b', any: [{ op: 'equals', value: 'x' }] } as const;
    const c = { path: 'a.c', any: [{ op: 'absent' }] } as const;
    index.add(1, { kind: 'fields', fields: [b, c] });
    index.add(2, { kind: 'fields', fields: [c, b] });
    const text = '{"a":[{"b":"x"},{"c":1}]}';
    expect(index.match(text)).toEqual([1, 2]);
    for (const fields of [
      [b, c],
      [c, b],
    ]) {
      expect(evaluate({ kind: 'fields', fields }, evaluatedText(text))).toBe(true);
      expect(evaluate({ kind: 'fields', fields }, evaluatedText('{"a":[{"b":"x","c":1},{}]}'))).toBe(false);
    }
  });

  it('ask a predicate only when what else the rule needs is there', () => {
    const index = createConditionIndex();
    let asked = 0;
    const predicate = reads('b', () => ++asked > 0);
    index.add(1, { kind: 'all', of: [predicate, compilePattern({ a: [1] })] });
    expect(index.match('{"a":2,"b":1}')).toEqual([]);
    expect(asked).toBe(0);
    expect(index.match('{"a":1,"b":1}')).toEqual([1]);
    expect(asked).toBe(1);
  });

  it('give a predicate what it named, and the whole event once', () => {
    const index = createConditionIndex();
    const seen: unknown[] = [];
    index.add(1, { ...reads('data.x', (value) => seen.push(value) > 0) });
    index.add(2, {
      kind: 'predicate',
      test: (event) => event.value() === event.value() && seen.push(event.value()) > 0,
      explain: () => [],
    });
    index.match('{"data":{"x":{"y":[1,"\\u0061"]}},"data":{"x":2}}');
    index.match('{"a":1}', { mode: 'trusted' });
    index.matchObject({ data: { x: 'z' } });
    expect(seen).toEqual([{ y: [1, 'a'] }, { data: { x: 2 } }, undefined, { a: 1 }, 'z', { data: { x: 'z' } }]);
  });

  it('forget the fields of a predicate that is gone', () => {
    const index = createConditionIndex();
    index.add(
      1,
      reads('a', (value) => value === 1),
    );
    index.add(
      2,
      reads('a', (value) => value === 1),
    );
    index.remove(1);
    expect(index.match('{"a":1}', { mode: 'trusted' })).toEqual([2]);
    index.remove(2);
    expect(index.match('{"a":', { mode: 'trusted' })).toEqual([]);
  });
});

function tryTrees(seed: number): void {
  const generator = createGenerator(seed);
  const { below, chance } = generator;
  const names = ['a', 'b', 'c', 'a.b', 'b.c', 'x-y'];

  function tree(depth: number): Condition {
    const kind = below(depth > 2 ? 4 : 8);
    if (kind < 2) return compilePattern(generator.pattern());
    if (kind < 3) {
      const path = names[below(names.length)] ?? 'a';
      return reads(path, (value) => value === undefined || typeof value === 'string');
    }
    if (kind < 4)
      return { kind: 'predicate', test: (event) => JSON.stringify(event.value()).length % 2 === 0, explain: () => [] };
    if (kind < 5) return { kind: 'not', of: tree(depth + 1) };
    const of = Array.from({ length: below(4) }, () => tree(depth + 1));
    return { kind: chance(0.5) ? 'all' : 'any', of };
  }

  const index = createConditionIndex();
  const trees = new Map<number, Condition>();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 4; i++) {
      const id = below(6);
      trees.set(id, tree(0));
      index.add(id, trees.get(id) as Condition);
    }
    const gone = below(6);
    expect(index.remove(gone)).toBe(trees.delete(gone));
    const repeats = chance(0.3);
    const text = generator.text(generator.event(repeats));
    const event = evaluatedText(text);
    const expected = [...trees].filter(([, condition]) => evaluate(condition, event)).map(([id]) => id);
    const answers = [index.match(text), repeats ? undefined : index.match(text, { mode: 'trusted' })];
    for (const answer of answers) {
      if (answer === undefined || sorted(answer) === sorted(expected)) continue;
      expect.fail(
        `seed ${seed}: expected ${sorted(expected)}, got ${sorted(answer)}\n${text}\n${JSON.stringify([...trees])}`,
      );
    }
  }
}

function sorted(ids: readonly number[]): string {
  return ids.toSorted((a, b) => a - b).join();
}
